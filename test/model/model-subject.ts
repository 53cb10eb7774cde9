import { background } from "../../src/core/context.js";
import type { Runtime } from "../../src/core/runtime.js";
import { openStorage, type Storage, type StorageSettings, type Transaction } from "../../src/index.js";
import {
  SHARED_STORES,
  storeKind,
  type FreshStore,
  type StoreKind as StoreOnTable,
} from "../support/stores.js";
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

  constructor(runtime: Runtime, isShared: boolean) {
    this.#data = new ModelData(() => runtime.clock.wall(), isShared);
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
  /** Beside those that say where the store is. */
  readonly settings: StorageSettings;
  readonly persistent: boolean;
  /** Several processes may write to it. */
  readonly shared: boolean;
  /** Whose clock decides: the test's, or a server's, which leaves out of a run what takes time. */
  readonly time: "fake" | "real";
  readonly needs?: string;
  fresh(): Promise<FreshStore | undefined>;
}

function kindOf(store: StoreOnTable, form = "", settings: StorageSettings = {}): StoreKind {
  const { persistent, shared, time, needs = store.name } = store;
  return { name: store.name + form, settings, persistent, shared, time, needs, fresh: () => store.fresh() };
}

const [memory, file] = [storeKind("memory"), storeKind("file")];

/** Those of one process, which are cheap to open. */
export const STORE_KINDS: readonly StoreKind[] = [
  kindOf(memory),
  kindOf(memory, " without cache", { cache_size: 0 }),
  kindOf(memory, " with a cache of 3", { cache_size: 3 }),
  kindOf(file, "", { durability: "process" }),
  kindOf(file, " without cache", { durability: "process", cache_size: 0 }),
];

/** One for each other backend, and for a cluster. */
export const OTHER_STORE_KINDS: readonly StoreKind[] = [
  kindOf(storeKind("directory"), "", { durability: "process" }),
  ...SHARED_STORES.map((store) => kindOf(store)),
];

/** Wraps what users call; a museum piece goes here. */
export type Disguise = (storage: Storage, namespace: string) => Storage;

/** Opens an empty store of its own. @throws Error where what it needs is missing. */
export async function openSubject(
  kind: StoreKind,
  runtime: Runtime,
  open: typeof openStorage = openStorage,
  disguise: Disguise = (storage) => storage,
): Promise<Subject> {
  const fresh = await kind.fresh();
  if (fresh === undefined) throw new Error(`${kind.name} needs ${kind.needs}`);
  const options = kind.time === "fake" ? { runtime } : {};
  const openOne = () => open({ ...fresh.settings, ...kind.settings }, options);
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
      await fresh.destroy();
    },
  };
}
