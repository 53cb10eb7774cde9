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
import type { StoredKey } from "../../src/core/key.js";
import type { KeyRange } from "../../src/core/range.js";

/** One backend under several plugins, as a server is: opened by the first view, closed by the last. */
export class ViewedBackend {
  #backend: Backend | undefined;
  #users = 0;

  view(make: () => Backend): Backend {
    this.#backend ??= make();
    return new BackendView(this.#backend, {
      enter: async (ctx) => {
        this.#users += 1;
        if (this.#users === 1) await this.#backend?.open(ctx);
      },
      leave: async (ctx) => {
        this.#users -= 1;
        if (this.#users === 0) await this.#backend?.close(ctx);
      },
    });
  }
}

interface Door {
  enter(ctx: Context): Promise<void>;
  leave(ctx: Context): Promise<void>;
}

class BackendView implements Backend {
  readonly #backend: Backend;
  readonly #door: Door;
  readonly info: BackendInfo;

  constructor(backend: Backend, door: Door) {
    this.#backend = backend;
    this.#door = door;
    this.info = { ...backend.info, capabilities: { ...backend.info.capabilities, shared: true } };
  }

  get extensions() {
    return this.#backend.extensions;
  }

  open(ctx: Context) {
    return this.#door.enter(ctx);
  }

  close(ctx: Context) {
    return this.#door.leave(ctx);
  }

  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ) {
    return this.#backend.read(ctx, namespace, keys, options);
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ) {
    return this.#backend.scan(ctx, namespace, range, options);
  }

  commit(batches: readonly Batch[]) {
    return this.#backend.commit(batches);
  }

  changes(ctx: Context, namespace: string, after: Position | undefined, options: ChangesOptions) {
    return this.#backend.changes(ctx, namespace, after, options);
  }

  namespaces(ctx: Context) {
    return this.#backend.namespaces(ctx);
  }
}
