import assert from "node:assert/strict";
import type { Change } from "../../plugin/storage.js";
import type { StorageRig } from "./storage-rig.js";

/** A watch whose first `next` has begun, so that it sees what follows. */
export class Watching<T = unknown> {
  readonly #changes: AsyncIterator<Change<T>>;
  #next: Promise<IteratorResult<Change<T>>>;

  constructor(changes: AsyncIterable<Change<T>>) {
    this.#changes = changes[Symbol.asyncIterator]();
    this.#next = this.#changes.next();
  }

  /** Begins, and returns once the watch knows where it began. */
  static async of<T>({ faults }: StorageRig, changes: AsyncIterable<Change<T>>): Promise<Watching<T>> {
    const asked = faults.hold("read", "after");
    const watching = new Watching(changes);
    await asked.reached;
    asked.release();
    await new Promise(setImmediate);
    return watching;
  }

  /** The next changes; the one after them is awaited already. */
  async take(count: number): Promise<Change<T>[]> {
    const taken: Change<T>[] = [];
    while (taken.length < count) {
      const next = await this.#next;
      assert.ok(next.done !== true, "the watch ended");
      taken.push(next.value);
      this.#next = this.#changes.next();
    }
    return taken;
  }

  /** What the awaited `next` gives. */
  get pending(): Promise<IteratorResult<Change<T>>> {
    return this.#next;
  }

  async leave(): Promise<void> {
    await this.#changes.return?.();
  }
}
