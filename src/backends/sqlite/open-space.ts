import type { ChangedWrite, Position } from "../backend.js";
import { addChanges, trimChanges, type LoggedCommit, type Retention } from "./change-rows.js";
import { findNamespace, type NamespaceRow } from "./namespace-row.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { StoreClock } from "./store-clock.js";
import { StoredEntries } from "./stored-entries.js";

const NEXT_ID = "UPDATE counters SET value = value + 1 WHERE name = 'ids' RETURNING value";
const SAVE = `INSERT INTO namespaces (name, id, gen, ordinal, now, written, tip) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET id = excluded.id, gen = excluded.gen, ordinal = excluded.ordinal, now = excluded.now,
    written = excluded.written, tip = excluded.tip`;
const DROP = "INSERT INTO dropped (gen) VALUES (?)";

/** No entries have this generation. */
const NOWHERE = -1;

/** A namespace inside one write transaction: where it stood, and what the transaction adds to it. */
export class OpenSpace {
  readonly name: string;
  /** The moment of all commits of the transaction here: never below that of the last before it. */
  readonly now: number;
  entries: StoredEntries;
  readonly #connection: SqliteConnection;
  readonly #before: NamespaceRow | undefined;
  #id: number | undefined;
  #gen: number | undefined;
  readonly #commits: LoggedCommit[] = [];

  constructor(connection: SqliteConnection, name: string, clock: StoreClock) {
    this.name = name;
    this.#connection = connection;
    this.#before = findNamespace(connection, name);
    this.#id = this.#before?.id;
    this.#gen = this.#before?.gen;
    this.now = clock.now(this.#before?.now);
    this.entries = new StoredEntries(connection, name, this.gen);
  }

  /** Names it in the table of entries. */
  get gen(): number {
    return this.#gen ?? NOWHERE;
  }

  get position(): Position {
    const last = this.#commits.at(-1);
    const ordinal = (this.#before?.position.ordinal ?? 0) + this.#commits.length;
    return { ordinal, id: last?.id ?? this.#before?.position.id ?? "" };
  }

  /** To be called before anything is written. */
  prepareWriting(): void {
    this.#id ??= this.#connection.number(NEXT_ID);
    if (this.#gen === undefined) this.#moveTo(this.#connection.number(NEXT_ID));
  }

  /** Leaves all entries behind at once; sweeping removes them. */
  empty(): void {
    this.#connection.run(DROP, [this.gen]);
    this.#moveTo(this.#connection.number(NEXT_ID));
  }

  note(id: string, writes: readonly ChangedWrite[]): Position {
    this.#commits.push({ id, writes });
    return this.position;
  }

  /** Writes down what was noted. */
  finish(kept: Retention): void {
    if (this.#commits.length === 0) return;
    const start = {
      id: this.#id as number,
      position: this.#before?.position ?? { ordinal: 0, id: "" },
      written: this.#before?.written ?? 0,
    };
    const end = addChanges(this.#connection, start, this.now, this.#commits);
    const { ordinal, id } = end.position;
    this.#connection.run(SAVE, [
      this.name,
      end.id,
      this.gen,
      ordinal,
      this.now,
      end.written,
      Buffer.from(id),
    ]);
    trimChanges(this.#connection, end, this.now, kept);
  }

  #moveTo(gen: number): void {
    this.#gen = gen;
    this.entries = new StoredEntries(this.#connection, this.name, gen);
  }
}
