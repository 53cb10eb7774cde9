import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { background, defaultBackends, openStorage, type StorageSettings } from "../../src/index.js";
import { mariadbServer, startMariadb } from "./servers/mariadb-server.js";
import { postgresServer, startPostgres } from "./servers/postgres-server.js";
import { redisCluster } from "./servers/redis-cluster.js";
import { redisServer, startRedis } from "./servers/redis-server.js";
import type { ServerProcess } from "./servers/server-process.js";
import { ownPrefix } from "./redis-harness.js";
import { freshTable } from "./table-shelf.js";
import { MEMORY_FOLDER } from "./memory-folder.js";

/** An empty store of its own for whoever asked for it. */
export interface FreshStore {
  /** Plain data: another process can open the same store with it, and so can a YAML file. */
  readonly settings: StorageSettings;
  /** Removes everything; nobody has it open any more. */
  destroy(): Promise<void>;
}

/** A server that stores live on. */
export interface StoreServer {
  readonly url: string;
  readonly port: number;
  /** undefined for a server that was there already. */
  readonly process?: ServerProcess;
  /** Starts it again on the same data and port, after its process has ended. */
  restart?(): Promise<StoreServer>;
  stop(): Promise<void>;
}

/** How a kind of store lives on servers. */
export interface ServedKind {
  /** The one that suites share. */
  shared(): Promise<StoreServer | undefined>;
  /** One that a test may kill, stop and start again; undefined where the programs are missing. */
  start(): Promise<StoreServer | undefined>;
  /** A fresh store on the server at a URL, which may be a proxy's. */
  settings(url: string): StorageSettings;
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
  /** For kinds that live on servers. */
  readonly served?: ServedKind;
}

/** A kind whose stores are files in a temporary folder of their own. */
function inFolder(
  backend: string,
  shared: boolean,
  settings: (folder: string) => StorageSettings,
): StoreKind {
  return {
    name: backend,
    backend,
    persistent: true,
    shared,
    time: "fake",
    async fresh() {
      const folder = await mkdtemp(join(MEMORY_FOLDER, "holdfast-store-"));
      return {
        settings: { backend, ...settings(folder) },
        destroy: () => rm(folder, { recursive: true, force: true }),
      };
    },
  };
}

/** A kind whose stores live side by side on one server. */
function onServer(backend: string, needs: string, served: ServedKind): StoreKind {
  return {
    name: backend,
    backend,
    persistent: true,
    shared: true,
    time: "real",
    needs,
    served,
    async fresh() {
      const server = await served.shared();
      if (server === undefined) return undefined;
      const settings = { backend, ...served.settings(server.url) };
      // A private server goes with everything on it.
      const isPrivate = server.process !== undefined;
      return { settings, destroy: async () => (isPrivate ? undefined : clear(settings)) };
    },
  };
}

async function clear(settings: StorageSettings): Promise<void> {
  const storage = await openStorage(settings);
  for (const name of await storage.listNamespaces(background())) {
    await storage.clearNamespace(background(), name);
  }
  await storage.stop();
}

/** Stores side by side on the masters of one cluster. */
const REDIS_CLUSTER: StoreKind = {
  name: "redis cluster",
  backend: "redis",
  persistent: true,
  shared: true,
  time: "real",
  needs: "redis-server",
  async fresh() {
    const servers = await redisCluster();
    if (servers === undefined) return undefined;
    const redis = { cluster: [...servers.addresses], prefix: ownPrefix() };
    return { settings: { backend: "redis", redis }, destroy: async () => undefined };
  },
};

const KINDS: readonly StoreKind[] = [
  {
    name: "memory",
    backend: "memory",
    persistent: false,
    shared: false,
    time: "fake",
    fresh: async () => ({ settings: { backend: "memory" }, destroy: async () => undefined }),
  },
  inFolder("file", false, (folder) => ({ file: { path: join(folder, "store.json") } })),
  inFolder("directory", false, (folder) => ({ directory: { path: join(folder, "store") } })),
  inFolder("sqlite", true, (folder) => ({ sqlite: { path: join(folder, "store.db") } })),
  inFolder("lmdb", true, (folder) => ({ lmdb: { path: join(folder, "store") } })),
  onServer("postgres", "postgresql", {
    shared: postgresServer,
    start: () => startPostgres(),
    settings: (url) => ({ postgres: { url, table: freshTable() } }),
  }),
  onServer("mysql", "mariadb-server", {
    shared: mariadbServer,
    start: () => startMariadb(),
    settings: (url) => ({ mysql: { url, table: freshTable() } }),
  }),
  onServer("redis", "redis-server", {
    shared: redisServer,
    start: () => startRedis(["--appendfsync", "always"]),
    settings: (url) => ({ redis: { url, prefix: ownPrefix() } }),
  }),
];

/** Every kind of store that this build has. A backend of this package that is not here fails stores.test.ts. */
export const STORES: readonly StoreKind[] = KINDS.filter(({ backend }) => defaultBackends().has(backend));

/** What several processes may have open at once, a cluster included. */
export const SHARED_STORES: readonly StoreKind[] = [...STORES.filter(({ shared }) => shared), REDIS_CLUSTER];

/** Every kind of store and a cluster: for what must hold wherever users keep their data. */
export const ALL_STORES: readonly StoreKind[] = [...STORES, REDIS_CLUSTER];

/** The kinds whose server can be killed, stopped and reached through a proxy. */
export const SERVED_STORES: readonly (StoreKind & { readonly served: ServedKind })[] = STORES.flatMap(
  (kind) => (kind.served === undefined ? [] : [{ ...kind, served: kind.served }]),
);

/** The kind of that name, which must be there. */
export function storeKind(name: string): StoreKind {
  const kind = STORES.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`there is no store ${name} in test/support/stores.ts`);
  return kind;
}
