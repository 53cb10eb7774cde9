import type { Backend, CommitResult, Conflict, Expiry, Want } from "../backends/backend.js";
import { withEnd, type Context } from "../core/context.js";
import { ABSENT, isLive, type DecodedEntry } from "../core/decoded-entry.js";
import { ENTRY_TYPE, type Payload, type StoredEntry } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { headKey, type StoredKey } from "../core/key.js";
import { DigestSum } from "../core/range-digest.js";
import type { KeyRange } from "../core/range.js";
import type { Clock } from "../core/runtime.js";
import type { ValueEncoder } from "../core/value-encoder.js";
import type { IncarnationSource } from "../core/incarnation.js";
import type { Version, VersionSource } from "../core/version.js";
import type { Commits } from "./commit-pump.js";
import { CommitRequest } from "./commit-request.js";
import { LatePut } from "./late-put.js";
import { mergeScan, type MergedEntry } from "./merge-scan.js";
import type { Expiring, OpenTransactions } from "./open-transactions.js";
import { ReadSet } from "./read-set.js";
import { TransactionItems } from "./transaction-items.js";
import { DELETED, WriteBuffer, type Buffered, type EntryKind } from "./write-buffer.js";

/** Where a transaction reads what is committed: the cache, and the backend behind it. */
export interface EntrySource {
  read(ctx: Context, namespace: string, key: string): Promise<DecodedEntry>;
  readAll(ctx: Context, namespace: string, keys: readonly string[]): Promise<DecodedEntry[]>;
  /** The decoded value of a stored entry, the caller's own. */
  decodeValue(namespace: string, stored: StoredEntry): unknown;
  /** The decoded value of what was encoded here, the caller's own. */
  decodePayload(payload: Payload): unknown;
}

/** What all transactions of a store share. */
export interface TransactionServices {
  readonly backend: Backend;
  readonly source: EntrySource;
  /** Encodes without a look at the schema of the namespace; `check` does that. */
  readonly encoder: ValueEncoder;
  readonly pump: Commits;
  readonly versions: VersionSource;
  readonly incarnations: IncarnationSource;
  readonly clock: Clock;
  readonly open: OpenTransactions;
}

export type TransactionState = "active" | "committed" | "rolled-back" | "aborted";

/**
 * The machinery of one transaction: buffer, read set, validation and commit. Its failures are faults; the public
 * transaction and the structures are built on it.
 */
export class TransactionCore implements Expiring {
  readonly id: Version;
  readonly namespace: string;
  readonly ctx: Context;
  /** The items of structures, which stand under heads that it has read. */
  readonly items: TransactionItems;
  readonly #services: TransactionServices;
  readonly #callers: Context;
  readonly #timeoutMs: number;
  readonly #end: (error: () => StorageFault) => void;
  readonly #buffer = new WriteBuffer();
  readonly #encode = (content: unknown): Payload => this.#services.encoder.encode(content);
  readonly #reads = new ReadSet();
  #state: TransactionState = "active";
  #lostTo: readonly Conflict[] | undefined;
  /** What aborted it from outside: its context, or the end of the store. */
  #endedBy: StorageFault | undefined;
  #committing = false;

  /** @throws StorageFault `busy` when too many are open; the context's fault when it is over. */
  constructor(services: TransactionServices, ctx: Context, namespace: string, timeoutMs: number) {
    const over = ctx.err();
    if (over !== undefined) throw over;
    this.#services = services;
    this.namespace = namespace;
    this.id = services.versions.next();
    this.#callers = ctx;
    this.#timeoutMs = timeoutMs;
    [this.ctx, this.#end] = withEnd(ctx, timeoutMs);
    this.items = new TransactionItems(services.backend, this.ctx, namespace, {
      buffer: this.#buffer,
      reads: this.#reads,
    });
    services.open.add(this);
  }

  get state(): TransactionState {
    this.endIfOver();
    return this.#state;
  }

  /** The conflicts its commit met; undefined unless it lost. */
  get lostTo(): readonly Conflict[] | undefined {
    return this.#lostTo;
  }

  get services(): TransactionServices {
    return this.#services;
  }

  /** What this transaction sees of a key. A buffered write hides what is stored, and makes no read. */
  async read(key: string): Promise<Seen> {
    this.checkActive();
    return this.known(key) ?? (await this.#readCommitted(headKey(key), key));
  }

  /** What `read` would answer of a key that was read or written, without a wait; undefined when it was neither. */
  known(key: string): Seen | undefined {
    return this.#buffer.get(headKey(key)) ?? this.#believed(headKey(key));
  }

  /** As `read`, for several keys with one read of the backend. */
  async readAll(keys: readonly string[]): Promise<Seen[]> {
    this.checkActive();
    const seen = keys.map((key) => this.known(key));
    const missing = keys.filter((_key, i) => seen[i] === undefined);
    if (missing.length === 0) return seen as Seen[];
    const loaded = await this.#services.source.readAll(this.ctx, this.namespace, missing);
    this.checkActive();
    let next = 0;
    return seen.map(
      (entry, i) => entry ?? this.#remember(headKey(keys[i] as string), loaded[next++] as DecodedEntry),
    );
  }

  /** `kind` absent: a plain value. */
  put(key: StoredKey, encoded: Payload, expiry: Expiry, kind?: EntryKind): void {
    this.checkActive();
    this.#buffer.put(key, encoded, expiry, kind);
    this.#checkSize();
  }

  /** As `put`, of a structure's head, which is encoded when it is sent. */
  putHead(key: StoredKey, content: unknown, expiry: Expiry, kind: Required<EntryKind>): void {
    this.checkActive();
    this.#buffer.putLate(new LatePut(key, content, this.#encode, expiry, kind));
    this.#checkSize();
  }

  delete(key: StoredKey): void {
    this.checkActive();
    this.#buffer.delete(key);
    this.#checkSize();
  }

  /** Removes every item of a range; heads are removed one by one. */
  deleteRange(range: KeyRange): void {
    this.checkActive();
    this.#buffer.deleteRange(range);
    this.#checkSize();
  }

  /** Makes the writes of one call: when it throws, none of them stays. It must not wait for anything. */
  allOrNothing<R>(write: () => R): R {
    return this.#buffer.allOrNothing(write);
  }

  /** Writes buffered so far. */
  get writes(): number {
    return this.#buffer.size;
  }

  /** The entries of a range as this transaction sees them; the part that was passed joins the read set. */
  scan<W extends Want>(range: KeyRange, reverse: boolean, want: W): AsyncGenerator<MergedEntry<W>> {
    this.checkActive();
    const { backend } = this.#services;
    const sum = new DigestSum(backend.info.entryHash);
    return mergeScan<W>({
      pages: backend.scan(this.ctx, this.namespace, range, { reverse, want }),
      buffer: this.#buffer,
      range,
      reverse,
      sum,
      covered: (seen) => this.#reads.addRange(seen, sum),
    });
  }

  /**
   * Validates and applies everything, or nothing. Resolves with the conflicts, undefined when it committed. Rejects
   * with the fault that kept it from committing. Finished in every case.
   */
  async commit(): Promise<readonly Conflict[] | undefined> {
    this.checkActive();
    this.#committing = true;
    try {
      const result = await this.#submit();
      if (result?.status === "conflict") this.#lostTo = result.conflicts;
      this.#finish(result?.status === "conflict" ? "aborted" : "committed");
      return this.#lostTo;
    } catch (error) {
      this.#finish("aborted");
      throw error;
    }
  }

  /** The conflicts, undefined when everything read still holds. Does not finish the transaction. */
  async validate(): Promise<readonly Conflict[] | undefined> {
    if (this.#reads.size === 0) return undefined;
    const id = this.#services.versions.next();
    const result = await this.#services.pump.submit(
      new CommitRequest(id, this.ctx, this.namespace, [], this.#reads.checks(), this.#reads.ranges()),
    );
    return result.status === "conflict" ? result.conflicts : undefined;
  }

  rollback(): void {
    if (this.#state === "active" && !this.#committing) this.#finish("rolled-back");
  }

  abort(cause: StorageFault): void {
    if (this.#state !== "active" || this.#committing) return;
    this.#endedBy = cause;
    this.#finish("aborted");
  }

  endIfOver(): void {
    const over = this.#state === "active" ? this.ctx.err() : undefined;
    if (over !== undefined) this.abort(this.#callers.err() ?? this.#tooLong());
  }

  /** Its own time is over, not that of whoever began it. */
  #tooLong(): StorageFault {
    const message = `it was open longer than its timeout of ${this.#timeoutMs} ms; do less in it, or give it a longer timeout`;
    return new StorageFault("timeout", message);
  }

  /** @throws StorageFault `finished` naming the state; `closed` or the context's fault when that ended it. */
  checkActive(): void {
    if (this.#state === "active" && !this.#committing && this.ctx.err() === undefined) return;
    this.endIfOver();
    throw this.#whyOver();
  }

  readonly #whyOver = (): StorageFault => {
    const cause = this.#endedBy;
    if (cause !== undefined) {
      return new StorageFault(cause.reason, `the transaction was aborted: ${cause.message}`, { cause });
    }
    const state = this.#committing ? "committing" : this.#state;
    return new StorageFault("finished", `the transaction is ${state}; begin another one`);
  };

  #submit(): Promise<CommitResult> | undefined {
    if (this.#buffer.size === 0 && !this.#mustHold()) return undefined;
    const checks = this.#reads.checks();
    const ranges = this.#reads.ranges();
    const { pump } = this.#services;
    return pump.submit(
      new CommitRequest(this.id, this.ctx, this.namespace, this.#buffer.writes(), checks, ranges),
    );
  }

  /**
   * Whether what a transaction without writes has read is to be validated. A single answer needs that only where other
   * processes commit too: the cache may not have been told yet of a commit that had ended before this transaction began.
   */
  #mustHold(): boolean {
    if (this.#reads.isSeveral) return true;
    return this.#reads.size > 0 && this.#services.backend.info.capabilities.shared;
  }

  async #readCommitted(stored: StoredKey, key: string): Promise<DecodedEntry> {
    const entry = await this.#services.source.read(this.ctx, this.namespace, key);
    this.checkActive();
    return this.#remember(stored, entry);
  }

  #remember(stored: StoredKey, entry: DecodedEntry): DecodedEntry {
    return this.#asOfNow(this.#reads.add(stored, entry));
  }

  #believed(stored: StoredKey): DecodedEntry | undefined {
    const entry = this.#reads.get(stored);
    return entry === undefined ? undefined : this.#asOfNow(entry);
  }

  /** An entry whose deadline passed since it was read is seen as absent; the commit will find the conflict. */
  #asOfNow(entry: DecodedEntry): DecodedEntry {
    if (entry.version === null || isLive(entry, this.#services.clock.monotonic())) return entry;
    return ABSENT;
  }

  #checkSize(): void {
    const { maxBatchEntries } = this.#services.backend.info.limits;
    if (this.#buffer.size > maxBatchEntries) {
      const message = `one commit makes at most ${maxBatchEntries} writes on this backend; write less at once`;
      throw new StorageFault("too-large", message);
    }
  }

  #finish(state: Exclude<TransactionState, "active">): void {
    this.#state = state;
    this.#committing = false;
    this.#buffer.clear();
    this.#reads.clear();
    this.#services.open.remove(this);
    // Lets go of what the context held, and of reads under way, which are told why.
    this.#end(this.#whyOver);
  }
}

/** What a transaction sees of a key: its own write, or what is committed. */
export type Seen = Buffered | DecodedEntry;

/**
 * The value that a transaction sees, the caller's own; undefined when there is none.
 *
 * @throws StorageFault `wrong-type` when the key does not hold a plain value.
 */
export function plainValue(core: TransactionCore, seen: Seen): unknown {
  if (!isSeen(seen) || seen === DELETED) return undefined;
  if (seen.type !== ENTRY_TYPE.value) {
    throw new StorageFault(
      "wrong-type",
      "the key does not hold a plain value; read what it holds with list or hash",
    );
  }
  return "kind" in seen ? core.services.source.decodePayload(seen) : seen.handOut();
}

/** Whether a transaction sees anything under the key. */
export function isSeen(seen: Seen): boolean {
  return seen !== DELETED && ("kind" in seen || seen.version !== null);
}
