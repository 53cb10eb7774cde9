import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StorageSettings } from "../../src/index.js";

/** An empty store of its own for whoever asked for it. */
export interface FreshStore {
  /** Plain data: another process can open the same store with it, and so can a YAML file. */
  readonly settings: StorageSettings;
  /** Removes everything; nobody has it open any more. */
  destroy(): Promise<void>;
}

/** One kind of store, for the tests that run over all of them. */
export interface StoreKind {
  /** Stands in titles and ids of rows. */
  readonly name: string;
  /** Its name in YAML. */
  readonly backend: string;
  /** What is there after the store was closed and opened again. */
  readonly persistent: boolean;
  /** Several processes may have it open at once. */
  readonly shared: boolean;
  /** Whose clock decides about expiry: that of the process, which a test can replace, or that of a server. */
  readonly time: "fake" | "real";
  /** What must be installed; stands in the reason of a skip. */
  readonly needs?: string;
  /** Undefined where what it needs is missing; its test then calls `missing`. */
  fresh(): Promise<FreshStore | undefined>;
}

/** In memory where the system has such a folder: what is tested is not the disk. */
const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A store in a temporary folder of its own. */
async function inFolder(settings: (folder: string) => StorageSettings): Promise<FreshStore> {
  const folder = await mkdtemp(join(FOLDER, "holdfast-store-"));
  return { settings: settings(folder), destroy: () => rm(folder, { recursive: true, force: true }) };
}

/** Every kind of store there is. A backend of this package that is not here fails stores.test.ts. */
export const STORES: readonly StoreKind[] = [
  {
    name: "memory",
    backend: "memory",
    persistent: false,
    shared: false,
    time: "fake",
    fresh: async () => ({ settings: { backend: "memory" }, destroy: async () => undefined }),
  },
  {
    name: "file",
    backend: "file",
    persistent: true,
    shared: false,
    time: "fake",
    fresh: () => inFolder((folder) => ({ backend: "file", file: { path: join(folder, "store.json") } })),
  },
];

export const SHARED_STORES: readonly StoreKind[] = STORES.filter(({ shared }) => shared);

/** The kind of that name, which must be there. */
export function storeKind(name: string): StoreKind {
  const kind = STORES.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`there is no store ${name} in test/support/stores.ts`);
  return kind;
}
