import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import type { ClusterNode, RedisClusterServers } from "../support/servers/redis-cluster.js";

const LONGEST_PAUSE_MS = 1000;
const FROZEN_MS = 120;

/** Troubles the masters of a cluster, one trouble after the other, until told to end. */
export class ClusterTrouble {
  readonly #cluster: RedisClusterServers;
  readonly #random: SeededRandom;
  #isOver = false;
  #count = 0;
  readonly #running: Promise<void>;

  constructor(cluster: RedisClusterServers, seed: number) {
    this.#cluster = cluster;
    this.#random = new SeededRandom(seed);
    this.#running = this.#run();
    // Told to whoever ends the trouble.
    this.#running.catch(() => undefined);
  }

  /** Ends it, with the cluster whole; how many troubles there were. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#running;
    return this.#count;
  }

  async #run(): Promise<void> {
    const { masters } = this.#cluster;
    while (!this.#isOver) {
      await delay(this.#random.below(LONGEST_PAUSE_MS));
      await this.#trouble(masters[this.#random.below(masters.length)] as ClusterNode);
      this.#count += 1;
    }
    await this.#cluster.whole();
  }

  async #trouble(node: ClusterNode): Promise<void> {
    const choice = this.#random.below(20);
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
