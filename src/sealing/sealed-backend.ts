import type {
  Backend,
  BackendExtensions,
  BackendInfo,
  Batch,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  Conflict,
  Position,
  Put,
  ReadOptions,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Want,
  Wanted,
  Write,
} from "../backends/backend.js";
import type { Context } from "../core/context.js";
import type { Payload, StoredEntry, StoredHeader } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { isHead, userKey, type StoredKey } from "../core/key.js";
import type { KeyRange } from "../core/range.js";
import { byteLength, isLarger, MAX_VALUE_BYTES } from "../core/value-encoder.js";
import type { Version } from "../core/version.js";
import { MAX_ENCRYPTION_BYTES } from "./encrypted-payload.js";
import type { EntryPlace } from "./entry-place.js";
import type { KeyRing } from "./key-ring.js";
import type { ValueSeal } from "./value-seal.js";
import { WriteHealth } from "./write-health.js";

/**
 * A backend whose values are compressed and encrypted on their way into the one below, and opened on their way out; the
 * layers above see none of it. A value is sealed when its batch is sent, as its version is part of what is authenticated.
 *
 * An entry that does not open is handed out all the same, so that its neighbours can be read: whoever asks for its codec
 * or data gets the fault. Sizes are those of the values before they were sealed, except in headers, which count what is
 * stored. Keys, namespaces, types, versions and deadlines stay as they are, and readable.
 *
 * Every write of a store comes through here, whoever makes it: how they end is noted here too.
 */
export class SealedBackend implements Backend {
  readonly writeHealth = new WriteHealth();
  readonly #inner: Backend;
  readonly #seal: ValueSeal;
  readonly #sealing = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(inner: Backend, seal: ValueSeal) {
    this.#inner = inner;
    this.#seal = seal;
  }

  get info(): BackendInfo {
    const { info } = this.#inner;
    if (!this.#seal.isEncrypting) return info;
    const { limits } = info;
    return { ...info, limits: { ...limits, maxValueBytes: limits.maxValueBytes - MAX_ENCRYPTION_BYTES } };
  }

  get extensions(): BackendExtensions {
    return this.#inner.extensions;
  }

  open(ctx: Context): Promise<void> {
    this.#closing = undefined;
    return this.#inner.open(ctx);
  }

  /** Commits that are being sealed are under way too; those that come later are answered when the backend is closed. */
  close(ctx: Context): Promise<void> {
    if (this.#sealing.size === 0) return this.#inner.close(ctx);
    this.#closing = Promise.allSettled(this.#sealing).then(() => this.#inner.close(ctx));
    return this.#closing;
  }

  async read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: ReadOptions<W>,
  ): Promise<ReadResult<W>> {
    const result = await this.#inner.read(ctx, namespace, keys, options);
    return hasValues(options) ? { ...result, entries: this.#openAll(namespace, result.entries) } : result;
  }

  async *scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncGenerator<ScanPage<W>> {
    const pages = this.#inner.scan(ctx, namespace, range, options);
    if (!hasValues(options)) yield* pages;
    else for await (const page of pages) yield { ...page, entries: this.#openAll(namespace, page.entries) };
  }

  /** The entries of a range whose values are not encrypted as they would be if they were written now. */
  async *scanOutdated(
    ctx: Context,
    namespace: string,
    range: KeyRange,
  ): AsyncGenerator<{ readonly looked: number; readonly outdated: readonly StoredEntry[] }> {
    for await (const { entries } of this.#inner.scan(ctx, namespace, range)) {
      const outdated = entries.filter((entry) => !this.#seal.isCurrent(entry));
      yield { looked: entries.length, outdated: this.#openAll(namespace, outdated) };
    }
  }

  /** The backend below, whose values are as they are stored: compressed and encrypted. For copies that stay so. */
  get stored(): Backend {
    return this.#inner;
  }

  /**
   * The value of an entry as it is stored, here or in a copy, under the key and with the version that it was written with.
   *
   * @param keys to open with instead of the store's.
   * @throws StorageFault of a reason of corruption, `wrong-key` among them; nothing of the value is in it.
   */
  openStored(namespace: string, entry: Omit<StoredEntry, "size">, keys?: KeyRing): Payload {
    if (!this.#seal.needsOpening(entry)) return entry;
    try {
      return this.#openPayload(namespace, entry, keys === undefined ? this.#seal : this.#seal.opening(keys));
    } catch (error) {
      throw ofEntry(error, namespace, entry.key);
    }
  }

  /** @throws StorageFault `wrong-key` when an entry of a copy is encrypted with a key that is not among these. */
  requireKey(entry: Payload, keys: KeyRing): void {
    this.#seal.opening(keys).requireKey(entry);
  }

  /** Whether there are any keys, so that values may be encrypted. */
  get hasKeys(): boolean {
    return this.#seal.hasKeys;
  }

  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#seal.isEncrypting ? this.#commitFitting(batches) : this.#commitOpened(batches);
  }

  async #commitFitting(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const sound = batches.filter((batch) => this.#fits(batch));
    const results = sound.length === 0 ? [] : await this.#commitOpened(sound);
    if (sound.length === batches.length) return results;
    const answers = new Map(sound.map((batch, i) => [batch, results[i] as CommitResult]));
    return batches.map((batch) => answers.get(batch) ?? { status: "fault", fault: this.#tooLarge() });
  }

  // The hot path of every write: an async function would cost it an object of its own and two more turns.
  #commitOpened(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.#carry(batches).then(
      (results) => {
        this.writeHealth.answered(batches, results);
        if (!results.some(isConflict)) return results;
        return results.map((result, i) => this.#openConflicts(batches[i], result));
      },
      (error: unknown) => {
        this.writeHealth.failed(batches, error);
        throw error;
      },
    );
  }

  /** A backend that throws instead of rejecting has failed too. */
  #carry(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    try {
      return this.#commit(batches);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The backend would see only what is sealed, which may be less than what was given. */
  #fits({ writes }: Batch): boolean {
    const { maxValueBytes } = this.info.limits;
    return writes.every((write) => write.kind !== "put" || !isLarger(write.data, maxValueBytes));
  }

  #tooLarge(): StorageFault {
    const { maxValueBytes } = this.info.limits;
    const message = `a value is larger than the ${maxValueBytes} bytes this store encrypts at once; split it`;
    return new StorageFault("too-large", message);
  }

  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    return this.#inner.changes(ctx, namespace, after, options);
  }

  namespaces(ctx: Context): AsyncIterable<readonly string[]> {
    return this.#inner.namespaces(ctx);
  }

  #commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const seal = this.#seal;
    if (seal.isIdle && this.#closing === undefined) return this.#inner.commit(batches);
    const isLarge = batches.some(({ writes }) =>
      writes.some((write) => write.kind === "put" && seal.isLarge(write)),
    );
    if (isLarge || this.#closing !== undefined) return this.#commitLater(batches);
    const sealPut = (put: Put, batch: Batch) => ({
      ...put,
      ...seal.seal(placeOfPut(put, batch), put, this.#maxBytes),
    });
    return this.#inner.commit(
      batches.map((batch) =>
        withWrites(
          batch,
          batch.writes.map((write) => (write.kind === "put" ? sealPut(write, batch) : write)),
        ),
      ),
    );
  }

  /** The backend's own limit of a value. */
  get #maxBytes(): number {
    return this.#inner.info.limits.maxValueBytes;
  }

  #commitLater(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const answer = this.#sealAndCommit(batches);
    const ended: Promise<unknown> = answer.then(nothing, nothing).then(() => this.#sealing.delete(ended));
    this.#sealing.add(ended);
    return answer;
  }

  // One after the other: compressing takes a block of memory of its own.
  async #sealAndCommit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    await this.#closing;
    const sealed: Batch[] = [];
    for (const batch of batches) {
      const writes: Write[] = [];
      for (const write of batch.writes) {
        if (write.kind !== "put") writes.push(write);
        else
          writes.push({
            ...write,
            ...(await this.#seal.sealLarge(placeOfPut(write, batch), write, this.#maxBytes)),
          });
      }
      sealed.push(withWrites(batch, writes));
    }
    return this.#inner.commit(sealed);
  }

  #openConflicts(batch: Batch | undefined, result: CommitResult): CommitResult {
    if (batch === undefined || result.status !== "conflict") return result;
    const opened = result.conflicts.map((conflict): Conflict => {
      if ("range" in conflict || conflict.current === undefined) return conflict;
      return { ...conflict, current: this.#open(batch.namespace, conflict.current) };
    });
    return { ...result, conflicts: opened };
  }

  #openAll<E extends Wanted<ScanWant> | undefined>(namespace: string, entries: readonly E[]): readonly E[] {
    if (!entries.some((entry) => entry !== undefined && this.#seal.needsOpening(entry as StoredEntry)))
      return entries;
    return entries.map((entry) => entry && (this.#open(namespace, entry as StoredEntry) as E));
  }

  #open(namespace: string, entry: StoredEntry): StoredEntry {
    if (!this.#seal.needsOpening(entry)) return entry;
    try {
      const { codec, data } = this.#openPayload(namespace, entry);
      return { ...headerOf(entry), codec, data, size: byteLength(data) };
    } catch (error) {
      return unopened(entry, ofEntry(error, namespace, entry.key));
    }
  }

  #openPayload(namespace: string, entry: Omit<StoredEntry, "size">, seal = this.#seal): Payload {
    const place = placeOf(entry, namespace, entry.version);
    // The backend's own limit may be lower now than when the value was written.
    return seal.open(place, entry, Math.max(this.#maxBytes, MAX_VALUE_BYTES));
  }
}

function hasValues(options: { readonly want?: ScanWant } | undefined): boolean {
  return options?.want === undefined || options.want === "values";
}

function isConflict({ status }: CommitResult): boolean {
  return status === "conflict";
}

function withWrites({ id, ctx, namespace, checks, ranges }: Batch, writes: readonly Write[]): Batch {
  return { id, ctx, namespace, checks, ranges, writes };
}

/** The batch's id becomes the version of what it puts. */
function placeOfPut(put: Put, { id, namespace }: Batch): EntryPlace {
  return placeOf(put, namespace, id);
}

function placeOf(
  { key, type, incarnation }: Pick<Put, "key" | "type" | "incarnation">,
  namespace: string,
  version: Version,
): EntryPlace {
  return { namespace, key, version, type, ...(incarnation !== undefined && { incarnation }) };
}

function nothing(): void {
  return undefined;
}

/** A backend's entries may be objects of a class, whose members a spread would not find. */
function headerOf({ key, version, type, size, incarnation, expiresAt }: StoredEntry): StoredHeader {
  return {
    ...{ key, version, type, size },
    ...(incarnation !== undefined && { incarnation }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** An entry of which everything but its value can be had. */
function unopened(entry: StoredEntry, fault: unknown): StoredEntry {
  return {
    ...headerOf(entry),
    get codec(): number {
      throw fault;
    },
    get data(): Uint8Array {
      throw fault;
    },
  };
}

function ofEntry(error: unknown, namespace: string, key: StoredKey): unknown {
  if (!(error instanceof StorageFault)) return error;
  const named = isHead(key) ? { key: userKey(key) } : {};
  return new StorageFault(error.reason, error.message, { ...named, namespace, cause: error });
}
