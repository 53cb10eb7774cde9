import assert from "node:assert/strict";
import { headKey } from "../../core/key.js";
import { EVERYTHING, prefixRange } from "../../core/range.js";
import { assertOneVersion, increments, transfers, whileWriting } from "./contention.js";
import type { PairCase } from "./pair-case.js";
import { textOf } from "./read-cases.js";
import { committed, del, headRange, put, type Rig } from "./rig.js";

const TASKS = 50;

/** Checks against commits of others: none passes that should not, and no write is lost. */
export function sharedContentionCases(pair: PairCase): void {
  conflictCases(pair);
  raceCases(pair);
  loopCases(pair);
}

function conflictCases(pair: PairCase): void {
  pair("a version that the other replaced conflicts, and its entry is brought along", async (one, two) => {
    const { position: stale } = await one.write(put("a"));
    const { position } = await two.write(put("a", { data: "theirs" }));
    const checks = [{ key: headKey("a"), version: stale.id }];
    const [conflict, ...more] = await one.conflicts({ checks, writes: [put("a", { data: "mine" })] });
    assert.ok(conflict !== undefined && "key" in conflict && more.length === 0);
    assert.equal(conflict.current?.version, position.id);
    assert.equal(textOf(conflict.current?.data), "theirs");
    assert.equal(textOf((await one.get("a"))?.data), "theirs");
  });

  pair("a version that the other deleted conflicts, an absence that it filled too", async (one, two) => {
    const { position } = await one.write(put("a"));
    await two.write(del("a"), put("b"));
    assert.deepEqual(await one.conflicts({ checks: [{ key: headKey("a"), version: position.id }] }), [
      { key: headKey("a") },
    ]);
    assert.equal((await one.conflicts({ checks: [{ key: headKey("b"), version: null }] })).length, 1);
  });

  pair("a range that the other changed conflicts", async (one, two) => {
    await one.write(put("a:1"), put("a:2"));
    const range = prefixRange(headKey("a:"));
    for (const write of [put("a:3"), del("a:1"), put("a:2", { data: "again" })]) {
      const check = await one.rangeCheck(range);
      assert.deepEqual(await two.rangeCheck(range), check, "both must see the same digest");
      await one.commit({ ranges: [check] });
      await two.write(write);
      assert.equal((await one.conflicts({ ranges: [check], writes: [put("result")] })).length, 1);
    }
    assert.equal(await two.get("result"), undefined);
  });

  pair("commits of separate keys do not conflict", async (one, two) => {
    const range = await one.rangeCheck(headRange("a", "b"));
    await two.write(put("b"));
    await one.commit({ ranges: [range], checks: [{ key: headKey("c"), version: null }], writes: [put("a")] });
    assert.equal(await two.count(), 2);
  });
}

function raceCases(pair: PairCase): void {
  const both = (one: Rig, two: Rig) => Array.from({ length: 2 * TASKS }, (_, i) => (i % 2 === 0 ? one : two));

  pair("exactly one of many creators of a key wins", async (one, two) => {
    for (let round = 0; round < 3; round++) {
      const key = `round:${round}`;
      const checks = [{ key: headKey(key), version: null }];
      const results = await Promise.all(
        both(one, two).map((rig, i) => rig.tryCommit({ checks, writes: [put(key, { data: `${i}` })] })),
      );
      const winners = results.flatMap(({ status }, i) => (status === "committed" ? [`${i}`] : []));
      assert.deepEqual(winners, [textOf((await one.get(key))?.data)]);
    }
  });

  pair("exactly one of many inserts into a checked range wins", async (one, two) => {
    for (let round = 0; round < 3; round++) {
      const range = prefixRange(headKey(`round:${round}:`));
      const check = await one.rangeCheck(range);
      const results = await Promise.all(
        both(one, two).map((rig, i) =>
          rig.tryCommit({ ranges: [check], writes: [put(`round:${round}:${i}`)] }),
        ),
      );
      assert.equal(results.filter(({ status }) => status === "committed").length, 1);
      assert.equal(await two.count(range), 1);
    }
  });

  pair("two that read each other's key do not both write (write skew)", async (one, two) => {
    for (let round = 0; round < 20; round++) {
      const keys = [`on:${round}:1`, `on:${round}:2`] as const;
      const { position } = await one.write(put(keys[0]), put(keys[1]));
      const checks = keys.map((key) => ({ key: headKey(key), version: position.id }));
      const results = await Promise.all([
        one.tryCommit({ checks, writes: [put(keys[0], { data: "off" })] }),
        two.tryCommit({ checks, writes: [put(keys[1], { data: "off" })] }),
      ]);
      assert.deepEqual(results.map(({ status }) => status).sort(), ["committed", "conflict"]);
    }
  });

  pair("groups of batches from both get one row of positions", async (one, two) => {
    const calls = [one, two].flatMap((rig, who) =>
      Array.from({ length: 10 }, (_, call) =>
        rig.backend.commit(
          Array.from({ length: 20 }, (__, i) => rig.batch({ writes: [put(`${who}:${call}:${i}`)] })),
        ),
      ),
    );
    const ordinals = (await Promise.all(calls)).flat().map((result) => committed(result).position.ordinal);
    assert.deepEqual(
      ordinals.sort((a, b) => a - b),
      Array.from({ length: 400 }, (_, i) => i + 1),
    );
    assert.equal(await two.count(EVERYTHING), 400);
  });
}

function loopCases(pair: PairCase): void {
  pair("no increment of one counter is lost in tight loops of both", async (one, two) => {
    await Promise.all([one, two, one, two].map((rig) => increments(rig, "counter", 50)));
    for (const rig of [one, two]) assert.equal(textOf((await rig.get("counter"))?.data), "200");
  });

  pair(`no increment is lost by ${TASKS} tasks of each`, async (one, two) => {
    const tasks = [one, two].flatMap((rig) =>
      Array.from({ length: TASKS }, (_, task) => increments(rig, `counter:${task % 10}`, 4)),
    );
    await Promise.all(tasks);
    const keys = Array.from({ length: 10 }, (_, i) => headKey(`counter:${i}`));
    const { entries } = await two.backend.read(two.ctx, "", keys);
    assert.deepEqual(
      entries.map((entry) => textOf(entry?.data)),
      keys.map(() => "40"),
    );
  });

  pair("the sum stays when both move amounts between checked keys", async (one, two) => {
    const accounts = ["a", "b", "c", "d"];
    await one.commit({ writes: accounts.map((key) => put(key, { data: "100" })) });
    await Promise.all(Array.from({ length: 8 }, (_, i) => transfers(i % 2 === 0 ? one : two, accounts, i)));
    const { entries } = await one.backend.read(one.ctx, "", accounts.map(headKey));
    const sum = entries.reduce((total, entry) => total + Number(textOf(entry?.data)), 0);
    assert.equal(sum, 400);
  });

  pair("a batch of the other shows whole or not at all, to reads and to pages", async (one, two) => {
    const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
    await one.commit({ writes: keys.map((key) => put(key)) });
    await whileWriting(one, keys, async () => {
      const { entries } = await two.backend.read(two.ctx, "", keys.map(headKey));
      assertOneVersion(entries.map((entry) => entry?.version));
      for await (const page of two.backend.scan(two.ctx, "", prefixRange(headKey("key:")))) {
        assertOneVersion(page.entries.map(({ version }) => version));
      }
    });
  });
}
