import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import { settleWithin } from "../../core/settle-within.js";
import type { Durability } from "../backend.js";
import type { RedisClient } from "./redis-driver.js";
import { redisFault } from "./redis-errors.js";

/** What a server says about itself; undefined where the user may not ask. */
interface ServerSays {
  readonly version: string | undefined;
  readonly role: string | undefined;
  readonly isOfCluster: boolean;
  readonly isEvicting: boolean;
  readonly durability: Durability;
}

const LEAST_VERSION = 7;

/**
 * Looks at every server that takes writes.
 *
 * @param isCluster whether they are asked as the nodes of a cluster
 * @returns the least durability that any of them holds
 * @throws StorageFault when one is too old, read-only, throws data away when it is full, or is a node of a cluster but
 * not asked as one.
 */
export async function checkServers(
  limit: Context,
  servers: readonly Pick<RedisClient, "sendCommand">[],
  isCluster: boolean,
): Promise<Durability> {
  const levels: Durability[] = [];
  for (const server of servers) {
    const says = await ask(limit, server);
    refuseUnfit(says);
    if (says.isOfCluster && !isCluster) {
      throw new StorageFault("unsupported", "this is a node of a cluster; set redis.cluster: true");
    }
    levels.push(says.durability);
  }
  return (["none", "process"] as const).find((level) => levels.includes(level)) ?? "power";
}

function refuseUnfit({ version, role, isEvicting }: ServerSays): void {
  if (version !== undefined && Number.parseInt(version, 10) < LEAST_VERSION) {
    throw new StorageFault(
      "unsupported",
      `the server has version ${version}; ${LEAST_VERSION}.0 or newer is needed`,
    );
  }
  if (role === "slave") {
    throw new StorageFault("read-only", "the server is a read-only replica; give the address of its master");
  }
  if (isEvicting) {
    throw new StorageFault(
      "unsupported",
      "the server throws data away when it is full; set its maxmemory-policy to noeviction",
    );
  }
}

async function ask(limit: Context, server: Pick<RedisClient, "sendCommand">): Promise<ServerSays> {
  const info = await infoOf(limit, server);
  const policy = (await configOf(limit, server, "maxmemory-policy")) ?? info.get("maxmemory_policy");
  const appendfsync = await configOf(limit, server, "appendfsync");
  return {
    // Valkey gives the version of Redis it is compatible with, too.
    version: info.get("valkey_version") ?? info.get("redis_version"),
    role: info.get("role"),
    isOfCluster: info.get("cluster_enabled") === "1",
    // Only keys with a native ttl are thrown away under the volatile policies, and none of the store's has one.
    isEvicting: policy?.startsWith("allkeys-") === true,
    durability: durabilityOf(info.get("aof_enabled") === "1", appendfsync),
  };
}

function durabilityOf(appends: boolean, appendfsync: string | undefined): Durability {
  if (!appends) return "none";
  if (appendfsync === "always") return "power";
  // Where the setting cannot be read: appended data is at least with the system when a command is answered.
  return appendfsync === "no" ? "none" : "process";
}

async function infoOf(
  limit: Context,
  server: Pick<RedisClient, "sendCommand">,
): Promise<Map<string, string>> {
  const text = await answerOf(limit, server, ["INFO"]);
  const pairs = (typeof text === "string" ? text : "").split(/\r?\n/).filter((line) => line.includes(":"));
  return new Map(
    pairs.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

async function configOf(
  limit: Context,
  server: Pick<RedisClient, "sendCommand">,
  name: string,
): Promise<string | undefined> {
  const answer = await answerOf(limit, server, ["CONFIG", "GET", name]);
  if (Array.isArray(answer)) return stringOrNone(answer[1]);
  if (answer instanceof Map) return stringOrNone(answer.get(name));
  return stringOrNone((answer as Record<string, unknown> | undefined)?.[name]);
}

function stringOrNone(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * @param nodes those that serve slots; there are none before the nodes have been joined.
 * @throws StorageFault `unavailable` when a node of a cluster does not see every slot served.
 */
export async function checkCluster(
  limit: Context,
  nodes: readonly Pick<RedisClient, "sendCommand">[],
): Promise<void> {
  if (nodes.length === 0) throw notReady("none of its nodes serves a slot");
  for (const node of nodes) {
    const state = await answerOf(limit, node, ["CLUSTER", "INFO"]);
    if (typeof state === "string" && !state.includes("cluster_state:ok"))
      throw notReady("it does not serve every slot");
  }
}

function notReady(why: string): StorageFault {
  return new StorageFault(
    "unavailable",
    `the cluster is not ready: ${why}; join its nodes, or wait for them`,
  );
}

/** What the server answers; undefined when the user may not ask, or the server was renamed or stripped of the command. */
async function answerOf(
  limit: Context,
  server: Pick<RedisClient, "sendCommand">,
  command: readonly string[],
): Promise<unknown> {
  try {
    return await settleWithin(limit, server.sendCommand(command));
  } catch (error) {
    const fault = redisFault(error);
    if (limit.err() === undefined && (fault.reason === "denied" || fault.reason === "unsupported"))
      return undefined;
    throw fault;
  }
}
