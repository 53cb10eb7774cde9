import type { Backend, Batch, Put, Write } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import { StorageFault } from "../../src/core/errors.js";
import { isKill } from "./is-kill.js";
import { CrashModel, NAMESPACES } from "./crash-model.js";
import type { SeededRandom } from "./seeded-random.js";

const ctx = background();

/** Whether a refused call is sure to have had no effect. */
function isCertain(error: unknown): boolean {
  return error instanceof StorageFault && error.outcome === undefined && !isKill(error);
}

const FAR_MS = Date.UTC(2100, 0, 1);

/**
 * Random commits, and every state that they lead through. A recovered store must hold one of the states from the last
 * that was promised to last up to the last that was begun.
 */
export class CrashWorkload {
  readonly #random: SeededRandom;
  #model = new CrashModel();
  /** What the store may hold instead: the effects of calls whose outcome is unknown. */
  #perhaps: CrashModel[] = [];
  /** The text of the state after that many calls. */
  readonly states: string[] = [this.#model.text];
  /** Calls begun. */
  begun = 0;
  /** Calls whose effect was promised to outlast what the test does to the store. */
  promised = 0;
  /** Calls that were acknowledged. */
  acknowledged = 0;
  #ids = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** One commit call of one to three batches. Rejects as it does; then it may or may not have had its effect. */
  async commit(backend: Backend): Promise<void> {
    const batches = Array.from({ length: 1 + this.#random.below(3) }, () => this.#batch());
    const next = this.#model.copy();
    for (const batch of batches) next.apply(batch);
    this.states.push(next.text);
    this.begun += 1;
    // A process that is killed learns nothing; a call that is refused for certain has no effect.
    this.#perhaps.push(next);
    try {
      await backend.commit(batches);
      this.#model = next;
      this.acknowledged = this.begun;
      this.#perhaps = [];
    } catch (error) {
      if (isCertain(error)) this.#perhaps.pop();
      throw error;
    }
  }

  /** Whether a store may hold this; if it does, that is what commits go on from. */
  settle(found: string): boolean {
    this.#model = this.#perhaps.find(({ text }) => text === found) ?? this.#model;
    this.#perhaps = [];
    return this.#model.text === found;
  }

  /** Whether a store may hold this. */
  isAllowed(found: string): boolean {
    return this.allowed().includes(found);
  }

  /** Everything that a store may hold now. */
  allowed(): readonly string[] {
    return [this.#model, ...this.#perhaps].map(({ text }) => text);
  }

  #batch(): Batch {
    const random = this.#random;
    const writes: Write[] = [];
    const keys = new Set<string>();
    if (random.chance(0.08)) writes.push({ kind: "delete-range", range: { start: "kb", end: "ke" } });
    const count = 1 + random.below(4);
    while (keys.size < count) keys.add(`k${random.pick("abcdefgh".split(""))}`);
    for (const key of keys) writes.push(random.chance(0.15) ? { kind: "delete", key } : this.#put(key));
    const id = `w${++this.#ids}`;
    return { id, ctx, namespace: random.pick(NAMESPACES), checks: [], ranges: [], writes };
  }

  #put(key: string): Put {
    const random = this.#random;
    const length = random.chance(0.1) ? random.below(2000) : random.below(60);
    const put = { kind: "put", key, type: ENTRY_TYPE.value, codec: 1, expiry: undefined } as const;
    if (random.chance(0.1)) return { ...put, codec: 2, data: Buffer.alloc(length, random.below(256)) };
    if (random.chance(0.1)) return { ...put, data: JSON.stringify("é\t\n"), expiry: { at: FAR_MS } };
    if (random.chance(0.1)) {
      return { ...put, type: ENTRY_TYPE.list, data: "[]", incarnation: "abcdefghijklmnopqrstuv" };
    }
    return { ...put, data: JSON.stringify({ n: this.#ids, pad: "x".repeat(length) }) };
  }
}
