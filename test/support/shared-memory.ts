import type {
  Backend,
  BackendExtensions,
  BackendInfo,
  BackendSetup,
  Batch,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  Position,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Want,
} from "../../src/backends/backend.js";
import { Lifecycle } from "../../src/backends/local/lifecycle.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { background, withCancel, type Context } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import type { StoredKey } from "../../src/core/key.js";
import { pause } from "../../src/core/pause.js";
import type { KeyRange } from "../../src/core/range.js";

/** What happens between one process and the store; nothing where absent. */
export interface LinkFaults {
  /** How long a call is on its way, there and back each, in milliseconds. */
  travelMs?(): number;
  /** How late the news of a change wakes a waiting call, in milliseconds; Infinity: it is lost. */
  wakeDelayMs?(): number;
  /** Whether a waiting call is woken although nothing changed. */
  wakesForNothing?(): boolean;
  /** Whether the log is found too short for a call. */
  losesLog?(): boolean;
  /** How a commit fails: refused, or with nobody knowing whether it took effect. */
  commitFault?(): "refused" | "applied" | "not-applied" | undefined;
}

/** One store in memory, used by several processes: each has a link of its own, which may be cut or faulty. */
export class SharedMemory {
  readonly #setup: BackendSetup;
  #inner: Backend;
  #isOpen: Promise<void> | undefined;
  #isDown = false;
  /** Every batch that took effect and was not lost. */
  #committed: Batch[] = [];
  /** Told of a batch in the step in which it took effect. */
  onCommit: (batch: Batch) => void = () => undefined;

  constructor(setup: BackendSetup) {
    this.#setup = setup;
    this.#inner = memoryBackend(setup);
  }

  /** The store as one process sees it; not yet open. */
  link(faults: LinkFaults = {}): SharedLink {
    return new SharedLink(this, this.#setup, faults);
  }

  /** @throws StorageFault `unavailable` while the store fails over. */
  get inner(): Backend {
    if (this.#isDown) throw unreachable();
    return this.#inner;
  }

  get info(): BackendInfo {
    const { capabilities, ...info } = this.#inner.info;
    return { ...info, name: "shared", capabilities: { ...capabilities, shared: true, persistent: true } };
  }

  open(): Promise<void> {
    this.#isOpen ??= this.#inner.open(background());
    return this.#isOpen;
  }

  async close(): Promise<void> {
    await this.#inner.close(background());
  }

  async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results = await this.inner.commit(batches);
    for (const [i, batch] of batches.entries()) {
      if (results[i]?.status !== "committed" || batch.writes.length === 0) continue;
      this.#committed.push(batch);
      this.onCommit(batch);
    }
    return results;
  }

  /** The store goes on from an earlier state: its last commits never were. Not for entries that expire. */
  async failOver(lostCommits: number): Promise<void> {
    this.#isDown = true;
    const kept = this.#committed.slice(0, Math.max(0, this.#committed.length - lostCommits));
    const next = memoryBackend(this.#setup);
    await next.open(background());
    for (const batch of kept) await next.commit([{ ...batch, ctx: background(), checks: [], ranges: [] }]);
    const before = this.#inner;
    this.#committed = kept;
    this.#inner = next;
    this.#isDown = false;
    await before.close(background());
  }

  /** The batches that are in force, oldest first. */
  get committed(): readonly Batch[] {
    return this.#committed;
  }
}

/** A backend over a store that others use too. */
export class SharedLink implements Backend {
  readonly extensions: BackendExtensions = {};
  /** Nothing gets through while it is true. */
  isCut = false;
  faults: LinkFaults;
  readonly #store: SharedMemory;
  readonly #setup: BackendSetup;
  readonly #lifecycle = new Lifecycle();
  #life = withCancel(background());

  constructor(store: SharedMemory, setup: BackendSetup, faults: LinkFaults) {
    this.#store = store;
    this.#setup = setup;
    this.faults = faults;
  }

  get info(): BackendInfo {
    return this.#store.info;
  }

  async open(ctx: Context): Promise<void> {
    await this.#lifecycle.open(ctx, () => this.#store.open());
    this.#life = withCancel(background());
  }

  async close(_ctx: Context): Promise<void> {
    await this.#lifecycle.close(this.#life[1], async () => undefined);
  }

  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ): Promise<ReadResult<W>> {
    return this.#carry(ctx, () => this.#store.inner.read(ctx, namespace, keys, options));
  }

  async *scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncGenerator<ScanPage<W>> {
    this.#lifecycle.check(ctx);
    for await (const page of this.#store.inner.scan(ctx, namespace, range, options)) {
      this.#check(ctx);
      yield page;
      this.#lifecycle.check(ctx);
    }
  }

  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const ctx = batches.length === 1 ? (batches[0] as Batch).ctx : background();
    return this.#lifecycle.track(async () => {
      this.#lifecycle.checkOpen();
      await this.#travel(ctx);
      if (this.isCut) throw unreachable();
      const fault = this.faults.commitFault?.();
      if (fault === "refused") throw unreachable();
      const results = fault === "not-applied" ? [] : await this.#store.commit(batches);
      await this.#travel(ctx);
      if (fault !== undefined || this.isCut) throw unreachable("unknown");
      return results;
    });
  }

  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    return this.#carry(ctx, () => this.#nextChanges(ctx, namespace, after, options));
  }

  async *namespaces(ctx: Context): AsyncGenerator<readonly string[]> {
    this.#lifecycle.check(ctx);
    for await (const page of this.#store.inner.namespaces(ctx)) {
      yield page;
      this.#lifecycle.check(ctx);
    }
  }

  #carry<R>(ctx: Context, carryOut: () => Promise<R>): Promise<R> {
    return this.#lifecycle.run(ctx, async () => {
      await this.#travel(ctx);
      this.#check(ctx);
      const answer = await carryOut();
      await this.#travel(ctx);
      this.#check(ctx);
      return answer;
    });
  }

  #check(ctx: Context): void {
    const over = ctx.err();
    if (over !== undefined) throw over;
    if (this.isCut) throw unreachable();
  }

  async #travel(ctx: Context): Promise<void> {
    const ms = this.faults.travelMs?.() ?? 0;
    if (ms > 0) await pause(ctx, this.#setup.runtime.timers, ms);
  }

  async #nextChanges(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    { limit, waitMs = 0 }: ChangesOptions,
  ): Promise<ChangesResult> {
    const { clock } = this.#setup.runtime;
    const until = clock.monotonic() + waitMs;
    for (;;) {
      this.#lifecycle.check(ctx);
      this.#check(ctx);
      const found = await this.#store.inner.changes(ctx, namespace, after, { limit });
      if (this.faults.losesLog?.() === true) return { lost: true, position: await this.#end(namespace) };
      const leftMs = waitMs > 0 ? until - clock.monotonic() : 0;
      if (found.lost || found.changes.length > 0 || leftMs <= 0) return found;
      if (this.faults.wakesForNothing?.() === true) return found;
      await this.#wait(ctx, namespace, after, leftMs);
    }
  }

  /** Until news of a change, which may come late or never, or the time is over. */
  async #wait(ctx: Context, namespace: string, after: Position | undefined, leftMs: number): Promise<void> {
    const { clock, timers } = this.#setup.runtime;
    const until = clock.monotonic() + leftMs;
    const [own, cancel] = withCancel(ctx);
    const forget = this.#life[0].onDone(cancel);
    try {
      await this.#store.inner.changes(own, namespace, after, { limit: 1, waitMs: leftMs });
      const delayMs = Math.min(this.faults.wakeDelayMs?.() ?? 0, until - clock.monotonic());
      if (delayMs > 0) await pause(own, timers, delayMs);
    } catch (error) {
      if (own.err() === undefined && !this.#isMoving(error)) throw error;
    } finally {
      forget();
      cancel();
    }
  }

  /** A store that failed over closes what it was before. */
  #isMoving(error: unknown): boolean {
    return error instanceof StorageFault && error.reason === "closed";
  }

  async #end(namespace: string): Promise<Position> {
    return (await this.#store.inner.read(background(), namespace, [])).position;
  }
}

function unreachable(outcome?: "unknown"): StorageFault {
  return new StorageFault(
    "unavailable",
    "the store cannot be reached",
    outcome === undefined ? {} : { outcome },
  );
}
