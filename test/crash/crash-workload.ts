import type { Batch, Put, Write } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import type { FileBackend } from "../../src/backends/file/file-backend.js";
import { CrashModel, NAMESPACES } from "./crash-model.js";
import type { SeededRandom } from "./seeded-random.js";

const ctx = background();
const FAR_MS = Date.UTC(2100, 0, 1);

/**
 * Random commits, and every state that they lead through. A recovered store must hold one of the states from the last
 * that was promised to last up to the last that was begun.
 */
export class CrashWorkload {
  readonly #random: SeededRandom;
  readonly #model = new CrashModel();
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
  async commit(backend: FileBackend): Promise<void> {
    const batches = Array.from({ length: 1 + this.#random.below(3) }, () => this.#batch());
    for (const batch of batches) this.#model.apply(batch);
    this.states.push(this.#model.text);
    this.begun += 1;
    await backend.commit(batches);
    this.acknowledged = this.begun;
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
