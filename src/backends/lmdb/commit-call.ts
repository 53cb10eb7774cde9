import type { Header } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { DigestSum, type EntryHash } from "../../core/range-digest.js";
import { HEADS, intersection, isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import type {
  Batch,
  ChangedWrite,
  Check,
  CommitResult,
  Conflict,
  Delete,
  Expiry,
  Limits,
  Position,
  Put,
  RangeCheck,
} from "../backend.js";
import type { Breather } from "../files/breather.js";
import { limitFault } from "../local/batch-limits.js";
import { noteChanges, trimChanges, type NotedCommit, type Retention } from "./noted-changes.js";
import { dropDeadline, noteDeadline, soundHeader } from "./noted-deadlines.js";
import { sealEntry } from "./entry-record.js";
import { countLive, walkPage } from "./entry-scan.js";
import { placeOf, placesIn } from "./lmdb-key.js";
import { isLive, UNWRITTEN, type LmdbView } from "./lmdb-view.js";
import { sealState, type SpaceState } from "./space-state.js";

/** Keys removed between two looks at the clock. */
const REMOVED_AT_ONCE = 256;

/** What a commit call takes from its backend. */
export interface CommitSetup {
  /** This process's clock. */
  readonly now: () => number;
  readonly limits: Limits;
  readonly kept: Retention;
  readonly entryHash: EntryHash;
  readonly breather: Breather;
}

/** A namespace that the call writes to: where it stands now, and what the call adds to its log. */
interface OpenSpace {
  readonly before: SpaceState;
  state: SpaceState;
  readonly commits: NotedCommit[];
}

/**
 * One call of `commit` inside one write transaction: each batch is checked, then carried out or not; a batch that is
 * refused leaves no trace. An error that is no result must end the transaction.
 */
export class CommitCall {
  readonly #view: LmdbView;
  readonly #setup: CommitSetup;
  readonly #spaces = new Map<string, OpenSpace>();

  constructor(view: LmdbView, setup: CommitSetup) {
    this.#view = view;
    this.#setup = setup;
  }

  async run(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results: CommitResult[] = [];
    for (const batch of batches) {
      results.push(await this.#carryOut(batch));
      if (this.#setup.breather.isDue) await this.#setup.breather.breathe();
    }
    await this.finish();
    return results;
  }

  /** Removes entries whose deadline has passed, as a commit of its namespace. */
  expire(namespace: string, id: string, writes: readonly ChangedWrite[], now: number): void {
    this.#note(this.#open(namespace), id, now, writes);
  }

  /** Writes down where the namespaces stand and what was done in them; {@link run} does so itself. */
  async finish(): Promise<void> {
    const { breather } = this.#setup;
    const { tables } = this.#view;
    for (const [namespace, { before, state, commits }] of this.#spaces) {
      if (commits.length === 0) continue;
      noteChanges(tables, namespace, state.position, { previous: before.position.id, commits });
      const place = placeOf(namespace, "");
      tables.spaces.put(place, sealState(place, state));
      trimChanges(this.#view, namespace, state, this.#setup.kept);
      if (breather.isDue) await breather.breathe();
    }
  }

  async #carryOut(batch: Batch): Promise<CommitResult> {
    const fault = batch.ctx.err() ?? limitFault(batch, this.#setup.limits);
    if (fault !== undefined) return { status: "fault", fault };
    let space: OpenSpace;
    let now: number;
    try {
      space = this.#open(batch.namespace);
      now = this.now(batch.namespace);
      const conflicts = await this.#validate(batch, now);
      if (conflicts.length > 0) return { status: "conflict", now, conflicts };
    } catch (error) {
      if (error instanceof StorageFault) return { status: "fault", fault: error };
      throw error;
    }
    if (batch.writes.length === 0) {
      return { status: "committed", position: space.state.position, now, replaced: [], removed: 0 };
    }
    return await this.#apply(batch, space, now);
  }

  /** The clock of a commit in a namespace: never below that of its last. */
  now(namespace: string): number {
    return Math.max(this.#setup.now(), this.#open(namespace).state.now);
  }

  async #validate(batch: Batch, now: number): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = [];
    for (const check of batch.checks) {
      const conflict = this.#brokenCheck(batch.namespace, check, now);
      if (conflict !== undefined) conflicts.push(conflict);
      if (this.#setup.breather.isDue) await this.#setup.breather.breathe();
    }
    for (const check of batch.ranges) {
      if (!(await this.#rangeHolds(batch.namespace, check, now))) conflicts.push({ range: check.range });
    }
    return conflicts;
  }

  #brokenCheck(namespace: string, { key, version }: Check, now: number): Conflict | undefined {
    const header = this.#view.header(namespace, key);
    const current = header !== undefined && isLive(header, now) ? header.version : null;
    if (current === version) return undefined;
    const entry = this.#view.entry(namespace, key, now);
    return entry === undefined ? { key } : { key, current: entry };
  }

  async #rangeHolds(namespace: string, check: RangeCheck, now: number): Promise<boolean> {
    const sum = new DigestSum(this.#setup.entryHash);
    let rest: KeyRange | undefined = check.range;
    while (rest !== undefined && !isEmptyRange(rest)) {
      const request = { namespace, range: rest, reverse: false, want: "headers", limit: Infinity } as const;
      const { entries, resumeAfter } = walkPage(this.#view, request, now);
      for (const { key, version } of entries as readonly (Header & { key: StoredKey })[])
        sum.add(key, version);
      if (sum.count > check.count) return false;
      rest = resumeAfter === undefined ? undefined : rangeBeyond(rest, resumeAfter, false);
      if (this.#setup.breather.isDue) await this.#setup.breather.breathe();
    }
    const { hi, lo } = sum.digest;
    return sum.count === check.count && hi === check.digest.hi && lo === check.digest.lo;
  }

  async #apply(batch: Batch, space: OpenSpace, now: number): Promise<CommitResult> {
    const { namespace, id } = batch;
    const changed: ChangedWrite[] = [];
    const replaced: (Header | undefined)[] = [];
    let removed = 0;
    for (const write of batch.writes) {
      if (write.kind === "delete-range") {
        removed += await this.#removeRange(namespace, write.range, now);
        replaced.push(undefined);
        changed.push(write);
      } else {
        replaced.push(this.#applyToKey(namespace, id, write, now, changed));
      }
      if (this.#setup.breather.isDue) await this.#setup.breather.breathe();
    }
    const position = this.#note(space, id, now, changed);
    return { status: "committed", position, now, replaced, removed };
  }

  /** The live entry that was there. */
  #applyToKey(
    namespace: string,
    id: string,
    write: Put | Delete,
    now: number,
    changed: ChangedWrite[],
  ): Header | undefined {
    const { tables } = this.#view;
    const place = placeOf(namespace, write.key);
    // A damaged entry may be overwritten and deleted like one that is not there.
    const before = soundHeader(this.#view, namespace, write.key);
    const wasLive = before !== undefined && isLive(before, now);
    // Whoever follows the log learns of every entry that expired, also when it was not swept but overwritten.
    if (before !== undefined && !wasLive) changed.push(removal("expire", before));
    if (before?.expiresAt !== undefined) dropDeadline(tables, before.expiresAt, place);
    if (write.kind === "put") {
      const expiresAt = deadline(write.expiry, now);
      tables.entries.put(place, sealEntry(namespace, write, id, expiresAt));
      if (expiresAt !== undefined) noteDeadline(tables, expiresAt, place);
      const { key, type } = write;
      changed.push({ kind: "put", key, type, ...(expiresAt !== undefined && { expiresAt }) });
    } else {
      tables.entries.remove(place);
      changed.push(before === undefined ? { kind: "delete", key: write.key } : removal("delete", before));
    }
    return wasLive ? before : undefined;
  }

  /**
   * How many live heads the range held. Their deadlines stay noted until they pass, so that no entry need be read.
   */
  async #removeRange(namespace: string, range: KeyRange, now: number): Promise<number> {
    const { breather } = this.#setup;
    const heads = { namespace, range: intersection(range, HEADS), limit: Infinity };
    const removed = await countLive(this.#view, heads, now, breather);
    if (isEmptyRange(range)) return removed;
    const places = { ...placesIn(namespace, range), limit: REMOVED_AT_ONCE };
    for (;;) {
      const keys = [...this.#view.keys("entries", places)];
      for (const place of keys) this.#view.tables.entries.remove(place);
      if (keys.length < REMOVED_AT_ONCE) return removed;
      if (breather.isDue) await breather.breathe();
    }
  }

  #note(space: OpenSpace, id: string, now: number, writes: readonly ChangedWrite[]): Position {
    const position = { ordinal: space.state.position.ordinal + 1, id };
    const weight = space.state.weight + writes.length;
    space.state = { position, now, weight };
    space.commits.push({ id, now, writes, weight });
    return position;
  }

  #open(namespace: string): OpenSpace {
    const known = this.#spaces.get(namespace);
    if (known !== undefined) return known;
    const state = this.#view.state(namespace) ?? UNWRITTEN;
    const space = { before: state, state, commits: [] };
    this.#spaces.set(namespace, space);
    return space;
  }
}

/** What the log says of an entry that goes. */
export function removal(
  kind: "delete" | "expire",
  { key, incarnation }: Header & { readonly key: StoredKey },
): ChangedWrite {
  return incarnation === undefined ? { kind, key } : { kind, key, incarnation };
}

function deadline(expiry: Expiry, now: number): number | undefined {
  if (expiry === undefined) return undefined;
  return "in" in expiry ? now + expiry.in : expiry.at;
}
