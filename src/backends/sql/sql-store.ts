import type { Context } from "../../core/context.js";
import type { EntryType } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { KeyRange } from "../../core/range.js";
import type { Version } from "../../core/version.js";
import type { Durability, Limits, Position } from "../backend.js";
import type { CommitPlan } from "./commit-plan.js";
import type { CommitEffects, ExpiredRow, LogRow } from "./log-row.js";

/**
 * What one kind of SQL server gives to the algorithm that all of them share (sql-backend.ts).
 *
 * The data of a store stands in four tables: entries by (namespace, generation, key), compared as bytes; the change
 * log by (namespace, ordinal); generations that a range delete has left behind; the schema's version. There is no row
 * that every commit rewrites: a namespace's position, clock and generation are those of its last row in the log, which
 * is found by one look at the end of an index. (A counter row slows down while any snapshot is open.)
 *
 * Every call is under a context with a deadline, settles when that is over, whatever the server does, and rejects with
 * nothing but a StorageFault, or {@link UnansweredCommit}. A call that only reads may be sent again by itself; a commit
 * never. Everything that one call answers is of one snapshot.
 */
export interface SqlStore {
  /**
   * Connects, makes or migrates the tables (several processes may at once), and reads the server's settings. Rejects with
   * `foreign` when a table of that name is somebody else's, `newer-format` when a later version made it, `unsupported`
   * when the server is too old or the driver missing. A failed open leaves no connection behind.
   */
  open(ctx: Context): Promise<ServerFacts>;

  /** Lets every connection go; calls under way have ended. */
  close(): Promise<void>;

  /** The live entries among `keys`; the number of a row is the place of its key in `keys`. */
  read(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    wantsValues: boolean,
  ): Promise<Snapshot<NumberedRow>>;

  /** The first live entries of a range, in its order or the reverse of it. */
  page(ctx: Context, namespace: string, range: KeyRange, wish: PageWish): Promise<EntryPage>;

  /** How many live entries a range holds, at most `limit`. */
  count(ctx: Context, namespace: string, range: KeyRange, limit: number): Promise<Snapshot<number>>;

  /**
   * Carries a plan out in one transaction by one round trip; see commit-plan.ts for the order of its steps. Resolves
   * once it is durable. Rejects with a fault when it is known that nothing happened, with {@link UnansweredCommit}
   * when it is not.
   */
  commit(ctx: Context, plan: CommitPlan): Promise<readonly CommitRow[]>;

  /**
   * Finds out what became of a commit without an answer: on a new connection it ends what the attempt may still be
   * doing, takes the namespaces' locks, and then looks for the batches' ids in the log. Without the first two, that an
   * id is missing proves nothing.
   */
  recall(ctx: Context, attempt: unknown, plan: CommitPlan): Promise<Recollection>;

  /** The changes after a position, oldest first; at most `limit`, and fewer when they are large. */
  changes(ctx: Context, namespace: string, after: Position | undefined, limit: number): Promise<LogExtract>;

  /** Names after `after` of namespaces that hold an entry, in their order as bytes. */
  namespaces(ctx: Context, after: string | undefined, limit: number): Promise<readonly string[]>;

  /** Entries whose deadline has passed on the server's clock, of any namespace, the oldest deadlines first. */
  expired(ctx: Context, limit: number): Promise<readonly ExpiredRow[]>;

  /** Deletes some entries of generations that were left behind; false when there are none. */
  reclaim(ctx: Context, limit: number): Promise<boolean>;

  /** Gives space back to the server or the system. Without a deadline of the caller's it may take long. */
  compact(ctx: Context): Promise<void>;

  /**
   * Makes everything durable that was committed so far, here and elsewhere. Absent where sessions cannot be set to answer
   * a commit before it is as durable as the server makes any.
   */
  flush?(ctx: Context): Promise<void>;

  /**
   * Resolves when commits of other processes wake this one from now on: `woken` of {@link StoreEvents} is called for
   * each. Rejects when the server cannot be asked. A store that polls instead resolves at once.
   */
  listen(ctx: Context): Promise<void>;

  /** How long a wait for changes may go without a look into the log: Infinity when `listen` brings signals. */
  readonly pollMs: number;
}

/** What a store tells the backend about. */
export interface StoreEvents {
  /** Somebody committed in the namespace; undefined: signals may have been lost, so everybody has to look. */
  woken(namespace: string | undefined): void;
}

export interface ServerFacts {
  /** The level that the server's settings really hold. */
  readonly durability: Durability;
  /** Where they are lower than the usual ones. */
  readonly limits?: Partial<Limits>;
}

/** Where a namespace stands: `ordinal` 0 and `id` "" before its first commit. */
export interface NamespaceState extends Position {
  /** The server's clock, never below the namespace's last commit. */
  readonly now: number;
}

export interface Snapshot<R> {
  readonly state: NamespaceState;
  readonly rows: readonly R[];
}

export interface EntryPage extends Snapshot<EntryRow> {
  /** The page ended early, because the values are large. */
  readonly isCut: boolean;
}

export interface HeaderRow {
  readonly version: Version;
  readonly type: EntryType;
  readonly incarnation: string | null;
  readonly expiresAt: number | null;
  /** Bytes of the sealed value. */
  readonly sealedBytes: number;
}

export interface EntryRow extends HeaderRow {
  readonly key: StoredKey;
  /** The sealed value; null when none was wanted. */
  readonly value: Uint8Array | null;
}

/** An entry without its key, which whoever asked knows by the number. */
export interface NumberedRow extends Omit<EntryRow, "key"> {
  readonly number: number;
}

export interface PageWish {
  readonly limit: number;
  /** Ends the page early, but not before its first entry, when the values are larger. */
  readonly maxBytes: number;
  readonly reverse: boolean;
  /** `keys`: everything else in the rows may be made up. */
  readonly want: "values" | "headers" | "keys";
  /** With those that have expired: for `verify`. */
  readonly includesExpired?: boolean;
}

/** One piece of a commit's answer. Batches, namespaces, checks, ranges and writes are numbered as in the plan. */
export type CommitRow =
  /** Where a namespace stood before the commit, and the clock that all of it used; one row for each namespace. */
  | { readonly kind: "state"; readonly namespace: number; readonly state: NamespaceState }
  /** A check that did not hold; without `current` the key is absent. */
  | {
      readonly kind: "conflict";
      readonly batch: number;
      readonly check: number;
      readonly current: Omit<EntryRow, "key"> | undefined;
    }
  | { readonly kind: "range"; readonly batch: number; readonly range: number }
  /** The live entry that a write replaced or deleted. */
  | { readonly kind: "replaced"; readonly batch: number; readonly write: number; readonly header: HeaderRow }
  /** Live heads that a range delete removed. */
  | { readonly kind: "removed"; readonly batch: number; readonly count: number };

/** What is found of a commit after its answer was lost. */
export interface Recollection {
  /** Where each namespace of the plan stands now, and the oldest ordinal that its log holds; 0 when it holds none. */
  readonly namespaces: readonly { readonly state: NamespaceState; readonly oldest: number }[];
  /** The batches that are in the log. */
  readonly found: readonly RecalledBatch[];
}

export interface RecalledBatch {
  readonly batch: number;
  readonly ordinal: number;
  readonly now: number;
  /** As kept in the log: what deletes removed and which structures puts replaced. */
  readonly effects: CommitEffects | undefined;
}

export interface LogExtract {
  readonly state: Position;
  /** Whether the log reaches back to `after` and holds it. */
  readonly known: boolean;
  readonly rows: readonly LogRow[];
}

/** A commit was sent, and whether it happened is not known. */
export class UnansweredCommit extends Error {
  override readonly name = "UnansweredCommit";
  /** What `recall` needs to know of the attempt; the store's own. */
  readonly attempt: unknown;

  /** @param cause the fault that took the answer away */
  constructor(attempt: unknown, cause: Error) {
    super("a commit was sent, but its answer did not arrive", { cause });
    this.attempt = attempt;
  }
}
