import type {
  Backend,
  BackendExtensions,
  BackendInfo,
  Batch,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  Position,
  ReadOptions,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Want,
} from "../backends/backend.js";
import { background, type Context } from "../core/context.js";
import type { StoredKey } from "../core/key.js";
import type { KeyRange } from "../core/range.js";
import { CallGates, type CallMoment, type CallName, type HeldCall } from "./faults/call-gates.js";
import { needlessConflict, refusal, unknownOutcome } from "./faults/commit-faults.js";
import { SeededRandom } from "./faults/seeded-random.js";

/** What goes wrong how often: chances from 0 to 1, 0 where absent. The same seed gives the same faults. */
export interface FaultChances {
  readonly seed: number;
  /** A call waits for some turns of the event loop before it is carried out, or before it is answered. */
  readonly delay?: number;
  /** Longest such wait, in turns of the event loop. Default 4. */
  readonly maxDelayTurns?: number;
  /** A scan waits like that before a page. */
  readonly slowScan?: number;
  /** A call is refused as `unavailable` before it has any effect. */
  readonly refusal?: number;
  /** A batch is refused like that, and others of the call go on. */
  readonly batchRefusal?: number;
  /** A commit takes effect and is answered by an error with `outcome: "unknown"`. */
  readonly unknownApplied?: number;
  /** A commit is answered like that and takes no effect. */
  readonly unknownLost?: number;
  /** A batch that checks something is told that it conflicts, although it may not. */
  readonly conflict?: number;
}

/** How often each kind of fault was injected. */
export type FaultCounts = ReadonlyMap<Exclude<keyof FaultChances, "seed" | "maxDelayTurns">, number>;

const DEFAULT_DELAY_TURNS = 4;

/**
 * A backend that fails on purpose, over one that works: for testing whatever stands on a backend. Without chances it
 * behaves as the one below. `open`, `close` and the extensions are passed on as they are.
 */
export class FaultBackend implements Backend {
  readonly #inner: Backend;
  readonly #gates = new CallGates();
  readonly #counts = new Map<keyof FaultChances, number>();
  #chances: FaultChances = { seed: 0 };
  #random = new SeededRandom(0);
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(inner: Backend, chances: FaultChances = { seed: 0 }) {
    this.#inner = inner;
    this.chances = chances;
  }

  get info(): BackendInfo {
    return this.#inner.info;
  }

  get extensions(): BackendExtensions {
    return this.#inner.extensions;
  }

  /** Changes what goes wrong from the next call on, and starts its seed anew. */
  set chances(chances: FaultChances) {
    this.#chances = chances;
    this.#random = new SeededRandom(chances.seed);
  }

  get injected(): FaultCounts {
    return this.#counts as FaultCounts;
  }

  /** Stops the next call of this kind at a moment until the test releases it. Each page of a scan is a call. */
  hold(call: CallName, moment: CallMoment): HeldCall {
    return this.#gates.hold(call, moment);
  }

  open(ctx: Context): Promise<void> {
    this.#closing = undefined;
    return this.#inner.open(ctx);
  }

  /** Calls that wait here are under way too; those that come later are answered when the backend is closed. */
  close(ctx: Context): Promise<void> {
    if (this.#underWay.size === 0) return this.#inner.close(ctx);
    this.#closing = Promise.all(this.#underWay).then(() => this.#inner.close(ctx));
    return this.#closing;
  }

  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: ReadOptions<W>,
  ): Promise<ReadResult<W>> {
    return this.#around("read", () => this.#inner.read(ctx, namespace, keys, options));
  }

  async *scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncGenerator<ScanPage<W>> {
    yield* this.#pages("scan", this.#inner.scan(ctx, namespace, range, options));
  }

  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    if (this.#isQuiet) return this.#inner.commit(batches);
    return this.#around("commit", () => this.#commit(batches));
  }

  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    // Not awaited by `close`: the backend's own ends what waits for changes.
    const ask = () => this.#inner.changes(ctx, namespace, after, options);
    return this.#isQuiet ? ask() : this.#carryOut("changes", ask);
  }

  async *namespaces(ctx: Context): AsyncGenerator<readonly string[]> {
    yield* this.#pages("namespaces", this.#inner.namespaces(ctx));
  }

  #around<R>(call: CallName, carryOut: () => Promise<R>): Promise<R> {
    if (this.#isQuiet) return carryOut();
    const answer = this.#carryOut(call, carryOut);
    const ended: Promise<unknown> = answer.then(nothing, nothing).then(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    return answer;
  }

  /** Nothing will happen to a call: it is passed on in the same step, as if there were no wrapper. */
  get #isQuiet(): boolean {
    const isHarmless = Object.keys(this.#chances).length <= 1;
    return isHarmless && this.#gates.isEmpty && this.#closing === undefined;
  }

  async #carryOut<R>(call: CallName, carryOut: () => Promise<R>): Promise<R> {
    await this.#closing;
    await this.#gates.pass(call, "before");
    await this.#delay("delay");
    if (this.#happens("refusal")) throw refusal(call);
    const answer = await carryOut();
    await this.#gates.pass(call, "after");
    await this.#delay("delay");
    return answer;
  }

  async *#pages<P>(call: CallName, pages: AsyncIterable<P>): AsyncGenerator<P> {
    await this.#gates.pass(call, "before");
    for await (const page of pages) {
      await this.#gates.pass(call, "after");
      if (this.#happens("refusal")) throw refusal(call);
      await this.#delay("slowScan");
      yield page;
      await this.#gates.pass(call, "before");
    }
  }

  async #commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    if (this.#happens("unknownLost")) throw unknownOutcome();
    const refused = await Promise.all(batches.map((batch) => this.#refuse(batch)));
    const rest = batches.filter((_batch, i) => refused[i] === undefined);
    const results = rest.length === 0 ? [] : await this.#inner.commit(rest);
    if (this.#happens("unknownApplied")) throw unknownOutcome();
    let next = 0;
    return refused.map((result) => result ?? (results[next++] as CommitResult));
  }

  async #refuse(batch: Batch): Promise<CommitResult | undefined> {
    if (this.#happens("batchRefusal")) return { status: "fault", fault: refusal("batch") };
    const checks = batch.checks.length + batch.ranges.length;
    if (checks === 0 || !this.#happens("conflict")) return undefined;
    const { now } = await this.#inner.read(background(), batch.namespace, []);
    return needlessConflict(batch, now);
  }

  async #delay(kind: "delay" | "slowScan"): Promise<void> {
    if (!this.#happens(kind)) return;
    const turns = 1 + this.#random.below(this.#chances.maxDelayTurns ?? DEFAULT_DELAY_TURNS);
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
  }

  #happens(kind: Exclude<keyof FaultChances, "seed" | "maxDelayTurns">): boolean {
    const chance = this.#chances[kind];
    if (chance === undefined || !this.#random.chance(chance)) return false;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    return true;
  }
}

function nothing(): void {
  return undefined;
}
