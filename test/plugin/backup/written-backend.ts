import type { Backend, Batch, Write } from "../../../src/backends/backend.js";
import { background } from "../../../src/core/context.js";
import { inRange, type KeyRange } from "../../../src/core/range.js";

const ctx = background();
export const NAMESPACE = "n";

/** What a namespace held after each of its commits, by ordinal: key to value. */
export type States = Map<number, ReadonlyMap<string, string>>;

export interface Writing {
  readonly random: () => number;
  /** Up to so many commits are made before each call that reads. */
  readonly most: number;
  readonly keys: readonly string[];
  readonly ranges: readonly KeyRange[];
}

/**
 * Has others write between any two calls of a backup: commits go straight to the backend before each call that reads, and
 * what the namespace held after each of them is kept.
 */
export class WrittenBackend {
  readonly states: States = new Map();
  /** The same backend, as somebody sees it whom the writers never leave alone. */
  readonly beset: Backend;
  isQuiet = false;
  readonly #backend: Backend;
  readonly #writing: Writing;
  #state: ReadonlyMap<string, string> = new Map();
  #commits = 0;

  constructor(backend: Backend, writing: Writing) {
    this.#backend = backend;
    this.#writing = writing;
    this.states.set(0, this.#state);
    this.beset = this.#besiege();
  }

  async commitSome(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#commit(this.#randomWrites());
  }

  /** A commit of which is known that it changes something. */
  async commitPut(key: string): Promise<void> {
    await this.#commit([this.#put(key)]);
  }

  #besiege(): Backend {
    const backend = this.#backend;
    const disturb = () => this.#disturb();
    return {
      ...backend,
      info: backend.info,
      extensions: backend.extensions,
      open: (context) => backend.open(context),
      close: (context) => backend.close(context),
      commit: (batches) => backend.commit(batches),
      namespaces: (context) => backend.namespaces(context),
      read: async (...args) => {
        await disturb();
        return backend.read(...args);
      },
      changes: async (...args) => {
        await disturb();
        return backend.changes(...args);
      },
      async *scan(...args) {
        for await (const page of backend.scan(...args)) {
          yield page;
          await disturb();
        }
      },
    };
  }

  async #disturb(): Promise<void> {
    if (!this.isQuiet) await this.commitSome(this.#below(this.#writing.most + 1));
  }

  #randomWrites(): Write[] {
    const { keys, ranges } = this.#writing;
    if (ranges.length > 0 && this.#below(6) === 0) {
      return [{ kind: "delete-range", range: ranges[this.#below(ranges.length)] as KeyRange }];
    }
    const chosen = new Set(
      Array.from({ length: 1 + this.#below(3) }, () => keys[this.#below(keys.length)] as string),
    );
    return [...chosen].map((key) => {
      if (this.#below(4) === 0) return { kind: "delete", key };
      return this.#put(key);
    });
  }

  #put(key: string): Write {
    const data = `"${this.#commits}:${key.length}"`;
    return { kind: "put", key, type: key.startsWith("\0") ? 5 : 1, codec: 1, data, expiry: undefined };
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    const id = `c${(this.#commits += 1)}`;
    const batch: Batch = { id, ctx, namespace: NAMESPACE, checks: [], ranges: [], writes };
    const [result] = await this.#backend.commit([batch]);
    if (result?.status !== "committed") throw new Error("nothing stands in the way of a commit here");
    const state = new Map(this.#state);
    for (const write of writes) apply(state, write);
    this.#state = state;
    this.states.set(result.position.ordinal, state);
  }

  #below(limit: number): number {
    return Math.floor(this.#writing.random() * limit);
  }
}

/** What a batch or a record does to a state. */
type Effect =
  | { readonly kind: "put"; readonly key: string; readonly data: string | Uint8Array }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "delete-range"; readonly range: KeyRange };

/** Changes a state as a write does. */
export function apply(state: Map<string, string>, effect: Effect): void {
  if (effect.kind === "put") state.set(effect.key, Buffer.from(effect.data).toString());
  else if (effect.kind === "delete") state.delete(effect.key);
  else for (const key of state.keys()) if (inRange(key, effect.range)) state.delete(key);
}
