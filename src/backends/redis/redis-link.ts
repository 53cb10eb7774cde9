import { clientOptions, clusterOptions } from "./client-options.js";
import { AS_BYTES, type Argument, type RedisClient, type RedisDriver } from "./redis-driver.js";
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
  /** How scripts announce: a cluster keeps an announcement within the slot of its channel. */
  readonly publish: "PUBLISH" | "SPUBLISH";
}

export function makeLink(driver: RedisDriver, options: RedisOptions): RedisLink {
  return options.cluster === undefined ? singleLink(driver, options) : clusterLink(driver, options);
}

const IGNORE = (): void => undefined;

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
    publish: "PUBLISH",
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

function clusterLink(driver: RedisDriver, options: RedisOptions): RedisLink {
  const cluster = driver.createCluster(clusterOptions(options));
  cluster.on("error", IGNORE);
  return {
    publish: "SPUBLISH",
    async connect() {
      await cluster.connect();
    },
    destroy: () => cluster.destroy(),
    send: (key, command) => cluster.sendCommand(key, false, command, AS_BYTES),
    nodes: () => Promise.all(cluster.masters.map(async (node) => await cluster.nodeClient(node))),
    async subscribe(channel, listener) {
      await cluster.sSubscribe(channel, listener);
    },
    async unsubscribe(channel, listener) {
      await cluster.sUnsubscribe(channel, listener);
    },
  };
}
