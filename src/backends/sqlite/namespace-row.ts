import type { Position } from "../backend.js";
import { textOf } from "./entry-row.js";
import type { SqliteConnection } from "./sqlite-connection.js";

/** What the database says of a namespace. */
export interface NamespaceRow {
  /** Names it in `changes`. */
  readonly id: number;
  /** Names it in `entries`; another one each time it is emptied. */
  readonly gen: number;
  readonly position: Position;
  /** The clock at its last commit. */
  readonly now: number;
  /** How many writes it ever logged. */
  readonly written: number;
}

/** Undefined when nothing was ever written there. */
export function findNamespace(connection: SqliteConnection, name: string): NamespaceRow | undefined {
  const row = connection.get("SELECT id, gen, ordinal, now, written, tip FROM namespaces WHERE name = ?", [
    name,
  ]);
  if (row === undefined) return undefined;
  const [id, gen, ordinal, now, written, tip] = row as [number, number, number, number, number, Uint8Array];
  return { id, gen, position: { ordinal, id: textOf(tip) }, now, written };
}
