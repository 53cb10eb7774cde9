import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { background } from "../../src/core/context.js";
import type { Runtime } from "../../src/core/runtime.js";
import {
  defaultBackends,
  openStorage,
  type Storage,
  type StorageSettings,
  type Transaction,
} from "../../src/index.js";
import { ModelData } from "./model-data.js";
import { ModelStorage } from "./model-storage.js";
import type { ModelTransaction } from "./model-transaction.js";
import { VersionNames } from "./outcome.js";

/** Something that commands are carried out on: a store or the model. */
export interface Subject {
  readonly name: string;
  readonly versions: VersionNames;
  readonly transactions: (Transaction | ModelTransaction | undefined)[];
  namespace(name: string): Storage | ModelStorage;
  clearCache(): Promise<void>;
  listNamespaces(): Promise<string[]>;
  /** Closes and opens it again where data outlives that. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export class ModelSubject implements Subject {
  readonly name = "model";
  readonly versions = new VersionNames();
  readonly transactions: (ModelTransaction | undefined)[] = [];
  readonly #data: ModelData;

  constructor(runtime: Runtime) {
    this.#data = new ModelData(() => runtime.clock.wall());
  }

  namespace(name: string): ModelStorage {
    return new ModelStorage(this.#data, name);
  }

  async listNamespaces(): Promise<string[]> {
    return this.#data.liveNamespaces();
  }

  async clearCache(): Promise<void> {
    return undefined;
  }

  async reopen(): Promise<void> {
    return undefined;
  }

  async close(): Promise<void> {
    return undefined;
  }
}

/** Which stores the model is compared with. */
export interface StoreKind {
  readonly name: string;
  readonly settings: StorageSettings;
  readonly persistent: boolean;
}

/** Every kind that this build has. */
export const STORE_KINDS: readonly StoreKind[] = [
  { name: "memory", settings: { backend: "memory" }, persistent: false },
  { name: "memory without cache", settings: { backend: "memory", cache_size: 0 }, persistent: false },
  { name: "memory with a cache of 3", settings: { backend: "memory", cache_size: 3 }, persistent: false },
  { name: "file", settings: { backend: "file", durability: "process" } as const, persistent: true },
  {
    name: "file without cache",
    settings: { backend: "file", durability: "process", cache_size: 0 } as const,
    persistent: true,
  },
].filter(({ settings }) => defaultBackends().has(settings.backend));

/** Wraps what users call; a museum piece goes here. */
export type Disguise = (storage: Storage, namespace: string) => Storage;

/** Opens a store of its own in a folder of its own. */
export async function openSubject(
  kind: StoreKind,
  runtime: Runtime,
  open: typeof openStorage = openStorage,
  disguise: Disguise = (storage) => storage,
): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-model-"));
  const section = kind.persistent ? { file: { path: join(folder, "store") } } : {};
  const openOne = () => open({ ...kind.settings, ...section }, { runtime });
  let plugin = await openOne();
  return {
    name: kind.name,
    versions: new VersionNames(),
    transactions: [],
    namespace: (name) => disguise(name === "" ? plugin : plugin.namespace(name), name),
    clearCache: () => plugin.clearCache(background()),
    listNamespaces: () => plugin.listNamespaces(background()),
    reopen: async () => {
      if (!kind.persistent) return;
      await plugin.stop();
      plugin = await openOne();
    },
    close: async () => {
      await plugin.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
