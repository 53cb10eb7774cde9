import { setTimeout as delay } from "node:timers/promises";
import type { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import type { ClusterNode, RedisClusterServers } from "../support/servers/redis-cluster.js";
import { RepeatedTrouble } from "./repeated-trouble.js";

const FROZEN_MS = 120;

/** Troubles the masters of a cluster, until told to end. */
export class ClusterTrouble {
  readonly #cluster: RedisClusterServers;
  readonly #repeated: RepeatedTrouble;

  constructor(cluster: RedisClusterServers, seed: number) {
    this.#cluster = cluster;
    this.#repeated = new RepeatedTrouble(seed, (random) => this.#trouble(random));
  }

  /** Ends it, with the cluster whole; how many troubles there were. */
  async end(): Promise<number> {
    const count = await this.#repeated.end();
    await this.#cluster.whole();
    return count;
  }

  async #trouble(random: SeededRandom): Promise<void> {
    const { masters } = this.#cluster;
    const node = masters[random.below(masters.length)] as ClusterNode;
    const choice = random.below(20);
    // The server resets every connection, whatever it was about to answer there.
    if (choice < 12) await node.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    else if (choice < 17) {
      node.process.signal("SIGSTOP");
      await delay(FROZEN_MS);
      node.process.signal("SIGCONT");
    } else {
      await node.restart();
      // A master that has just started takes no writes for two seconds.
      await this.#cluster.whole();
    }
  }
}
