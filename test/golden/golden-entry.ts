import type { Position } from "../../src/backends/backend.js";
import type { StoredEntry } from "../../src/core/entry.js";

/** What the stores of a released format hold, by namespace. */
export interface GoldenContent {
  readonly [namespace: string]: { readonly position: Position; readonly entries: readonly unknown[] };
}

/** An entry as it stands in expected.json. */
export function goldenEntry(entry: StoredEntry): unknown {
  const { key, version, type, codec, data, expiresAt, incarnation } = entry;
  const shown = typeof data === "string" ? data : { base64: Buffer.from(data).toString("base64") };
  const optional = {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(incarnation !== undefined && { incarnation }),
  };
  return { key, version, type, codec, data: shown, ...optional };
}
