import assert from "node:assert/strict";
import type { ScanOptions } from "../../backends/backend.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { compareKeys, headKey } from "../../core/key.js";
import { EVERYTHING, prefixRange } from "../../core/range.js";
import { FakeRuntime } from "../fake-runtime.js";
import type { CaseList } from "./case-list.js";
import { expiredHeadCases } from "./expired-head-cases.js";
import { del, dropRange, put, type Rig } from "./rig.js";

/** Deadlines: from when on an entry is absent, for whom, and what the sweep leaves in the log. */
export function expiryCases(list: CaseList): void {
  // Long enough on a real clock for the calls before the deadline.
  const ttlMs = list.hasFakeTime ? 10_000 : 250;

  list.topic("expiry", () => {
    list.topic("deadlines", () => deadlineCases(list, ttlMs));
    list.topic("expired entries count as absent", () => absenceCases(list, ttlMs));
    list.topic("the sweep", () => {
      sweepCases(list, ttlMs);
      expiredHeadCases(list, ttlMs);
    });
    if (list.hasFakeTime) list.topic("the clock", () => clockCases(list));
  });
}

/** Puts a key that has expired when this resolves, but that no sweep has removed. */
async function putExpired(rig: Rig, ttlMs: number, ...keys: readonly string[]): Promise<void> {
  await rig.writeMany(keys.map((key) => put(key, { expiry: { in: ttlMs } })));
  await rig.pass(ttlMs);
}

function deadlineCases(list: CaseList, ttlMs: number): void {
  list.it("count a time to live from the commit", async (rig) => {
    const { now } = await rig.write(put("a", { expiry: { in: 60_000 } }));
    assert.equal((await rig.get("a"))?.expiresAt, now + 60_000);
  });

  list.it("keep a moment as it is", async (rig) => {
    const at = Math.round(await rig.now()) + 60_000;
    await rig.write(put("a", { expiry: { at } }));
    assert.equal((await rig.get("a"))?.expiresAt, at);
  });

  list.it("are kept for a century", async (rig) => {
    const at = Math.round(await rig.now()) + 100 * 366 * 86_400_000;
    await rig.write(put("a", { expiry: { at } }));
    await rig.pass(ttlMs);
    assert.equal((await rig.get("a"))?.expiresAt, at);
  });

  list.it("show in headers and scans", async (rig) => {
    const { now } = await rig.write(put("a", { expiry: { in: 60_000 } }));
    const [entry] = await rig.scan(EVERYTHING);
    const [header] = await rig.scan(EVERYTHING, { want: "headers" });
    assert.equal(entry?.expiresAt, now + 60_000);
    assert.equal(header?.expiresAt, now + 60_000);
  });

  list.it("let an entry live until then", async (rig) => {
    await rig.write(put("a", { expiry: { in: 60_000 } }));
    await rig.pass(ttlMs / 2);
    assert.ok(await rig.get("a"));
    assert.equal(await rig.count(), 1);
  });

  list.it("end an entry", async (rig) => {
    await putExpired(rig, ttlMs, "a");
    assert.equal(await rig.get("a"), undefined);
  });

  list.it("that lie in the past give an entry that is absent at once", async (rig) => {
    const now = await rig.now();
    await rig.write(put("a", { expiry: { at: now - 1000 } }));
    assert.equal(await rig.get("a"), undefined);
    assert.equal(await rig.count(), 0);
  });

  list.it("are cleared by a put without one", async (rig) => {
    await rig.write(put("a", { expiry: { in: ttlMs } }));
    await rig.write(put("a"));
    await rig.pass(2 * ttlMs);
    assert.equal((await rig.get("a"))?.expiresAt, undefined);
  });

  list.it("are replaced by a later one", async (rig) => {
    await rig.write(put("a", { expiry: { in: ttlMs } }));
    await rig.write(put("a", { expiry: { in: 100 * ttlMs } }));
    await rig.pass(2 * ttlMs);
    assert.ok(await rig.get("a"));
  });

  list.it("are replaced by an earlier one", async (rig) => {
    await rig.write(put("a", { expiry: { in: 100 * ttlMs } }));
    await rig.write(put("a", { expiry: { in: ttlMs } }));
    await rig.pass(ttlMs);
    assert.equal(await rig.get("a"), undefined);
  });

  list.it("stay with their entry when others go", async (rig) => {
    const writes = Array.from({ length: 100 }, (_, i) =>
      put(`key:${i}`, { expiry: { in: ttlMs * (i + 1) } }),
    );
    await rig.commit({ writes });
    await rig.commit({ writes: Array.from({ length: 25 }, (_, i) => del(`key:${i * 4}`)) });
    assert.equal(await rig.count(), 75);
    await rig.pass(2 * ttlMs);
    const expected = list.hasFakeTime ? 74 : await rig.count();
    assert.equal(await rig.count(), expected);
    assert.equal(await rig.get("key:1"), undefined);
    assert.ok(await rig.get("key:99"));
  });

  if (!list.hasFakeTime) return;

  list.it("end an entry at the deadline itself, not after it", async (rig) => {
    const { now } = await rig.write(put("a", { expiry: { in: 5000 } }));
    await rig.pass(4999);
    assert.ok(await rig.get("a"));
    await rig.pass(1);
    assert.equal(await rig.now(), now + 5000);
    assert.equal(await rig.get("a"), undefined);
    assert.equal(await rig.count(), 0);
    assert.deepEqual(await rig.keys(), []);
  });
}

function absenceCases(list: CaseList, ttlMs: number): void {
  const absent = [{ key: headKey("a"), version: null }];

  list.it("in reads, scans and counts", async (rig) => {
    await rig.write(put("stays"));
    await putExpired(rig, ttlMs, "a", "z");
    const { entries } = await rig.backend.read(rig.ctx, "", ["a", "stays", "z"].map(headKey));
    assert.deepEqual(
      entries.map((entry) => entry?.key),
      [undefined, headKey("stays"), undefined],
    );
    assert.deepEqual(await rig.keys(), [headKey("stays")]);
    assert.deepEqual(await rig.keys(EVERYTHING, { reverse: true }), [headKey("stays")]);
    assert.equal(await rig.count(), 1);
  });

  list.it("in scans of keys alone, whatever else is to expire", async (rig) => {
    const keysAlone = async (options: ScanOptions<"keys"> = {}) =>
      (await rig.scan(EVERYTHING, { ...options, want: "keys" })).map(({ key }) => key);
    await rig.write(put("m:stays"), put("n:later", { expiry: { in: 1000 * ttlMs } }));
    assert.deepEqual(await keysAlone(), ["m:stays", "n:later"].map(headKey));
    await putExpired(rig, ttlMs, "a", "m", "z");
    assert.deepEqual(await keysAlone(), ["m:stays", "n:later"].map(headKey));
    assert.deepEqual(await keysAlone({ reverse: true }), ["n:later", "m:stays"].map(headKey));
    assert.deepEqual(await keysAlone({ limit: 1 }), [headKey("m:stays")]);
  });

  list.it("in scans of keys alone that would be filled by them", async (rig) => {
    const keys = Array.from({ length: 5000 }, (_, i) => `a:${i}`);
    await rig.write(put("first"), put("z:last"));
    await putExpired(rig, ttlMs, ...keys);
    const found = await rig.scan(EVERYTHING, { want: "keys", limit: 2 });
    assert.deepEqual(
      found.map(({ key }) => key),
      ["first", "z:last"].map(headKey),
    );
    assert.deepEqual(await rig.scan(prefixRange(headKey("a:")), { want: "keys" }), []);
  });

  list.it("in counts of a range that holds only some of them", async (rig) => {
    await rig.write(put("a:stays"), put("b:stays"));
    await putExpired(rig, ttlMs, "a:1", "a:2", "b:1");
    assert.equal(await rig.count(prefixRange(headKey("a:"))), 1);
    assert.equal(await rig.count(prefixRange(headKey("b:"))), 1);
  });

  list.it("in scans that would be filled by them", async (rig) => {
    const keys = Array.from({ length: 2000 }, (_, i) => `a:${i}`);
    await rig.write(put("first"), put("z:last"));
    await putExpired(rig, ttlMs, ...keys);
    assert.deepEqual(await rig.keys(EVERYTHING, { limit: 2 }), ["first", "z:last"].map(headKey));
    assert.deepEqual(await rig.keys(prefixRange(headKey("a:"))), []);
  });

  list.it("for a check of their version, which conflicts", async (rig) => {
    const { position } = await rig.write(put("a", { expiry: { in: ttlMs } }));
    await rig.pass(ttlMs);
    const checks = [{ key: headKey("a"), version: position.id }];
    assert.deepEqual(await rig.conflicts({ checks, writes: [put("result")] }), [{ key: headKey("a") }]);
    assert.equal(await rig.get("result"), undefined);
  });

  list.it("for a check that the key is absent, which passes", async (rig) => {
    await putExpired(rig, ttlMs, "a");
    await rig.commit({ checks: absent, writes: [put("a", { data: "new" })] });
    assert.ok(await rig.get("a"));
  });

  list.it("for the version check before the deadline only", async (rig) => {
    const { position } = await rig.write(put("a", { expiry: { in: ttlMs } }));
    await rig.commit({ checks: [{ key: headKey("a"), version: position.id }] });
    await rig.conflicts({ checks: absent });
  });

  list.it("in range checks", async (rig) => {
    await rig.write(put("a:stays"));
    await putExpired(rig, ttlMs, "a:1");
    const check = await rig.rangeCheck(prefixRange(headKey("a:")));
    assert.equal(check.count, 1);
    await rig.commit({ ranges: [check], writes: [put("result")] });
  });

  list.it("so that a range check from before the deadline conflicts after it", async (rig) => {
    await rig.write(put("a:stays"), put("a:1", { expiry: { in: ttlMs } }));
    const check = await rig.rangeCheck(prefixRange(headKey("a:")));
    assert.equal(check.count, 2);
    await rig.pass(ttlMs);
    assert.equal((await rig.conflicts({ ranges: [check], writes: [put("result")] })).length, 1);
  });

  list.it("for what a put replaced", async (rig) => {
    await putExpired(rig, ttlMs, "a");
    assert.deepEqual((await rig.write(put("a"))).replaced, [undefined]);
  });

  list.it("for what a delete removed", async (rig) => {
    await putExpired(rig, ttlMs, "a");
    assert.deepEqual((await rig.write(del("a"))).replaced, [undefined]);
  });

  list.it("for what a range delete removed", async (rig) => {
    await rig.write(put("a:stays"));
    await putExpired(rig, ttlMs, "a:1", "a:2");
    assert.equal((await rig.write(dropRange(EVERYTHING))).removed, 1);
  });

  list.it("and may be put again, alive", async (rig) => {
    await putExpired(rig, ttlMs, "a");
    await rig.write(put("a", { data: "new" }));
    await rig.pass(ttlMs);
    assert.ok(await rig.get("a"));
    assert.equal(await rig.count(), 1);
  });
}

function sweepCases(list: CaseList, ttlMs: number): void {
  const often = { sweepIntervalMs: 100 };
  const expiries = async (rig: Rig) =>
    (await rig.changes()).flatMap(({ writes }) => writes).filter(({ kind }) => kind === "expire");

  list.it(
    "removes expired entries and records each as expired",
    async (rig) => {
      await putExpired(rig, ttlMs, "a", "b");
      await rig.until(async () => (await expiries(rig)).length === 2);
      const keys = (await expiries(rig)).map((write) => ("key" in write ? write.key : ""));
      assert.deepEqual(keys.sort(compareKeys), ["a", "b"].map(headKey));
    },
    often,
  );

  list.it(
    "records the incarnation of a structure that expired",
    async (rig) => {
      const incarnation = "j".repeat(22);
      await rig.write(put("a", { type: ENTRY_TYPE.list, incarnation, expiry: { in: ttlMs } }));
      await rig.pass(ttlMs);
      await rig.until(async () => (await expiries(rig)).length === 1);
      assert.deepEqual(await expiries(rig), [{ kind: "expire", key: headKey("a"), incarnation }]);
    },
    often,
  );

  list.it(
    "removes thousands of entries, in commits that follow one another",
    async (rig) => {
      const keys = Array.from({ length: 5000 }, (_, i) => `key:${i}`);
      await putExpired(rig, ttlMs, ...keys);
      await rig.until(async () => (await expiries(rig)).length === 5000);
      assert.equal(await rig.count(), 0);
    },
    often,
  );

  list.it(
    "leaves live entries alone",
    async (rig) => {
      await rig.write(put("stays"), put("later", { expiry: { in: 1000 * ttlMs } }));
      await putExpired(rig, ttlMs, "a");
      await rig.until(async () => (await expiries(rig)).length === 1);
      assert.deepEqual(await rig.keys(), ["later", "stays"].map(headKey));
    },
    often,
  );

  list.it(
    "leaves an entry alone that was put anew after its deadline",
    async (rig) => {
      await rig.write(put("a", { expiry: { in: ttlMs } }), put("b", { expiry: { in: ttlMs } }));
      await rig.write(put("a", { data: "new" }));
      await rig.pass(ttlMs);
      await rig.until(async () =>
        (await expiries(rig)).some((write) => "key" in write && write.key === headKey("b")),
      );
      assert.ok(await rig.get("a"));
    },
    often,
  );

  list.it(
    "works in every namespace",
    async (rig) => {
      const writes = [put("a", { expiry: { in: ttlMs } })];
      for (const namespace of ["", "one", "two"]) await rig.commit({ namespace, writes });
      await rig.pass(ttlMs);
      await rig.until(async () => {
        const logs = await Promise.all(["", "one", "two"].map((name) => rig.changes(undefined, 100, name)));
        return logs.every((changes) => changes.at(-1)?.writes[0]?.kind === "expire");
      });
    },
    often,
  );

  list.it(
    "leaves no namespace behind that holds nothing else",
    async (rig) => {
      await rig.commit({ namespace: "gone", writes: [put("a", { expiry: { in: ttlMs } })] });
      await rig.pass(ttlMs);
      await rig.until(async () => !(await rig.namespaces()).includes("gone"));
    },
    often,
  );

  list.it("is seen within a second by whoever waits for changes, however rare it is", async (rig) => {
    const { position } = await rig.write(put("a", { expiry: { in: ttlMs } }));
    const waiting = rig.backend.changes(rig.ctx, "", position, { limit: 10, waitMs: ttlMs + 5000 });
    await rig.pass(ttlMs + 1000);
    if (list.hasFakeTime) await rig.pass(0);
    const result = await waiting;
    assert.ok(!result.lost);
    assert.deepEqual(
      result.changes.map(({ writes }) => writes),
      [[{ kind: "expire", key: headKey("a") }]],
    );
    assert.ok((result.changes[0]?.now ?? Infinity) <= (await rig.now()));
  });
}

function clockCases(list: CaseList): void {
  const step = (rig: Rig, ms: number) => {
    assert.ok(rig.runtime instanceof FakeRuntime);
    rig.runtime.stepWall(ms);
  };

  list.it("does not follow a machine's clock that is set back", async (rig) => {
    const { now } = await rig.write(put("a", { expiry: { in: 5000 } }));
    step(rig, -3_600_000);
    assert.ok((await rig.now()) >= now);
    await rig.pass(5000);
    assert.equal(await rig.get("a"), undefined, "it must not live an hour longer");
  });

  list.it("does not follow a machine's clock that is set forward", async (rig) => {
    await rig.write(put("a", { expiry: { in: 5000 } }));
    step(rig, 3_600_000);
    assert.ok(await rig.get("a"), "it must not be gone before its time");
  });

  list.it("goes on from commit to commit when the machine's clock is set back", async (rig) => {
    const first = await rig.write(put("a"));
    step(rig, -86_400_000);
    await rig.pass(1);
    assert.ok((await rig.write(put("a"))).now >= first.now);
  });

  if (!list.capabilities.persistent) return;

  list.it("starts no earlier than the last commit after reopening", async (rig) => {
    await rig.pass(1000);
    const { now } = await rig.write(put("a"));
    step(rig, -86_400_000);
    await list.reopen(rig);
    assert.ok((await rig.now()) >= now);
    assert.ok((await rig.write(put("b"))).now >= now);
  });
}
