import { setTimeout as delay } from "node:timers/promises";
import type { ClusterNode, RedisClusterServers } from "./redis-cluster.js";

/** Between two keys, so that commands meet a slot that is here and there. */
const PAUSE_MS = 20;

/** The master that serves a slot, by its own word. */
export async function masterOf(cluster: RedisClusterServers, slot: number): Promise<ClusterNode> {
  for (const node of cluster.masters) {
    const shards = (await node.ask("CLUSTER", "SLOTS")) as readonly [
      number,
      number,
      [string, number, string],
    ][];
    const owner = shards.find(([from, to]) => from <= slot && slot <= to)?.[2][2];
    if (owner === node.id) return node;
  }
  throw new Error(`no master serves slot ${slot}`);
}

/** Moves a slot to another master in the steps that `redis-cli --cluster reshard` takes, one key after the other. */
export async function moveSlot(
  cluster: RedisClusterServers,
  slot: number,
  from: ClusterNode,
  to: ClusterNode,
): Promise<void> {
  const setSlot = (node: ClusterNode, ...how: readonly string[]) =>
    node.ask("CLUSTER", "SETSLOT", String(slot), ...how);
  await setSlot(to, "IMPORTING", from.id);
  await setSlot(from, "MIGRATING", to.id);
  for (;;) {
    const [key] = (await from.ask("CLUSTER", "GETKEYSINSLOT", String(slot), "1")) as string[];
    if (key === undefined) break;
    await from.ask("MIGRATE", "127.0.0.1", String(to.port), key, "0", "5000");
    await delay(PAUSE_MS);
  }
  await setSlot(to, "NODE", to.id);
  await setSlot(from, "NODE", to.id);
  for (const node of cluster.masters) if (node !== to && node !== from) await setSlot(node, "NODE", to.id);
}
