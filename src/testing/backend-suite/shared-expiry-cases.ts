import assert from "node:assert/strict";
import { headKey } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { sharedExpiredHeadCases } from "./expired-head-cases.js";
import type { PairCase } from "./pair-case.js";
import { put, type Rig } from "./rig.js";

const OFTEN = { sweepIntervalMs: 100 };

/** Deadlines under several instances, each with a sweep of its own. */
export function sharedExpiryCases(list: CaseList, pair: PairCase): void {
  // Long enough on a real clock for the calls before the deadline.
  const ttlMs = list.hasFakeTime ? 10_000 : 250;

  pair("gives an entry one deadline, at which it is absent for both", async (one, two) => {
    const { now } = await one.write(put("a", { expiry: { in: ttlMs } }), put("stays"));
    assert.equal((await two.get("a"))?.expiresAt, now + ttlMs);
    await one.pass(ttlMs);
    for (const rig of [one, two]) {
      assert.equal(await rig.get("a"), undefined);
      assert.equal(await rig.count(), 1);
    }
    await two.commit({ checks: [{ key: headKey("a"), version: null }], writes: [put("a")] });
    assert.ok(await one.get("a"));
  });

  pair(
    "is swept once when both sweep, with one record for each entry",
    async (one, two) => {
      const keys = Array.from({ length: 600 }, (_, i) => `key:${i}`);
      const put300 = (from: number) =>
        keys.slice(from, from + 300).map((key) => put(key, { expiry: { in: ttlMs } }));
      await Promise.all([one.commit({ writes: put300(0) }), two.commit({ writes: put300(300) })]);
      await one.pass(ttlMs);
      await one.until(async () => (await expired(one)).length >= 600);
      // Whatever else the sweeps would do, they do within a few intervals.
      await one.pass(500);
      assert.deepEqual((await expired(two)).sort(), keys.map(headKey).sort());
      assert.equal(await two.count(EVERYTHING), 0);
    },
    OFTEN,
  );

  pair(
    "leaves alone what the other put anew",
    async (one, two) => {
      const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
      for (let round = 0; round < 3; round++) {
        await one.commit({ writes: keys.map((key) => put(key, { expiry: { in: ttlMs } })) });
        await one.pass(ttlMs - 20);
        // Around the deadline: sweeps of both meet puts of the second.
        for (const [i, key] of keys.entries()) {
          await two.write(put(key));
          if (i % 2 === 0) await two.pass(1);
        }
        await one.pass(300);
        assert.equal(await one.count(), 50);
      }
    },
    OFTEN,
  );

  sharedExpiredHeadCases(list, pair, ttlMs);

  pair("is seen within a second by whoever waits in the other", async (one, two) => {
    const { position } = await one.write(put("a", { expiry: { in: ttlMs } }));
    const waits = [one, two].map((rig) =>
      rig.backend.changes(rig.ctx, "", position, { limit: 10, waitMs: ttlMs + 5000 }),
    );
    await one.pass(ttlMs + 1000);
    if (list.hasFakeTime) await one.pass(0);
    for (const result of await Promise.all(waits)) {
      assert.ok(!result.lost);
      const writes = result.changes.map((change) => change.writes);
      assert.deepEqual(writes, [[{ kind: "expire", key: headKey("a") }]]);
    }
  });
}

/** The keys that sweeps recorded, each as often as it was. */
async function expired(rig: Rig): Promise<string[]> {
  const writes = (await rig.changes()).flatMap((change) => change.writes);
  return writes.flatMap((write) => (write.kind === "expire" ? [write.key] : []));
}
