import type {
  Backend,
  BackendInfo,
  Batch,
  ChangesOptions,
  Position,
  ScanOptions,
  ScanWant,
  Want,
} from "../../src/backends/backend.js";
import type { Context } from "../../src/core/context.js";
import { StorageFault, type Reason } from "../../src/core/errors.js";
import type { StoredKey } from "../../src/core/key.js";
import type { KeyRange } from "../../src/core/range.js";

/** One backend under several owners, as a server is: opened by the first view, closed by the last. */
export class ViewedBackend {
  readonly #backend: Backend;
  readonly #open = new Set<Backend>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** An instance of its own to its owner. */
  view(): Backend {
    const view: Backend = new BackendView(this.#backend, {
      enter: async (ctx) => {
        this.#open.add(view);
        await this.#backend.open(ctx);
      },
      leave: async (ctx) => {
        if (this.#open.delete(view) && this.#open.size === 0) await this.#backend.close(ctx);
      },
    });
    return view;
  }
}

interface Door {
  enter(ctx: Context): Promise<void>;
  leave(ctx: Context): Promise<void>;
}

class BackendView implements Backend {
  readonly #backend: Backend;
  readonly #door: Door;
  readonly #closing = new Set<(fault: Error) => void>();
  readonly info: BackendInfo;
  #shut: Reason | undefined = "not-open";

  constructor(backend: Backend, door: Door) {
    this.#backend = backend;
    this.#door = door;
    this.info = { ...backend.info, capabilities: { ...backend.info.capabilities, shared: true } };
  }

  get extensions() {
    return this.#backend.extensions;
  }

  async open(ctx: Context) {
    await this.#door.enter(ctx);
    this.#shut = undefined;
  }

  async close(ctx: Context) {
    if (this.#shut === undefined) this.#shut = "closed";
    for (const end of this.#closing) end(new StorageFault("closed", "this view of the backend was closed"));
    await this.#door.leave(ctx);
  }

  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ) {
    return this.#ifOpen(() => this.#backend.read(ctx, namespace, keys, options));
  }

  async *scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ) {
    this.#mustBeOpen();
    for await (const page of this.#backend.scan(ctx, namespace, range, options)) {
      yield page;
      this.#mustBeOpen();
    }
  }

  commit(batches: readonly Batch[]) {
    return this.#ifOpen(() => this.#backend.commit(batches));
  }

  changes(ctx: Context, namespace: string, after: Position | undefined, options: ChangesOptions) {
    return this.#untilClosed(() => this.#backend.changes(ctx, namespace, after, options));
  }

  async *namespaces(ctx: Context) {
    this.#mustBeOpen();
    yield* this.#backend.namespaces(ctx);
  }

  #mustBeOpen(): void {
    if (this.#shut !== undefined)
      throw new StorageFault(this.#shut, `this view of the backend is ${this.#shut}`);
  }

  async #ifOpen<T>(call: () => Promise<T>): Promise<T> {
    this.#mustBeOpen();
    return await call();
  }

  /** What waits when this view is closed ends with it, though the backend goes on for others. */
  async #untilClosed<T>(call: () => Promise<T>): Promise<T> {
    this.#mustBeOpen();
    return await new Promise<T>((resolve, reject) => {
      this.#closing.add(reject);
      call()
        .then(resolve, reject)
        .finally(() => this.#closing.delete(reject));
    });
  }
}
