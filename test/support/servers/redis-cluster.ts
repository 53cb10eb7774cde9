import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { loadRedis, type RedisClient } from "../../../src/backends/redis/redis-driver.js";
import { REDIS_READY, redisFolder, redisProgram } from "./redis-server.js";
import { freePort, ServerProcess } from "./server-process.js";
import { sharedServer } from "./shared-server.js";

const SLOTS = 16_384;
const MASTERS = 3;
const JOINED_WITHIN_MS = 30_000;
const PAUSE_MS = 50;

/** One server of a cluster. */
export interface ClusterNode {
  readonly port: number;
  /** Where the nodes talk with one another. */
  readonly busPort: number;
  readonly process: ServerProcess;
  /** Kills it by SIGKILL and starts it again on its data. */
  restart(): Promise<void>;
  /** What the node calls itself. */
  readonly id: string;
  /** Sends a command to this node alone. */
  ask(...command: readonly string[]): Promise<unknown>;
}

export interface RedisClusterServers {
  /** As `redis.cluster` takes them. */
  readonly addresses: readonly string[];
  readonly masters: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
  /** Makes a cluster of nodes that were started apart. */
  join(): Promise<void>;
  /** Resolves when every node says that the cluster is whole. */
  whole(): Promise<void>;
  stop(): Promise<void>;
}

/** The cluster that all suites share; undefined where the program is missing. */
export const redisCluster = sharedServer(() => startRedisCluster());

export interface RedisClusterForm {
  /** Of each master; none unless given. */
  readonly replicas?: number;
  readonly args?: readonly string[];
}

/** Starts private servers and joins them: three masters that share the slots evenly, each with so many replicas. */
export async function startRedisCluster(
  form: RedisClusterForm = {},
): Promise<RedisClusterServers | undefined> {
  const servers = await startRedisNodes(form);
  await servers?.join();
  return servers;
}

/** Starts the same servers, which do not know each other yet. */
export async function startRedisNodes({
  replicas = 0,
  args = [],
}: RedisClusterForm = {}): Promise<RedisClusterServers | undefined> {
  const program = redisProgram();
  if (program === undefined) return undefined;
  const folders: string[] = [];
  const nodes: ClusterNode[] = [];
  for (let i = 0; i < MASTERS * (1 + replicas); i++) {
    const folder = redisFolder();
    folders.push(folder);
    nodes.push(await startNode(program, folder, args));
  }
  const masters = nodes.slice(0, MASTERS);
  return {
    addresses: masters.map(({ port }) => `127.0.0.1:${port}`),
    masters,
    replicas: nodes.slice(MASTERS),
    join: () => join(masters, nodes),
    whole: () => untilAll(nodes, isServing),
    async stop() {
      await Promise.all(nodes.map(({ process }) => process.stop("SIGKILL")));
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startNode(program: string, folder: string, args: readonly string[]): Promise<ClusterNode> {
  const [port, busPort] = [await freePort(), await freePort()];
  const command = {
    name: "redis cluster",
    program,
    args: [
      ...["--port", String(port), "--cluster-port", String(busPort), "--bind", "127.0.0.1", "--dir", folder],
      ...["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--save", ""],
      ...["--appendonly", "yes", "--appendfsync", "everysec", ...args],
    ],
    ready: REDIS_READY,
  };
  let server = await ServerProcess.start(command);
  const ask = (...words: readonly string[]) => askNode(port, words);
  return {
    port,
    busPort,
    get process() {
      return server;
    },
    async restart() {
      await server.stop("SIGKILL");
      server = await ServerProcess.start(command);
    },
    id: String(await ask("CLUSTER", "MYID")),
    ask,
  };
}

async function join(masters: readonly ClusterNode[], nodes: readonly ClusterNode[]): Promise<void> {
  for (const [i, { ask }] of masters.entries()) {
    const [from, to] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / MASTERS));
    await ask("CLUSTER", "ADDSLOTSRANGE", String(from), String((to as number) - 1));
    await ask("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
  }
  const [first, ...others] = nodes as [ClusterNode, ...ClusterNode[]];
  for (const { ask } of others) {
    await ask("CLUSTER", "MEET", "127.0.0.1", String(first.port), String(first.busPort));
  }
  await untilAll(
    nodes,
    async ({ ask }) => String(await ask("CLUSTER", "NODES")).split("\n").length > nodes.length,
  );
  await untilAll(masters, isServing);
  await Promise.all(
    nodes
      .slice(MASTERS)
      .map(async ({ ask }, i) => ask("CLUSTER", "REPLICATE", masters[i % MASTERS]?.id as string)),
  );
  await untilAll(nodes, isServing);
}

async function isServing({ ask }: ClusterNode): Promise<boolean> {
  return String(await ask("CLUSTER", "INFO")).includes("cluster_state:ok");
}

/** Waits until it is so of all nodes. */
async function untilAll(
  nodes: readonly ClusterNode[],
  isSo: (node: ClusterNode) => Promise<boolean>,
): Promise<void> {
  const giveUpAt = performance.now() + JOINED_WITHIN_MS;
  while (!(await Promise.all(nodes.map(isSo))).every(Boolean)) {
    if (performance.now() > giveUpAt)
      throw new Error("the nodes of the cluster did not find together in time");
    await delay(PAUSE_MS);
  }
}

async function askNode(port: number, command: readonly string[]): Promise<unknown> {
  const driver = await loadRedis();
  const client: RedisClient = driver.createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}
