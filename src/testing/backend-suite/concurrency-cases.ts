import assert from "node:assert/strict";
import type { Version } from "../../core/version.js";
import { headKey } from "../../core/key.js";
import { prefixRange } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { assertOneVersion, increments, transfers, whileWriting } from "./contention.js";
import { textOf } from "./read-cases.js";
import { committed, headRange, put } from "./rig.js";

/** Calls that overlap: every one atomic, none lost, none seen half done. */
export function concurrencyCases(list: CaseList): void {
  list.topic("concurrency", () => {
    list.it("carries out many commits of separate keys at once", async (rig) => {
      await Promise.all(Array.from({ length: 500 }, (_, i) => rig.write(put(`key:${i}`))));
      assert.equal(await rig.count(), 500);
      assert.equal((await rig.position()).ordinal, 500);
    });

    list.it("gives commits of one key an order", async (rig) => {
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, i) => rig.write(put("a", { data: String(i) }))),
      );
      const ordinals = results.map(({ position }) => position.ordinal).sort((a, b) => a - b);
      assert.deepEqual(
        ordinals,
        ordinals.map((_, i) => i + 1),
      );
      const last = results.find(({ position }) => position.ordinal === 200);
      assert.equal(await rig.versionOf("a"), last?.position.id);
    });

    list.it("lets exactly one of many creators of a key win", async (rig) => {
      const checks = [{ key: headKey("a"), version: null }];
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          rig.tryCommit({ checks, writes: [put("a", { data: String(i) })] }),
        ),
      );
      const winners = results.flatMap((result, i) => (result.status === "committed" ? [i] : []));
      assert.equal(winners.length, 1);
      assert.equal(textOf((await rig.get("a"))?.data), String(winners[0]));
    });

    list.it("lets exactly one of many inserts into a checked range win", async (rig) => {
      const check = await rig.rangeCheck(headRange("a", "b"));
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) => rig.tryCommit({ ranges: [check], writes: [put(`a:${i}`)] })),
      );
      assert.equal(results.filter(({ status }) => status === "committed").length, 1);
      assert.equal(await rig.count(headRange("a", "b")), 1);
    });

    list.it("loses no increment of a counter that is checked and retried", async (rig) => {
      await Promise.all(Array.from({ length: 8 }, () => increments(rig, "counter", 50)));
      assert.equal(textOf((await rig.get("counter"))?.data), "400");
    });

    list.it("loses no increment of many counters in one namespace", async (rig) => {
      const names = Array.from({ length: 8 }, (_, i) => `counter:${i}`);
      await Promise.all(names.flatMap((name) => [increments(rig, name, 20), increments(rig, name, 20)]));
      for (const name of names) assert.equal(textOf((await rig.get(name))?.data), "40");
    });

    list.it("shows a batch of writes whole or not at all to reads", async (rig) => {
      const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
      const stored = keys.map(headKey);
      await rig.commit({ writes: keys.map((key) => put(key)) });
      await whileWriting(rig, keys, async () => {
        const { entries } = await rig.backend.read(rig.ctx, "", stored);
        assertOneVersion(entries.map((entry) => entry?.version));
      });
    });

    list.it("shows a batch of writes whole or not at all to pages", async (rig) => {
      const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
      await rig.commit({ writes: keys.map((key) => put(key)) });
      await whileWriting(rig, keys, async () => {
        const pages = rig.backend.scan(rig.ctx, "", prefixRange(headKey("key:")));
        for await (const page of pages) assertOneVersion(page.entries.map(({ version }) => version));
      });
    });

    list.it("keeps the sum when amounts move between checked keys", async (rig) => {
      const accounts = ["a", "b", "c", "d"];
      await rig.commit({ writes: accounts.map((key) => put(key, { data: "100" })) });
      await Promise.all(Array.from({ length: 8 }, (_, i) => transfers(rig, accounts, i)));
      const { entries } = await rig.backend.read(rig.ctx, "", accounts.map(headKey));
      assert.equal(
        entries.reduce((sum, entry) => sum + Number(textOf(entry?.data)), 0),
        400,
      );
    });

    list.it("does not let two that read each other's key write both (write skew)", async (rig) => {
      await rig.write(put("on:1"), put("on:2"));
      const versions = [await rig.versionOf("on:1"), await rig.versionOf("on:2")] as const;
      const checks = ["on:1", "on:2"].map((key, i) => ({
        key: headKey(key),
        version: versions[i] as Version,
      }));
      const results = await Promise.all([
        rig.tryCommit({ checks, writes: [put("on:1", { data: "off" })] }),
        rig.tryCommit({ checks, writes: [put("on:2", { data: "off" })] }),
      ]);
      assert.deepEqual(results.map(({ status }) => status).sort(), ["committed", "conflict"]);
    });

    list.it("carries out calls of many batches at once", async (rig) => {
      const calls = Array.from({ length: 20 }, (_, call) =>
        rig.backend.commit(
          Array.from({ length: 20 }, (__, i) =>
            rig.batch({ namespace: `ns${i % 3}`, writes: [put(`${call}:${i}`)] }),
          ),
        ),
      );
      for (const results of await Promise.all(calls)) for (const result of results) committed(result);
      const ordinals = await Promise.all([0, 1, 2].map(async (i) => (await rig.position(`ns${i}`)).ordinal));
      assert.equal(
        ordinals.reduce((sum, ordinal) => sum + ordinal),
        400,
      );
    });
  });
}
