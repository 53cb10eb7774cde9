import { StorageFault } from "../../core/errors.js";
import type { Breather } from "../files/breather.js";
import type { LmdbRoot } from "./lmdb-driver.js";
import type { Tables } from "./lmdb-view.js";

const FORMAT = 1;
const FORMAT_KEY = "format";
const MOVED_KEY = "moved";
/** Names removed between two looks at the clock. */
const REMOVED_AT_ONCE = 256;

/** The table by which a store of ours is known. */
export const FACTS = "holdfast";

/** @throws StorageFault `foreign` when the file holds something, but no store of ours. */
export function refuseForeign(root: LmdbRoot, path: string): void {
  // lmdb-js ends the names of tables with U+0000, other bindings do not.
  const names = [...root.getKeys({ start: "", end: Buffer.from([0xff]) })];
  if (names.length === 0 || names.some((name) => name === FACTS || name === `${FACTS}\0`)) return;
  throw new StorageFault(
    "foreign",
    `${path} is the LMDB file of another program; give another path; nothing was changed`,
  );
}

/** @throws StorageFault `newer-format` when a later version has written the store, `checksum` when its mark is damaged. */
export function checkFormat({ facts }: Pick<Tables, "facts">, path: string): void {
  const format = Number(facts.getBinary(FORMAT_KEY)?.toString());
  if (format === FORMAT) return;
  const reason = format > FORMAT ? "newer-format" : "checksum";
  const said = Number.isSafeInteger(format) ? `has format ${format}` : "has a damaged mark of its format";
  throw new StorageFault(reason, `the store in ${path} ${said}; this version reads up to ${FORMAT}`);
}

/** Whether a store is marked, so that it is not a new one. */
export function isMarked({ facts }: Pick<Tables, "facts">): boolean {
  return facts.getBinary(FORMAT_KEY) !== undefined;
}

/** Inside a write transaction: from its commit on there is a store of ours. */
export function mark({ facts }: Pick<Tables, "facts">): void {
  facts.put(FORMAT_KEY, Buffer.from(String(FORMAT)));
}

/** Whether the store has moved to the next generation: then nothing here counts any more. */
export function hasMoved({ facts }: Pick<Tables, "facts">): boolean {
  return facts.getBinary(MOVED_KEY) !== undefined;
}

/** Inside a write transaction: from its commit on the next generation counts. */
export async function markMoved({ facts, spaces }: Tables, breather: Breather): Promise<void> {
  facts.put(MOVED_KEY, Buffer.from("1"));
  // Readers look at a namespace first; those that find none look whether the store has moved.
  for (;;) {
    const places = [...spaces.getKeys({ start: "", end: Buffer.from([0xff]), limit: REMOVED_AT_ONCE })];
    for (const place of places) spaces.remove(place);
    if (places.length < REMOVED_AT_ONCE) return;
    if (breather.isDue) await breather.breathe();
  }
}
