import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Backend } from "../../backends/backend.js";
import { defaultBackends, type BackendRegistry } from "../../backends/registry.js";
import { withConsistency } from "../../core/consistency.js";
import { backgroundOn, type Context } from "../../core/context.js";
import type { StorageSettings } from "../../plugin/settings.js";
import { StoragePlugin } from "../../plugin/storage-plugin.js";
import { FakeRuntime } from "../fake-runtime.js";
import { FaultBackend } from "../fault-backend.js";
import type { StorageHarness } from "./storage-harness.js";

const STEP_MS = 50;
const LIMIT_MS = 60_000;
/** Of the machine's own time. */
const REAL_LIMIT_MS = 40_000;
/** A timer may fire a little before its time by another clock. */
const EARLY_TIMER_MS = 5;
/** No case takes longer in real time. */
const LONGEST_CASE_MS = 20_000;

/** One store under test, on a clock that the case moves. */
export class StorageRig {
  readonly harness: StorageHarness;
  readonly runtime = new FakeRuntime();
  /** Deadlines derived from it run on the fake clock. */
  readonly ctx: Context = backgroundOn(this.runtime);
  /** As `ctx`, but every read goes to the backend. */
  readonly strong: Context = withConsistency(this.ctx, "strong");
  readonly settings: StorageSettings;
  readonly store: StoragePlugin;
  #faults: FaultBackend | undefined;

  constructor(harness: StorageHarness, settings: StorageSettings) {
    this.harness = harness;
    this.settings = settings;
    this.store = this.another();
  }

  /** Another store on the same configuration, not started; both must not be open at once where files are locked. */
  another(): StoragePlugin {
    return new StoragePlugin({
      settings: this.settings,
      backends: this.#backends(),
      runtime: this.runtime,
      warn: (message, details) => {
        throw new Error(`the store warned: ${message}`, { cause: details });
      },
    });
  }

  /** The backend of the store that was started last: holds and fails calls when told to. */
  get faults(): FaultBackend {
    assert.ok(this.#faults !== undefined, "the store must have been started");
    return this.#faults;
  }

  /** Whether the configuration has a cache. */
  get hasCache(): boolean {
    return this.harness.cacheEntries > 0;
  }

  /** Whether the backend's clock moves by itself. */
  get isRealTime(): boolean {
    return this.harness.time === "real";
  }

  /** Stops the store and starts it again on what it left. */
  async restart(): Promise<void> {
    await this.store.stop(this.ctx);
    await this.store.start(this.ctx);
  }

  /** Lets time pass for the store, and not for a backend with a clock of its own. */
  async pass(ms: number): Promise<void> {
    await this.runtime.advance(ms);
  }

  /** Lets time pass for store and backend, so that what was to live so long has expired. */
  async passEverywhere(ms: number): Promise<void> {
    if (this.isRealTime) await delay(ms + EARLY_TIMER_MS);
    await this.pass(ms);
  }

  /** Compares times to live; on a real clock the backend's may have gone on meanwhile. */
  sameTtl(actual: number, expected: number, message?: string): void {
    if (!this.isRealTime || expected < 0) return assert.equal(actual, expected, message);
    const details = `${message ?? "a ttl"}: ${actual} of ${expected} ms`;
    assert.ok(actual <= expected && actual > expected - LONGEST_CASE_MS, details);
  }

  /** Lets time pass until the call has ended, so that its pauses do; gives what it gave. */
  async ended<T>(call: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => (isOver = true);
    call.then(over, over);
    // On a busy machine the fake clock runs far ahead of what a backend gets done: both must be over.
    const giveUpAt = performance.now() + REAL_LIMIT_MS;
    const isLate = (passedMs: number) => passedMs > LIMIT_MS && performance.now() > giveUpAt;
    for (let passedMs = 0; !isOver && !isLate(passedMs); passedMs += STEP_MS) {
      await this.pass(STEP_MS);
      // Real input and output takes real time, also on a fake clock.
      await delay(0);
    }
    assert.ok(isOver, `the call did not end within ${LIMIT_MS} ms`);
    return call;
  }

  #backends(): BackendRegistry {
    const known = this.harness.backends ?? defaultBackends();
    return known.names.reduce(
      (registry, name) =>
        registry.with(name, async () => {
          const factory = await known.load(name);
          return (setup) => this.#wrap(factory(setup));
        }),
      known,
    );
  }

  #wrap(backend: Backend): Backend {
    this.#faults = new FaultBackend(backend);
    return this.#faults;
  }
}
