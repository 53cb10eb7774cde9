import { openStorage, type StoragePlugin, type StorageSettings } from "../../src/index.js";
import { ownPrefix } from "../support/redis-harness.js";
import { startRedisCluster } from "../support/servers/redis-cluster.js";
import { TcpProxy } from "../support/servers/tcp-proxy.js";
import type { StoreKind } from "../support/stores.js";
import { ClusterTrouble } from "./cluster-trouble.js";
import type { HistoryStore } from "./history-store.js";
import { ServerTrouble } from "./server-trouble.js";

/** Plugins over one store, which share nothing else: each stands for a process. */
const INSTANCES = 2;

/**
 * A store that several have open at once; one that lives on a server has a private one, which is killed, stopped and cut
 * off while a workload runs. Undefined where what it needs is missing.
 */
export async function openSharedHistoryStore(
  kind: StoreKind,
  seed: number,
): Promise<HistoryStore | undefined> {
  return kind.served === undefined ? await embedded(kind) : await served(kind.served, kind.backend, seed);
}

/** A private redis cluster, whose masters are killed, stopped and cut off while a workload runs. */
export async function openTroubledCluster(seed: number): Promise<HistoryStore | undefined> {
  const cluster = await startRedisCluster({ args: ["--appendfsync", "always"] });
  if (cluster === undefined) return undefined;
  const redis = { cluster: [...cluster.addresses], prefix: ownPrefix() };
  const stores = await openAll({ backend: "redis", operation_timeout: "3s", redis });
  const trouble = new ClusterTrouble(cluster, seed);
  return troubled(stores, trouble, () => cluster.stop());
}

async function embedded(kind: StoreKind): Promise<HistoryStore | undefined> {
  const fresh = await kind.fresh();
  if (fresh === undefined) return undefined;
  const stores = await openAll(fresh.settings);
  return {
    stores,
    calm: () => 0,
    close: async () => {
      await stopAll(stores);
      await fresh.destroy();
    },
  };
}

async function served(
  { start, settings }: NonNullable<StoreKind["served"]>,
  backend: string,
  seed: number,
): Promise<HistoryStore | undefined> {
  const server = await start();
  if (server === undefined) return undefined;
  const proxy = await TcpProxy.start({ host: "127.0.0.1", port: server.port });
  const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
  const stores = await openAll({ backend, operation_timeout: "3s", ...settings(url) });
  const trouble = new ServerTrouble(server, proxy, seed);
  return troubled(stores, trouble, async () => {
    await proxy.stop();
    await trouble.stop();
  });
}

function troubled(
  stores: readonly StoragePlugin[],
  trouble: { end(): Promise<number> },
  stop: () => Promise<void>,
): HistoryStore {
  return {
    stores,
    calm: () => trouble.end(),
    close: async () => {
      await trouble.end().catch(() => undefined);
      await stopAll(stores);
      await stop();
    },
  };
}

async function openAll(settings: StorageSettings): Promise<readonly StoragePlugin[]> {
  const stores: StoragePlugin[] = [];
  for (let i = 0; i < INSTANCES; i++) stores.push(await openStorage(settings, { warn: () => undefined }));
  return stores;
}

async function stopAll(stores: readonly StoragePlugin[]): Promise<void> {
  for (const store of stores) await store.stop();
}
