import type { Header, StoredHeader } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { EntryHash } from "../../core/range-digest.js";
import { HEADS, intersection, isEmptyRange, type KeyRange } from "../../core/range.js";
import type {
  Batch,
  ChangedWrite,
  Check,
  CommitResult,
  Conflict,
  Delete,
  Expiry,
  Limits,
  Put,
  RangeCheck,
} from "../backend.js";
import type { Breather } from "../files/breather.js";
import { limitFault } from "../local/batch-limits.js";
import type { Retention } from "./change-rows.js";
import { OpenSpace } from "./open-space.js";
import { paced } from "./paced.js";
import { countRange, sumRange } from "./range-sum.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { StoreClock } from "./store-clock.js";
import { isLive } from "./store-reads.js";

/** What a commit call takes from its backend. */
export interface CommitSetup {
  readonly clock: StoreClock;
  readonly limits: Limits;
  readonly kept: Retention;
  readonly entryHash: EntryHash;
  readonly breather: Breather;
}

/**
 * One call of `commit` inside one write transaction: each batch is checked, then carried out or not; a batch that is
 * refused leaves no trace. An error that is no result must end the transaction.
 */
export class CommitCall {
  readonly #connection: SqliteConnection;
  readonly #setup: CommitSetup;
  readonly #spaces = new Map<string, OpenSpace>();

  constructor(connection: SqliteConnection, setup: CommitSetup) {
    this.#connection = connection;
    this.#setup = setup;
  }

  async run(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results: CommitResult[] = [];
    for (const batch of batches) {
      results.push(await this.#carryOut(batch));
      await this.#breathe();
    }
    this.finish();
    return results;
  }

  /** The namespace of that name, as this call sees it. */
  open(namespace: string): OpenSpace {
    const known = this.#spaces.get(namespace);
    if (known !== undefined) return known;
    const space = new OpenSpace(this.#connection, namespace, this.#setup.clock);
    this.#spaces.set(namespace, space);
    return space;
  }

  /** Writes down where the namespaces stand and what was done in them. */
  finish(): void {
    for (const space of this.#spaces.values()) space.finish(this.#setup.kept);
  }

  async #carryOut(batch: Batch): Promise<CommitResult> {
    const fault = batch.ctx.err() ?? limitFault(batch, this.#setup.limits);
    if (fault !== undefined) return { status: "fault", fault };
    const space = this.open(batch.namespace);
    try {
      const conflicts = await this.#validate(batch, space);
      if (conflicts.length > 0) return { status: "conflict", now: space.now, conflicts };
    } catch (error) {
      if (error instanceof StorageFault) return { status: "fault", fault: error };
      throw error;
    }
    if (batch.writes.length > 0) return await this.#apply(batch, space);
    const { position, now } = space;
    return { status: "committed", position, now, replaced: [], removed: 0 };
  }

  async #validate(batch: Batch, space: OpenSpace): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = [];
    for (const check of batch.checks) {
      const conflict = brokenCheck(space, check);
      if (conflict !== undefined) conflicts.push(conflict);
      await this.#breathe();
    }
    for (const check of batch.ranges) {
      if (!(await this.#rangeHolds(space, check))) conflicts.push({ range: check.range });
    }
    return conflicts;
  }

  async #rangeHolds({ gen, now }: OpenSpace, { range, count, digest }: RangeCheck): Promise<boolean> {
    if (isEmptyRange(range)) return count === 0;
    const sum = await paced(sumRange(this.#connection, gen, range, now), this.#setup.breather);
    return sum.count === count && sum.digest.hi === digest.hi && sum.digest.lo === digest.lo;
  }

  async #apply(batch: Batch, space: OpenSpace): Promise<CommitResult> {
    space.prepareWriting();
    const changed: ChangedWrite[] = [];
    const replaced: (Header | undefined)[] = [];
    let removed = 0;
    for (const write of batch.writes) {
      if (write.kind === "delete-range") {
        removed += await this.#removeRange(space, write.range);
        replaced.push(undefined);
        changed.push(write);
      } else {
        replaced.push(this.#applyToKey(space, batch.id, write, changed));
      }
      await this.#breathe();
    }
    const position = space.note(batch.id, changed);
    return { status: "committed", position, now: space.now, replaced, removed };
  }

  /** The live entry that was there. */
  #applyToKey(
    space: OpenSpace,
    id: string,
    write: Put | Delete,
    changed: ChangedWrite[],
  ): Header | undefined {
    const { entries, now } = space;
    const before = entries.soundHeader(write.key);
    const wasLive = before !== undefined && isLive(before, now);
    // Whoever follows the log learns of every entry that expired, also when it was not swept but overwritten.
    if (before !== undefined && !wasLive) changed.push(removal("expire", before));
    if (write.kind === "put") {
      const expiresAt = deadline(write.expiry, now);
      entries.put(write, id, expiresAt, this.#setup.entryHash);
      const { key, type } = write;
      changed.push({ kind: "put", key, type, ...(expiresAt !== undefined && { expiresAt }) });
    } else {
      entries.delete(write.key);
      changed.push(removal("delete", before ?? { key: write.key }));
    }
    return wasLive ? before : undefined;
  }

  /** How many live heads the range held. */
  async #removeRange(space: OpenSpace, range: KeyRange): Promise<number> {
    if (isEmptyRange(range)) return 0;
    const heads = intersection(range, HEADS);
    const { breather } = this.#setup;
    const removed = isEmptyRange(heads)
      ? 0
      : await paced(countRange(this.#connection, space.gen, heads, space.now), breather);
    if (range.start === "" && range.end === undefined) space.empty();
    else await paced(space.entries.deleteRange(range), breather);
    return removed;
  }

  async #breathe(): Promise<void> {
    if (this.#setup.breather.isDue) await this.#setup.breather.breathe();
  }
}

function brokenCheck({ entries, now }: OpenSpace, { key, version }: Check): Conflict | undefined {
  const header = entries.header(key);
  const current = header !== undefined && isLive(header, now) ? header.version : null;
  if (current === version) return undefined;
  const entry = current === null ? undefined : entries.entry(key);
  return entry === undefined ? { key } : { key, current: entry };
}

/** What the log says of an entry that goes. */
export function removal(
  kind: "delete" | "expire",
  { key, incarnation }: Pick<StoredHeader, "key" | "incarnation">,
): ChangedWrite {
  return incarnation === undefined ? { kind, key } : { kind, key, incarnation };
}

function deadline(expiry: Expiry, now: number): number | undefined {
  if (expiry === undefined) return undefined;
  return "in" in expiry ? now + expiry.in : expiry.at;
}
