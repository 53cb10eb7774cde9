import type { StoredKey } from "../../core/key.js";
import { hashEntry, type Digest, type EntryHash } from "../../core/range-digest.js";
import { isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import { SteadyClock, type Runtime } from "../../core/runtime.js";
import { VersionSource, type Version } from "../../core/version.js";
import type {
  Batch,
  ChangesResult,
  Check,
  Conflict,
  Expiry,
  KeyOnly,
  Position,
  RangeCheck,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Wanted,
  Write,
} from "../backend.js";
import type { Retention } from "./change-log.js";
import type { Applied, LocalCommit, LocalSweep, LocalWrite } from "./local-commit.js";
import { localEntry, type LocalEntry } from "./local-entry.js";
import { LocalNamespace, type Walk } from "./local-namespace.js";

/** Most entries in one page of a scan. Keys come in pages of what stands together, some thousands at most. */
const PAGE_ENTRIES = 512;

const NO_CONFLICTS: readonly Conflict[] = Object.freeze([]);

export interface LocalStoreSetup {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly changes: Retention;
  readonly entryHash?: EntryHash;
}

/**
 * The engine of every backend that keeps its data, or an index of it, in this process: entries by key, in order and
 * by deadline, versions, range checks, change logs and the clock. Synchronous and without I/O, so that whatever is
 * done between two awaits is atomic.
 *
 * A commit is `validate`, `resolve`, then `apply`. A backend with a journal writes what `resolve` returned before it
 * applies it, and on opening applies what it finds in the journal.
 */
export class LocalStore {
  readonly #clock: SteadyClock;
  readonly #retention: Retention;
  readonly #entryHash: EntryHash;
  readonly #sweepIds: VersionSource;
  readonly #namespaces = new Map<string, LocalNamespace>();
  readonly #nothing: LocalNamespace;
  #lastNow = 0;
  #bytes = 0;

  constructor(setup: LocalStoreSetup) {
    this.#clock = new SteadyClock(setup.runtime.clock);
    this.#retention = setup.changes;
    this.#entryHash = setup.entryHash ?? hashEntry;
    this.#sweepIds = new VersionSource(setup.runtime.random);
    this.#nothing = new LocalNamespace(setup.changes);
  }

  /** Milliseconds since the Unix epoch; never below the moment of a commit, this process's or a recovered one. */
  now(): number {
    return Math.max(this.#clock.now(), this.#lastNow);
  }

  /** Roughly the memory that all entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By how many bytes a commit would make the store grow. */
  growth(commit: LocalCommit): number {
    return this.#find(commit.namespace).growth(commit.writes);
  }

  read(namespace: string, keys: readonly StoredKey[]): ReadResult {
    const now = this.now();
    const space = this.#find(namespace);
    const entries = keys.map((key) => space.get(key, now));
    return { entries, now, position: space.log.position };
  }

  /** The pages of a scan that wants more than a count, each of the state at the moment it is asked for. */
  *scan<W extends ScanWant = "values">(
    namespace: string,
    range: KeyRange,
    options: ScanOptions<W> = {},
  ): Generator<ScanPage<W>> {
    const { reverse = false, want } = options;
    let left = options.limit ?? Infinity;
    let rest: KeyRange | undefined = range;
    while (left > 0 && rest !== undefined && !isEmptyRange(rest)) {
      const now = this.now();
      const space = this.#find(namespace);
      const walk: Walk<KeyOnly> =
        want === "keys"
          ? space.walkKeys(rest, reverse, left, now)
          : space.walk(rest, reverse, Math.min(left, PAGE_ENTRIES), now);
      const entries = walk.entries as readonly Wanted<W>[];
      left -= entries.length;
      rest = walk.resumeAfter === undefined ? undefined : rangeBeyond(rest, walk.resumeAfter, reverse);
      yield { entries, count: entries.length, now, position: space.log.position };
    }
  }

  /** The number of live entries of a range, at most `limit`, as a page. */
  count(namespace: string, range: KeyRange, limit = Infinity): ScanPage<"count"> {
    const now = this.now();
    const space = this.#find(namespace);
    return {
      entries: [],
      count: Math.min(limit, space.count(range, now)),
      now,
      position: space.log.position,
    };
  }

  /** Every check and range of a batch that does not hold at `now`; none when it may be applied. */
  validate(batch: Batch, now: number): readonly Conflict[] {
    if (batch.checks.length === 0 && batch.ranges.length === 0) return NO_CONFLICTS;
    const space = this.#find(batch.namespace);
    const conflicts: Conflict[] = [];
    for (const check of batch.checks) {
      const conflict = brokenCheck(space, check, now);
      if (conflict !== undefined) conflicts.push(conflict);
    }
    for (const check of batch.ranges) {
      if (!this.#rangeHolds(space, check, now)) conflicts.push({ range: check.range });
    }
    return conflicts;
  }

  /**
   * Does a slice of the work of validating a range ahead of {@link validate}, which must do it at one moment.
   *
   * @returns what is left of the range, or undefined when it is done
   */
  prepareRange(namespace: string, range: KeyRange): KeyRange | undefined {
    return this.#find(namespace).prepareDigest(range, this.now(), this.#entryHash);
  }

  /**
   * What a batch with writes will do if it is committed at `now`, after `previous`: by default the namespace's last
   * commit, or the one resolved but not yet applied before it. Changes nothing.
   */
  resolve(batch: Batch, now: number, previous: Position = this.position(batch.namespace)): LocalCommit {
    const space = this.#find(batch.namespace);
    return {
      namespace: batch.namespace,
      id: batch.id,
      position: { ordinal: previous.ordinal + 1, id: batch.id },
      previous: previous.id,
      now,
      writes: resolveWrites(batch, now, space),
    };
  }

  /** Carries out a commit and adds it to the change log. Commits of a namespace are applied in order of position. */
  apply(commit: LocalCommit): Applied {
    if (commit.now > this.#lastNow) this.#lastNow = commit.now;
    const space = this.#provide(commit.namespace);
    const before = space.bytes;
    const applied = space.apply(commit);
    this.#bytes += space.bytes - before;
    return applied;
  }

  /**
   * A commit, not yet applied, that removes at most `limit` expired entries of some namespace; undefined when there are
   * none. A backend applies it as it does any other, reports the entries (`tellExpired`), and calls again.
   */
  sweep(now: number, limit: number): LocalSweep | undefined {
    for (const [namespace, space] of this.#namespaces) {
      const due = space.due(now, limit);
      if (due.length > 0)
        return { commit: this.#expiry(namespace, space.log.position, now, due), expired: due };
      space.log.trim(now);
    }
    return undefined;
  }

  changes(namespace: string, after: Position | undefined, limit: number): ChangesResult {
    return this.#find(namespace).log.read(after, limit, this.now());
  }

  position(namespace: string): Position {
    return this.#find(namespace).log.position;
  }

  /** The namespaces that hold anything. */
  namespaces(): string[] {
    const held: string[] = [];
    for (const [name, space] of this.#namespaces) if (space.size > 0) held.push(name);
    return held;
  }

  /** Every namespace that was ever written, empty ones too, with its position: what a snapshot must keep. */
  positions(): [namespace: string, position: Position][] {
    return Array.from(this.#namespaces, ([name, space]) => [name, space.log.position]);
  }

  /** The entries held in a namespace now, in no particular order: a list of its own of shared, immutable entries. */
  entries(namespace: string): readonly LocalEntry[] {
    return this.#find(namespace).entries();
  }

  /** The entry held under a key, live or expired. */
  held(namespace: string, key: StoredKey): LocalEntry | undefined {
    return this.#find(namespace).held(key);
  }

  /** The keys held in a range, of live and of expired entries. */
  heldKeys(namespace: string, range: KeyRange): readonly StoredKey[] {
    return this.#find(namespace).heldKeys(range);
  }

  /** Adds entries of a snapshot, fastest in key order. */
  restore(namespace: string, entries: Iterable<LocalEntry>): void {
    const space = this.#provide(namespace);
    const before = space.bytes;
    for (const entry of entries) space.load(entry);
    this.#bytes += space.bytes - before;
  }

  /** Continues from the position and the clock of a snapshot. */
  restorePosition(namespace: string, position: Position, lastNow: number): void {
    this.#provide(namespace).log.restore(position);
    this.#lastNow = Math.max(this.#lastNow, lastNow);
  }

  #rangeHolds(space: LocalNamespace, check: RangeCheck, now: number): boolean {
    if (space.count(check.range, now) !== check.count) return false;
    return sameDigest(space.digest(check.range, now, this.#entryHash).digest, check.digest);
  }

  #expiry(namespace: string, last: Position, now: number, due: readonly LocalEntry[]): LocalCommit {
    const id = this.#sweepIds.next();
    const position = { ordinal: last.ordinal + 1, id };
    const writes = due.map(({ key }) => ({ kind: "expire", key }) as const);
    return { namespace, id, position, previous: last.id, now, writes };
  }

  #find(namespace: string): LocalNamespace {
    return this.#namespaces.get(namespace) ?? this.#nothing;
  }

  #provide(namespace: string): LocalNamespace {
    let space = this.#namespaces.get(namespace);
    if (space === undefined) {
      space = new LocalNamespace(this.#retention);
      this.#namespaces.set(namespace, space);
    }
    return space;
  }
}

function brokenCheck(space: LocalNamespace, { key, version }: Check, now: number): Conflict | undefined {
  const current = space.get(key, now);
  if ((current?.version ?? null) === version) return undefined;
  return current === undefined ? { key } : { key, current };
}

function sameDigest(a: Digest, b: Digest): boolean {
  return a.hi === b.hi && a.lo === b.lo;
}

/** Most batches hold one write, for which nothing but it is allocated. */
function resolveWrites({ id, writes }: Batch, now: number, space: LocalNamespace): readonly LocalWrite[] {
  if (writes.length === 1) return [resolveWrite(writes[0] as Write, id, now, space)];
  return writes.map((write) => resolveWrite(write, id, now, space));
}

function resolveWrite(write: Write, version: Version, now: number, space: LocalNamespace): LocalWrite {
  if (write.kind !== "put") return write;
  const { type, codec, data, incarnation } = write;
  const key = space.heldKey(write.key);
  const expiresAt = deadline(write.expiry, now);
  return { kind: "put", entry: localEntry({ key, version, type, codec, data, incarnation, expiresAt }) };
}

function deadline(expiry: Expiry, now: number): number | undefined {
  if (expiry === undefined) return undefined;
  return "in" in expiry ? now + expiry.in : expiry.at;
}
