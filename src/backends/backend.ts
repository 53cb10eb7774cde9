/**
 * The backend contract: seven calls. Everything users are promised is built on them, once, in the layers above.
 *
 * Rules for every implementation, each tested by the contract suite in src/testing:
 * - Calls may run concurrently. Before `open` they reject with `not-open`, once `close` has begun with `closed`.
 * - An error is a StorageFault. A failed check is not an error but a result.
 * - A context that is over rejects a call before it has any effect.
 * - What is handed in is not kept mutable and what is handed out is not changed later: both sides may share it.
 * - An expired entry counts as absent everywhere, from its deadline on, whether or not it was swept.
 * - Keys are in UTF-8 byte order; namespaces never see each other's keys.
 */
import type { Context } from "../core/context.js";
import type { EntryType, Header, Payload, StoredEntry, StoredHeader } from "../core/entry.js";
import type { CorruptionReason } from "../core/errors.js";
import type { StoredKey } from "../core/key.js";
import type { Digest, EntryHash } from "../core/range-digest.js";
import type { KeyRange } from "../core/range.js";
import type { Runtime } from "../core/runtime.js";
import type { Version } from "../core/version.js";

export interface Backend {
  readonly info: BackendInfo;

  /** Makes the store ready: recovers, migrates, takes locks. A failed open leaves nothing behind and may be tried again. */
  open(ctx: Context): Promise<void>;

  /** Waits for calls under way, makes everything durable, lets everything go. A second call does nothing. */
  close(ctx: Context): Promise<void>;

  /** The entries of `keys`, in the order asked, undefined where absent: one atomic snapshot. Duplicates are answered each. */
  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: ReadOptions<W>,
  ): Promise<ReadResult<W>>;

  /**
   * The entries of a range in key order (`reverse`: against it), in pages that are never empty except when `want` is
   * `"count"`, which gives one page. Each page is atomic, the whole scan is not: commits between two pages show.
   * Ends after `limit` entries. Abandoning the iterator releases what it held. With `want: "keys"` an entry is
   * `{ key }` and nothing else, so that whoever has the keys in order need not look up what they stand for; the keys
   * are those of the other wants, without the expired ones.
   */
  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncIterable<ScanPage<W>>;

  /**
   * Carries out several independent batches, each atomically: all checks hold at one moment and all writes are made
   * at it, or none. The results stand in the order of the batches. Resolves only when the configured durability
   * holds for every batch that succeeded.
   *
   * No batch writes what another one of the call checks, ranges over or writes (the caller sees to it); each has its
   * own context, looked at before the batch has any effect: one that is over makes its result a `fault`, and the
   * others go on. A call rejects only when it cannot be said batch by batch what happened: the fault then holds for
   * all, with `outcome: "unknown"` unless it is known that no batch took effect.
   */
  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]>;

  /**
   * The changes of a namespace after a position, oldest first, at most `limit` commits, one Change per commit.
   * `after` absent: from the oldest kept. With `waitMs`, an answer without changes is held back until there is one
   * or the time is over. A position that the log does not reach back to, or does not know, answers `lost`.
   */
  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult>;

  /** Names of the namespaces that hold anything, in pages, each name once; an expired remainder may count. */
  namespaces(ctx: Context): AsyncIterable<readonly string[]>;

  /** What only some backends can do; each present member is declared in `info.capabilities`. */
  readonly extensions: BackendExtensions;
}

/** What is wanted of entries: their data too, or headers alone. */
export type Want = "values" | "headers";

/** What is wanted of a scan: entries, their keys alone, or nothing but their number. */
export type ScanWant = Want | "keys" | "count";

export type Wanted<W extends ScanWant> = W extends "values"
  ? StoredEntry
  : W extends "keys"
    ? KeyOnly
    : StoredHeader;

/** An entry of which nothing but its key was wanted. */
export type KeyOnly = Pick<StoredHeader, "key">;

export interface ReadOptions<W extends Want = "values"> {
  readonly want?: W;
  /** Each value is looked at once, as when a store is copied: a backend need not keep what it read for the next time. */
  readonly once?: boolean;
}

export interface ReadResult<W extends Want = "values"> {
  readonly entries: readonly (Wanted<W> | undefined)[];
  /** The backend's clock when the entries were read, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** Where the namespace's change log stood when the entries were read. */
  readonly position: Position;
}

export interface ScanOptions<W extends ScanWant = "values"> {
  /** Most entries in all; unlimited when absent. */
  readonly limit?: number;
  readonly reverse?: boolean;
  readonly want?: W;
  /** See {@link ReadOptions.once}. */
  readonly once?: boolean;
}

export interface ScanPage<W extends ScanWant = "values"> {
  /** Empty when `want` is `"count"`. */
  readonly entries: readonly Wanted<W>[];
  /** With `want: "count"`: the live entries of the range, at most `limit`; otherwise the length of `entries`. */
  readonly count: number;
  readonly now: number;
  readonly position: Position;
}

/** When an entry expires: never (undefined), some milliseconds after the commit, or at a moment of the backend's clock. */
export type Expiry = { readonly in: number } | { readonly at: number } | undefined;

export interface Put extends Payload {
  readonly kind: "put";
  readonly key: StoredKey;
  readonly type: EntryType;
  readonly expiry: Expiry;
  readonly incarnation?: string;
}

export interface Delete {
  readonly kind: "delete";
  readonly key: StoredKey;
}

export interface DeleteRange {
  readonly kind: "delete-range";
  readonly range: KeyRange;
}

/** Carried out in order; in one batch a key is put or deleted at most once, after any delete-range that covers it. */
export type Write = Put | Delete | DeleteRange;

/** The entry of `key` still has this version; null: it is absent. An expired entry is absent. */
export interface Check {
  readonly key: StoredKey;
  readonly version: Version | null;
}

/** The live entries of a range are still these: their number and the sum of their hashes, by `info.entryHash`. */
export interface RangeCheck {
  readonly range: KeyRange;
  readonly count: number;
  readonly digest: Digest;
}

export interface Batch {
  /** Becomes the version of every entry it puts, and the id of its position. Unique for ever. */
  readonly id: Version;
  readonly ctx: Context;
  readonly namespace: string;
  readonly checks: readonly Check[];
  readonly ranges: readonly RangeCheck[];
  /** May be empty: then the batch only validates, and makes no position. */
  readonly writes: readonly Write[];
}

export type CommitResult = Committed | Conflicted | Faulted;

export interface Committed {
  readonly status: "committed";
  readonly position: Position;
  /** The clock at the commit; `expiry: { in }` counts from it. */
  readonly now: number;
  /** For each write, the live entry that it replaced or deleted; undefined where there was none, and for ranges. */
  readonly replaced: readonly (Header | undefined)[];
  /** Live heads that delete-ranges removed; parts of structures are not counted. */
  readonly removed: number;
}

export interface Conflicted {
  readonly status: "conflict";
  /** The clock when the checks were made. */
  readonly now: number;
  /** Every check and range that did not hold. `current` absent: the key is now absent. */
  readonly conflicts: readonly Conflict[];
}

export type Conflict =
  | { readonly key: StoredKey; readonly current?: StoredEntry }
  | { readonly range: KeyRange };

/** This batch was refused and had no effect, or with `outcome: "unknown"` may have had; its neighbours are not touched. */
export interface Faulted {
  readonly status: "fault";
  readonly fault: Error;
}

/**
 * A place in a namespace's change log: its ordinal there and the id of the commit at it ("" and 0 before the first).
 * A position whose id the log does not hold at its ordinal is `lost`.
 */
export interface Position {
  readonly ordinal: number;
  readonly id: Version;
}

export const START: Position = Object.freeze({ ordinal: 0, id: "" });

export interface Change {
  readonly position: Position;
  /** The id of the namespace's commit before this one; a reader that last saw another has met a gap or a fork. */
  readonly previous: Version;
  readonly now: number;
  readonly writes: readonly ChangedWrite[];
}

/** What a commit wrote. `expire`: the backend swept an entry whose deadline had passed. */
export type ChangedWrite =
  | { readonly kind: "put"; readonly key: StoredKey; readonly type: EntryType; readonly expiresAt?: number }
  | { readonly kind: "delete" | "expire"; readonly key: StoredKey; readonly incarnation?: string }
  | { readonly kind: "delete-range"; readonly range: KeyRange };

export interface ChangesOptions {
  readonly limit: number;
  readonly waitMs?: number;
}

export type ChangesResult =
  | { readonly lost: false; readonly changes: readonly Change[]; readonly position: Position }
  | { readonly lost: true; readonly position: Position };

/** How much survives what: nothing, a killed process, a power cut. */
export type Durability = "none" | "process" | "power";

export interface BackendInfo {
  /** The name in YAML. */
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly limits: Limits;
  /** The level held when a commit resolves. For servers known once open. */
  readonly durability: Durability;
  /** Hashes entries for range checks; see range-digest.ts. */
  readonly entryHash: EntryHash;
}

/** Declared, never sniffed; the contract suite exercises every declared one and expects refusal of the rest. */
export interface Capabilities {
  /** Data outlives the process. */
  readonly persistent: boolean;
  /** Other processes may change the data while this one has it open. */
  readonly shared: boolean;
  /** A commit call costs much more than a batch in it, so concurrent batches are worth gathering into one call. */
  readonly groupCommit: boolean;
  /**
   * Calls of `commit` for different namespaces may be under way at once, and better are: where they lie at different
   * servers, one that does not answer holds up only its own. Absent: one call at a time.
   */
  readonly separateNamespaces?: boolean;
  /** `extensions.compact` is there. */
  readonly compact: boolean;
  /** `extensions.verify` is there. */
  readonly verify: boolean;
  /** `extensions.flush` is there: commits may resolve before they are durable. */
  readonly flush: boolean;
  /** `extensions.files` is there. */
  readonly files: boolean;
  /** Calls `expired` of its setup. Absent: it does not, and what an expired structure leaves waits for `compact`. */
  readonly reportsExpired?: boolean;
}

export interface Limits {
  /** Largest data of one entry, in bytes. */
  readonly maxValueBytes: number;
  /** Most writes and checks in one batch. */
  readonly maxBatchEntries: number;
  /** Largest data of one batch, in bytes. */
  readonly maxBatchBytes: number;
}

export interface BackendExtensions {
  /** Gives up space that dead data holds. */
  compact?(ctx: Context): Promise<void>;
  /** Reads everything stored and checks it; problems are reported, not thrown. */
  verify?(ctx: Context): Promise<VerifyReport>;
  /** Resolves when everything committed so far is as durable as the backend can make it. */
  flush?(ctx: Context): Promise<void>;
  /** The files that hold the data, with their sizes. */
  files?(ctx: Context): Promise<readonly { readonly path: string; readonly bytes: number }[]>;
}

export interface VerifyReport {
  /** Entries looked at. */
  readonly entries: number;
  readonly problems: readonly VerifyProblem[];
  /** Of the problems that somebody made by hand in a readable file: what to commit so that they are none. */
  readonly edits?: ReadonlyMap<VerifyProblem, HandEdit>;
}

/** The change that a file which was edited, or removed, asks for: a put or a delete of an entry that must be unchanged. */
export interface HandEdit extends Pick<Batch, "namespace" | "checks"> {
  readonly write: Put | Delete;
}

export interface VerifyProblem {
  readonly reason: CorruptionReason | "orphan";
  readonly message: string;
  readonly namespace?: string;
  readonly key?: StoredKey;
  readonly file?: string;
  readonly offset?: number;
}

/** What a backend is made from. */
export interface BackendSetup {
  /** Its own section of the configuration, checked by itself when it is not one of ours. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly runtime: Runtime;
  readonly durability: "power" | "process" | "interval" | "none" | undefined;
  readonly durabilityIntervalMs: number;
  readonly sweepIntervalMs: number;
  readonly changes: { readonly count: number; readonly ageMs: number };
  /** Deadline of a call whose context has none; for backends that wait for servers. */
  readonly operationTimeoutMs: number;
  /** Gzip data files where the backend can. */
  readonly compression: "none" | "gzip";
  /** Told about things that are not any call's error: a failed background sweep, a salvaged tail. */
  readonly warn: (message: string, details?: Readonly<Record<string, unknown>>) => void;
  /** Told when commits that had resolved could not be made durable in the background, and why. Must not throw. */
  readonly unsaved?: ((error: unknown) => void) | undefined;
  /**
   * Told of the heads of structures that a sweep of this instance removed, once it has: whoever reads finds none of them
   * any more. Must not throw. One may be told of twice, by two instances too, and one that another instance removed;
   * whoever is told looks at the key before it drops anything. What is removed while nobody hears of it, as the process
   * is killed or an answer is lost, is found by `compact`.
   */
  readonly expired?: ((namespace: string, heads: readonly ExpiredHead[]) => void) | undefined;
}

/** The head of a structure whose deadline has passed. */
export interface ExpiredHead {
  readonly key: StoredKey;
  readonly incarnation: string;
}

export type BackendFactory = (setup: BackendSetup) => Backend;
