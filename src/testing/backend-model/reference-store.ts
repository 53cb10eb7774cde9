import type { Check, Expiry, KeyOnly, RangeCheck, Write } from "../../backends/backend.js";
import type { EntryType } from "../../core/entry.js";
import { compareKeys, isHead, type StoredKey } from "../../core/key.js";
import { DigestSum, type Digest, type EntryHash } from "../../core/range-digest.js";
import { inRange, type KeyRange } from "../../core/range.js";
import type { Version } from "../../core/version.js";

export interface ReferenceEntry {
  readonly key: StoredKey;
  readonly version: Version;
  readonly type: EntryType;
  readonly data: string;
  readonly expiresAt: number | undefined;
}

/** What a commit did, by the reference. */
export interface ReferenceOutcome {
  readonly replaced: readonly (Version | undefined)[];
  readonly removed: number;
}

/**
 * One namespace as the contract describes it, in the plainest way: a Map that is sorted for every look. It has no
 * clock: each answer of the backend under test says at what moment it was true.
 */
export class ReferenceStore {
  readonly #entries = new Map<StoredKey, ReferenceEntry>();

  get(key: StoredKey, now: number): ReferenceEntry | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || (entry.expiresAt ?? Infinity) <= now ? undefined : entry;
  }

  list(range: KeyRange, now: number): ReferenceEntry[] {
    const live = [...this.#entries.values()].filter(({ key }) => inRange(key, range) && this.get(key, now));
    return live.sort((a, b) => compareKeys(a.key, b.key));
  }

  keys(range: KeyRange, now: number): KeyOnly[] {
    return this.list(range, now).map(({ key }) => ({ key }));
  }

  digest(range: KeyRange, now: number, hash: EntryHash): { count: number; digest: Digest } {
    const sum = new DigestSum(hash);
    for (const { key, version } of this.list(range, now)) sum.add(key, version);
    return { count: sum.count, digest: sum.digest };
  }

  holds({ key, version }: Check, now: number): boolean {
    return (this.get(key, now)?.version ?? null) === version;
  }

  rangeHolds({ range, count, digest }: RangeCheck, now: number, hash: EntryHash): boolean {
    const current = this.digest(range, now, hash);
    return current.count === count && current.digest.hi === digest.hi && current.digest.lo === digest.lo;
  }

  apply(writes: readonly Write[], version: Version, now: number): ReferenceOutcome {
    const replaced: (Version | undefined)[] = [];
    let removed = 0;
    for (const write of writes) {
      if (write.kind === "delete-range") {
        removed += this.#drop(write.range, now);
        replaced.push(undefined);
      } else {
        replaced.push(this.get(write.key, now)?.version);
        this.#write(write, version, now);
      }
    }
    return { replaced, removed };
  }

  #write(write: Exclude<Write, { kind: "delete-range" }>, version: Version, now: number): void {
    if (write.kind === "delete") {
      this.#entries.delete(write.key);
      return;
    }
    const { key, type } = write;
    const expiresAt = deadline(write.expiry, now);
    this.#entries.set(key, { key, version, type, data: String(write.data), expiresAt });
  }

  #drop(range: KeyRange, now: number): number {
    const dropped = this.list(range, now);
    for (const key of [...this.#entries.keys()]) if (inRange(key, range)) this.#entries.delete(key);
    return dropped.filter(({ key }) => isHead(key)).length;
  }
}

function deadline(expiry: Expiry, now: number): number | undefined {
  if (expiry === undefined) return undefined;
  return "in" in expiry ? now + expiry.in : expiry.at;
}
