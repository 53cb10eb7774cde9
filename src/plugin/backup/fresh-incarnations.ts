import { createHash, randomBytes } from "node:crypto";
import { StorageFault } from "../../core/errors.js";
import { itemKey, itemRange, placeOfItem } from "../../core/incarnation.js";
import type { StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";
import { incarnationOf } from "./backup-record.js";

const INCARNATION_BYTES = 16;

/**
 * Gives each structure of a backup a new incarnation, always the same one during a restore. Under the old one somebody may
 * still be about to remove the items of a structure that the restore has just replaced.
 */
export class FreshIncarnations {
  readonly #salt = randomBytes(INCARNATION_BYTES);

  of(incarnation: string): string {
    const hash = createHash("sha256").update(this.#salt).update(incarnation).digest();
    return hash.subarray(0, INCARNATION_BYTES).toString("base64url");
  }

  /** The stored key in the restored namespace. */
  key(key: StoredKey): StoredKey {
    const incarnation = incarnationOf(key);
    return incarnation === undefined ? key : this.#moved(key, incarnation);
  }

  /**
   * The range in the restored namespace: within one structure, or over whole kinds of keys.
   *
   * @throws StorageFault `decode` when it ends inside a structure that it does not begin in.
   */
  range(range: KeyRange): KeyRange {
    const incarnation = incarnationOf(range.start);
    if (incarnation === undefined) {
      if (range.end !== undefined && incarnationOf(range.end) !== undefined) throw acrossStructures();
      return range;
    }
    const start = this.#moved(range.start, incarnation);
    const isOpen = range.end === itemRange(incarnation).end;
    if (isOpen) return { ...itemRange(this.of(incarnation)), start };
    if (range.end === undefined || incarnationOf(range.end) !== incarnation) throw acrossStructures();
    return { start, end: this.#moved(range.end, incarnation) };
  }

  #moved(key: StoredKey, incarnation: string): StoredKey {
    return itemKey(this.of(incarnation), placeOfItem(key));
  }
}

function acrossStructures(): StorageFault {
  return new StorageFault(
    "decode",
    "the backup removes a range of items over several structures; take another backup",
  );
}
