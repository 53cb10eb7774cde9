import { madeByDriver } from "../../core/driver-fault.js";
import { clientOptions, clusterOptions } from "./client-options.js";
import {
  AS_BYTES,
  type Argument,
  type RedisClient,
  type RedisCluster,
  type RedisDriver,
} from "./redis-driver.js";
import { NotConnected } from "./redis-errors.js";
import type { RedisOptions } from "./redis-options.js";

/** A client of one server or of a cluster, in the same words. Made for one connection, or one life of it. */
export interface RedisLink {
  /** Rejects with the first reason why there is no connection. */
  connect(): Promise<void>;
  /** Ends everything at once; commands under way reject. */
  destroy(): void;
  /** Sends a command to the node that `key` belongs to. Bulk strings come back as bytes. */
  send(key: string, command: readonly Argument[]): Promise<unknown>;
  /** Clients of all nodes that take writes. */
  nodes(): Promise<readonly Pick<RedisClient, "sendCommand">[]>;
  /** Calls `listener` for every message on a channel, and whenever messages may have been missed. */
  subscribe(channel: string, listener: () => void): Promise<void>;
  unsubscribe(channel: string, listener: () => void): Promise<void>;
}

/** @param onLost called when a connection is gone for good, and with it what was subscribed to on it. */
export function makeLink(driver: RedisDriver, options: RedisOptions, onLost: () => void): RedisLink {
  return madeByDriver("redis", () =>
    options.cluster === undefined ? singleLink(driver, options) : clusterLink(driver, options, onLost),
  );
}

function singleLink(driver: RedisDriver, options: RedisOptions): RedisLink {
  const client = driver.createClient(clientOptions(options));
  let subscriber: RedisClient | undefined;
  let subscribing: Promise<unknown> | undefined;
  const missed = new Set<() => void>();
  const connectSubscriber = (): Promise<unknown> => {
    subscriber = driver.createClient(clientOptions(options));
    subscriber.on("ready", () => missed.forEach((listener) => listener()));
    return connectOrSay(subscriber);
  };
  return {
    connect: () => connectOrSay(client),
    destroy: () => {
      client.destroy();
      subscriber?.destroy();
    },
    send: (_key, command) => client.sendCommand(command, AS_BYTES),
    nodes: async () => [client],
    async subscribe(channel, listener) {
      subscribing ??= connectSubscriber().catch((error: unknown) => {
        subscribing = undefined;
        throw error;
      });
      await subscribing;
      missed.add(listener);
      await subscriber?.subscribe(channel, listener);
    },
    async unsubscribe(channel, listener) {
      missed.delete(listener);
      await subscriber?.unsubscribe(channel, listener);
    },
  };
}

/** The driver tries again for ever; whoever opens a store wants to know what is wrong. */
async function connectOrSay(client: RedisClient): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.on("error", reject);
    client.connect().then(() => resolve(), reject);
  }).catch((error: unknown) => {
    client.destroy();
    throw error;
  });
}

/**
 * Announcements go to every node of a cluster, so that one node is listened to, whichever: shard channels would move
 * with their slots, and the driver's way of moving them along reports no failure that can be caught.
 */
function clusterLink(driver: RedisDriver, options: RedisOptions, onLost: () => void): RedisLink {
  const cluster = driver.createCluster(clusterOptions(options));
  let lastError: unknown;
  cluster.on("error", (error) => {
    lastError = error;
  });
  let subscriber: RedisClient | undefined;
  let subscribing: Promise<RedisClient> | undefined;
  let isOver = false;
  const drop = (client: RedisClient): void => {
    if (isOver || subscriber !== client) return;
    subscriber = undefined;
    subscribing = undefined;
    client.destroy();
    onLost();
  };
  /** A node that has just died may still pass for ready: then another one is taken. */
  const connectSubscriber = async (): Promise<RedisClient> => {
    let failure: unknown = new NotConnected("no node of the cluster that takes writes is known");
    for (const node of likelyMasters(cluster)) {
      try {
        return await connectTo((await cluster.nodeClient(node)).duplicate());
      } catch (error) {
        if (isOver) throw error;
        failure = error;
      }
    }
    throw failure;
  };
  const connectTo = async (client: RedisClient): Promise<RedisClient> => {
    if (isOver) throw new NotConnected("the connection is closed");
    subscriber = client;
    await connectOrSay(client);
    // Its node may never come back, and another may stand in for it: so it is not waited for.
    client.on("error", () => drop(client));
    return client;
  };
  return {
    async connect() {
      await cluster.connect().catch((error: unknown) => {
        throw lastError ?? error;
      });
    },
    destroy: () => {
      isOver = true;
      cluster.destroy();
      subscriber?.destroy();
    },
    send: (key, command) => cluster.sendCommand(key, false, command, AS_BYTES),
    nodes: () => Promise.all(cluster.masters.map(async (node) => await cluster.nodeClient(node))),
    async subscribe(channel, listener) {
      subscribing ??= connectSubscriber().catch((error: unknown) => {
        subscribing = undefined;
        throw error;
      });
      await (await subscribing).subscribe(channel, listener);
    },
    async unsubscribe(channel, listener) {
      await subscriber?.unsubscribe(channel, listener);
    },
  };
}

/** The nodes that answer, as far as is known; one that does not when there is no other. */
function likelyMasters({ masters }: RedisCluster): RedisCluster["masters"] {
  const ready = masters.filter(({ client }) => client?.isReady === true);
  return ready.length > 0 ? ready : masters.slice(0, 1);
}
