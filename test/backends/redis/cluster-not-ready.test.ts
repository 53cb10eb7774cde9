import { expect } from "chai";
import { namespaceKeys } from "../../../src/backends/redis/namespace-keys.js";
import { background, openStorage } from "../../../src/index.js";
import { missing } from "../../support/fixtures.js";
import { ownPrefix } from "../../support/redis-harness.js";
import { eventually, eventuallyRefused, refusalToOpen } from "../../support/refusal.js";
import { masterOf } from "../../support/servers/move-slot.js";
import { startRedisNodes } from "../../support/servers/redis-cluster.js";

const ctx = background();
const SLOTS = 16_384;
const SLOTS_PER_MASTER = Math.floor(SLOTS / 3);

describe("a cluster of redis that is not ready", function () {
  this.timeout(120_000);

  it("is refused while its nodes are not joined; once they are, the loss of a slot passes without a restart", async function () {
    const cluster = await startRedisNodes();
    if (cluster === undefined) return missing(this, "redis-server");
    const prefix = ownPrefix();
    const settings = {
      backend: "redis",
      operation_timeout: "3s",
      redis: { cluster: [...cluster.addresses], prefix },
    };
    try {
      expect(await refusalToOpen(settings)).to.deep.equal({ code: 5001, reason: "unavailable" });
      await cluster.join();
      const storage = await openStorage(settings, { warn: () => undefined });
      await storage.set(ctx, "kept", 1);

      const slot = String(
        await cluster.masters[0]?.ask("CLUSTER", "KEYSLOT", namespaceKeys(prefix, "").meta),
      );
      const master = await masterOf(cluster, Number(slot));
      // One of another node: the namespace's own would lose its keys.
      const elsewhere = String((Number(slot) + SLOTS_PER_MASTER) % SLOTS);
      const owner = await masterOf(cluster, Number(elsewhere));
      expect(owner).to.not.equal(master);
      for (const { ask } of cluster.masters) await ask("CLUSTER", "DELSLOTS", elsewhere);
      const refusal = await eventuallyRefused(() => storage.set(ctx, "a", 1), 30_000);
      expect(refusal).to.deep.equal({ code: 5002, reason: "unavailable" });
      expect(await refusalToOpen(settings)).to.deep.equal({ code: 5001, reason: "unavailable" });

      await owner.ask("CLUSTER", "ADDSLOTS", elsewhere);
      await eventually(() => storage.set(ctx, "a", 1), 60_000);
      expect(await storage.get(ctx, "kept")).to.equal(1);
      await storage.stop();
    } finally {
      await cluster.stop();
    }
  });
});
