import { crc32 } from "node:zlib";
import { sealEnvelope } from "../../core/envelope.js";
import type { EntryType } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { hashEntry, type Digest } from "../../core/range-digest.js";
import type { KeyRange } from "../../core/range.js";
import type { Version } from "../../core/version.js";
import type { Batch, Check, Put, RangeCheck, Write } from "../backend.js";
import { batchesByNamespace } from "../local/commit-chunks.js";
import { ByteBuilder } from "./byte-builder.js";
import { encodeExpiries, encodeRecord } from "./change-record.js";
import type { ExpiredRow } from "./log-row.js";

/**
 * Several batches as a server's function takes them: one buffer with every key, value and record, and columns of
 * numbers that say where in it they stand (`at` from 1) and to which batch they belong. Batches, namespaces, checks,
 * ranges and writes are numbered from 0.
 *
 * The function carries a plan out in one transaction, in these steps, every one a statement of its own with a snapshot
 * taken after the locks (a statement that locks and checks at once passes stale checks; `now()` is the transaction's
 * start):
 *
 * 1. Takes `locks`, in their order, waiting no longer than the call's deadline.
 * 2. Reads the clock, once.
 * 3. Then for each namespace: reads the last row of its log; its time is the later one of the clock and that row's.
 * 4. Compares all checks, then all ranges (count and sum of the stored hashes, modulo 2^64), of live entries only. Each
 *    that does not hold makes an answer, and its batch does nothing more. With `sweep` the checks are of expired entries
 *    only.
 * 5. Carries out the range deletes and counts the live heads they remove. One that covers a whole large namespace moves
 *    the namespace to its next generation instead, and leaves the rows of the old one to `reclaim`.
 * 6. Answers with the live entries that puts and deletes meet, deletes, and puts.
 * 7. Forgets old rows of the log, in bounded slices, at most `retention.count` or `retention.ageMs` back.
 * 8. Adds a row to the log for each batch that has a record, with consecutive ordinals and the id before it.
 * 9. Signals the namespace to whoever listens.
 */
export interface CommitPlan {
  readonly data: Uint8Array;
  /** The names of the namespaces' locks: ascending, each once; two namespaces may share one. */
  readonly locks: readonly number[];
  readonly sweep: boolean;
  readonly namespaces: NamespaceColumns;
  readonly batches: BatchColumns;
  readonly checks: CheckColumns;
  readonly ranges: RangeColumns;
  readonly drops: DropColumns;
  readonly writes: WriteColumns;
}

/** Where a piece of `data` stands. */
interface PlaceColumns {
  readonly at: number[];
  readonly length: number[];
}

/** The other columns are sorted by namespace: those of namespace n end before `batchEnd[n]`, `checkEnd[n]`, … */
export interface NamespaceColumns extends PlaceColumns {
  readonly name: string[];
  readonly batchEnd: number[];
  readonly checkEnd: number[];
  readonly rangeEnd: number[];
  readonly dropEnd: number[];
  readonly writeEnd: number[];
}

/** The place is that of the record; a length of 0: the batch writes nothing and makes no row in the log. */
export interface BatchColumns extends PlaceColumns {
  readonly id: Version[];
}

/** `batch`: of which batch; `item`: the how manieth of its checks, ranges or writes. */
interface ItemColumns extends PlaceColumns {
  readonly batch: number[];
  readonly item: number[];
}

export interface CheckColumns extends ItemColumns {
  /** null: the key is absent. */
  readonly version: (Version | null)[];
}

/** The end of an unbounded range is the byte 0xff, which no UTF-8 holds. */
export interface RangeColumns extends ItemColumns {
  readonly endAt: number[];
  readonly endLength: number[];
  readonly count: number[];
  /** The sum of hashes as a signed 64-bit number in decimals. */
  readonly digest: string[];
}

export interface DropColumns extends ItemColumns {
  readonly endAt: number[];
  readonly endLength: number[];
}

/** Puts, and deletes, whose `valueAt` is null. */
export interface WriteColumns extends ItemColumns {
  readonly valueAt: (number | null)[];
  readonly valueLength: number[];
  readonly type: EntryType[];
  readonly incarnation: (string | null)[];
  /** The hash of key and version as a signed 64-bit number in decimals. */
  readonly hash: string[];
  /** Milliseconds after the commit. */
  readonly expiresIn: (number | null)[];
  /** A moment of the server's clock. */
  readonly expiresAt: (number | null)[];
}

/** What stands for the end of an unbounded range. */
export const RANGE_END = Uint8Array.of(0xff);

/** One number that stands for a namespace among the locks of a store, a signed 32-bit integer. */
export function namespaceLock(namespace: string): number {
  return crc32(namespace) | 0;
}

/** A plan of batches, which must stand together by namespace (see {@link byNamespace}). */
export function planCommit(batches: readonly Batch[]): CommitPlan {
  const builder = new PlanBuilder();
  for (const batch of batches) {
    builder.begin(batch.namespace, batch.id, batch.writes.length === 0 ? "" : encodeRecord(batch.writes));
    batch.checks.forEach((check, i) => builder.check(check, i));
    batch.ranges.forEach((range, i) => builder.range(range, i));
    batch.writes.forEach((write, i) => builder.write(write, i));
  }
  return builder.finish(false);
}

/** A plan that deletes expired entries and records it, provided they are still the same ones. */
export function planSweep(groups: readonly { readonly id: Version; readonly rows: readonly ExpiredRow[] }[]) {
  const builder = new PlanBuilder();
  for (const { id, rows } of groups) {
    builder.begin((rows[0] as ExpiredRow).namespace, id, encodeExpiries(rows));
    rows.forEach(({ key, version }, i) => {
      builder.check({ key, version }, i);
      builder.write({ kind: "delete", key }, i);
    });
  }
  return builder.finish(true);
}

/** The batches of one namespace side by side, otherwise in their order. */
export function byNamespace(batches: readonly Batch[]): readonly Batch[] {
  if (batches.every(({ namespace }) => namespace === batches[0]?.namespace)) return batches;
  return [...batchesByNamespace(batches).values()].flat();
}

class PlanBuilder {
  readonly #data = new ByteBuilder();
  readonly #hash = new Uint32Array(2);
  readonly #endAt: number;
  readonly namespaces: NamespaceColumns = {
    name: [],
    at: [],
    length: [],
    batchEnd: [],
    checkEnd: [],
    rangeEnd: [],
    dropEnd: [],
    writeEnd: [],
  };
  readonly batches: BatchColumns = { id: [], at: [], length: [] };
  readonly checks: CheckColumns = { batch: [], item: [], at: [], length: [], version: [] };
  readonly drops: DropColumns = { batch: [], item: [], at: [], length: [], endAt: [], endLength: [] };
  readonly ranges: RangeColumns = {
    batch: [],
    item: [],
    at: [],
    length: [],
    endAt: [],
    endLength: [],
    count: [],
    digest: [],
  };
  readonly writes: WriteColumns = {
    batch: [],
    item: [],
    at: [],
    length: [],
    valueAt: [],
    valueLength: [],
    type: [],
    incarnation: [],
    hash: [],
    expiresIn: [],
    expiresAt: [],
  };

  constructor() {
    this.#endAt = this.#data.nextAt;
    this.#data.bytes(RANGE_END);
  }

  begin(namespace: string, id: Version, record: string): void {
    const { name } = this.namespaces;
    if (name.length === 0 || name.at(-1) !== namespace) {
      if (name.length > 0) this.#endNamespace();
      name.push(namespace);
      this.#place(this.namespaces, namespace);
    }
    this.batches.id.push(id);
    this.#place(this.batches, record);
  }

  check({ key, version }: Check, item: number): void {
    this.#item(this.checks, key, item);
    this.checks.version.push(version);
  }

  range({ range, count, digest }: RangeCheck, item: number): void {
    this.#item(this.ranges, range.start, item);
    this.#end(this.ranges, range);
    this.ranges.count.push(count);
    this.ranges.digest.push(signed(digest));
  }

  write(write: Write, item: number): void {
    if (write.kind === "delete-range") {
      this.#item(this.drops, write.range.start, item);
      this.#end(this.drops, write.range);
      return;
    }
    this.#item(this.writes, write.key, item);
    if (write.kind === "put") this.#put(write);
    else this.#delete();
  }

  finish(sweep: boolean): CommitPlan {
    this.#endNamespace();
    const { namespaces, batches, checks, ranges, drops, writes } = this;
    const locks = [...new Set(namespaces.name.map(namespaceLock))].sort((a, b) => a - b);
    return { data: this.#data.finish(), locks, sweep, namespaces, batches, checks, ranges, drops, writes };
  }

  #put(put: Put): void {
    const namespace = this.namespaces.name.at(-1) as string;
    const version = this.batches.id.at(-1) as Version;
    const { expiry } = put;
    hashEntry(put.key, version, this.#hash);
    const { writes } = this;
    writes.valueAt.push(this.#data.nextAt);
    writes.valueLength.push(this.#data.bytes(sealEnvelope(namespace, put.key, version, put)));
    writes.type.push(put.type);
    writes.incarnation.push(put.incarnation ?? null);
    writes.hash.push(signed({ hi: this.#hash[0] as number, lo: this.#hash[1] as number }));
    writes.expiresIn.push(expiry !== undefined && "in" in expiry ? expiry.in : null);
    writes.expiresAt.push(expiry !== undefined && "at" in expiry ? expiry.at : null);
  }

  #delete(): void {
    const { writes } = this;
    writes.valueAt.push(null);
    writes.valueLength.push(0);
    writes.type.push(1);
    writes.incarnation.push(null);
    writes.hash.push("0");
    writes.expiresIn.push(null);
    writes.expiresAt.push(null);
  }

  #item(columns: ItemColumns, key: StoredKey, item: number): void {
    columns.batch.push(this.batches.id.length - 1);
    columns.item.push(item);
    this.#place(columns, key);
  }

  #end(columns: DropColumns, { end }: KeyRange): void {
    columns.endAt.push(end === undefined ? this.#endAt : this.#data.nextAt);
    columns.endLength.push(end === undefined ? RANGE_END.byteLength : this.#data.text(end));
  }

  #place(columns: PlaceColumns, text: string): void {
    columns.at.push(this.#data.nextAt);
    columns.length.push(this.#data.text(text));
  }

  #endNamespace(): void {
    this.namespaces.batchEnd.push(this.batches.id.length);
    this.namespaces.checkEnd.push(this.checks.item.length);
    this.namespaces.rangeEnd.push(this.ranges.item.length);
    this.namespaces.dropEnd.push(this.drops.item.length);
    this.namespaces.writeEnd.push(this.writes.item.length);
  }
}

/** Halves as SQL writes them, whose 64-bit numbers have a sign. */
function signed({ hi, lo }: Digest): string {
  return String((BigInt(hi | 0) << 32n) | BigInt(lo));
}
