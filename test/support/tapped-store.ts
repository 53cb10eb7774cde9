import type { Backend, Batch, Limits, ReadResult } from "../../src/backends/backend.js";
import {
  defaultBackends,
  openStorage,
  type StoragePlugin,
  type StoragePluginOptions,
  type StorageSettings,
} from "../../src/index.js";

/** What a test looks at, or does, around the calls of a store's backend. */
export interface Tap {
  beforeCommit?(batches: readonly Batch[]): Promise<void> | void;
  afterCommit?(batches: readonly Batch[]): Promise<void> | void;
  afterRead?(result: ReadResult): Promise<void> | void;
  /** In the place of the backend's own. */
  readonly limits?: Partial<Limits>;
}

export interface TappedStore {
  readonly storage: StoragePlugin;
  readonly backend: Backend;
  /** Keys put and deleted by committed batches since it was opened. */
  readonly writes: () => number;
}

/** Opens a store whose backend can be looked at. The tap may be filled in later. */
export async function openTapped(
  settings: StorageSettings,
  tap: Tap = {},
  options: StoragePluginOptions = {},
): Promise<TappedStore> {
  const name = settings.backend ?? "memory";
  let writes = 0;
  let backend: Backend | undefined;
  const backends = defaultBackends().with(name, async () => {
    const factory = await defaultBackends().load(name);
    return (setup) => {
      backend = factory(setup);
      tapCalls(backend, tap, ({ writes: { length } }) => {
        writes += length;
      });
      return backend;
    };
  });
  const storage = await openStorage(settings, { ...options, backends });
  return { storage, backend: backend as Backend, writes: () => writes };
}

/** @param count called with each committed batch. */
export function tapCalls(backend: Backend, tap: Tap, count: (batch: Batch) => void = () => undefined): void {
  const commit = backend.commit.bind(backend);
  const read = backend.read.bind(backend);
  const { info } = backend;
  Object.defineProperty(backend, "info", {
    get: () => ({ ...info, limits: { ...info.limits, ...tap.limits } }),
  });
  backend.commit = async (batches) => {
    await tap.beforeCommit?.(batches);
    const results = await commit(batches);
    batches.filter((_batch, i) => results[i]?.status === "committed").forEach(count);
    await tap.afterCommit?.(batches);
    return results;
  };
  backend.read = async (...args: Parameters<typeof read>) => {
    const result = await read(...args);
    await tap.afterRead?.(result);
    return result;
  };
}
