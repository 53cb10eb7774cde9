import assert from "node:assert/strict";
import { headKey } from "../../core/key.js";
import { EVERYTHING, prefixRange, successor } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { textOf } from "./read-cases.js";
import { conflicted, del, dropRange, headRange, put, type Rig } from "./rig.js";

/** What a commit validates: versions, absences and ranges. */
export function checkCases(list: CaseList): void {
  list.topic("checks of keys", () => keyCheckCases(list));
  list.topic("checks of ranges", () => rangeCheckCases(list));
}

function keyCheckCases(list: CaseList): void {
  const write = [put("result")];

  const assertUntouched = async (rig: Rig) => {
    assert.equal(await rig.get("result"), undefined, "a conflicting batch must write nothing");
  };

  list.it("passes when the version still holds", async (rig) => {
    const { position } = await rig.write(put("a"));
    await rig.commit({ checks: [{ key: headKey("a"), version: position.id }], writes: write });
    assert.ok(await rig.get("result"));
  });

  list.it("passes when an absent key is still absent", async (rig) => {
    await rig.commit({ checks: [{ key: headKey("a"), version: null }], writes: write });
    assert.ok(await rig.get("result"));
  });

  list.it("passes for an absent key that came and went", async (rig) => {
    await rig.write(put("a"));
    await rig.write(del("a"));
    await rig.commit({ checks: [{ key: headKey("a"), version: null }], writes: write });
  });

  list.it("conflicts when the key was overwritten, and brings what is there now", async (rig) => {
    const { position } = await rig.write(put("a", { data: "old" }));
    const after = await rig.write(put("a", { data: "new" }));
    const [conflict, ...more] = await rig.conflicts({
      checks: [{ key: headKey("a"), version: position.id }],
      writes: write,
    });
    assert.ok(conflict !== undefined && "key" in conflict && more.length === 0);
    assert.equal(conflict.key, headKey("a"));
    assert.equal(conflict.current?.version, after.position.id);
    assert.equal(textOf(conflict.current.data), "new");
    await assertUntouched(rig);
  });

  list.it("conflicts when the key was overwritten with the same data", async (rig) => {
    const { position } = await rig.write(put("a", { data: "same" }));
    await rig.write(put("a", { data: "same" }));
    await rig.conflicts({ checks: [{ key: headKey("a"), version: position.id }], writes: write });
    await assertUntouched(rig);
  });

  list.it("conflicts when the key was deleted, without a current entry", async (rig) => {
    const { position } = await rig.write(put("a"));
    await rig.write(del("a"));
    const conflicts = await rig.conflicts({
      checks: [{ key: headKey("a"), version: position.id }],
      writes: write,
    });
    assert.deepEqual(conflicts, [{ key: headKey("a") }]);
    await assertUntouched(rig);
  });

  list.it("conflicts when the key was deleted and made anew", async (rig) => {
    const { position } = await rig.write(put("a", { data: "same" }));
    await rig.write(del("a"));
    await rig.write(put("a", { data: "same" }));
    await rig.conflicts({ checks: [{ key: headKey("a"), version: position.id }], writes: write });
    await assertUntouched(rig);
  });

  list.it("conflicts when an absent key has appeared", async (rig) => {
    const { position } = await rig.write(put("a"));
    const [conflict] = await rig.conflicts({ checks: [{ key: headKey("a"), version: null }], writes: write });
    assert.ok(conflict !== undefined && "key" in conflict);
    assert.equal(conflict.current?.version, position.id);
    await assertUntouched(rig);
  });

  list.it("conflicts on a version that never was", async (rig) => {
    await rig.write(put("a"));
    await rig.conflicts({ checks: [{ key: headKey("a"), version: "never" }], writes: write });
    await rig.conflicts({ checks: [{ key: headKey("absent"), version: "never" }], writes: write });
    await assertUntouched(rig);
  });

  list.it("reports every check that did not hold and no other", async (rig) => {
    const { position } = await rig.write(put("a"), put("b"), put("c"));
    await rig.write(put("b"), del("c"));
    const keys = ["a", "b", "c", "d"];
    const checks = keys.map((key) => ({ key: headKey(key), version: key === "d" ? null : position.id }));
    const conflicts = await rig.conflicts({ checks, writes: write });
    assert.deepEqual(
      conflicts.map((conflict) => "key" in conflict && conflict.key),
      ["b", "c"].map(headKey),
    );
    await assertUntouched(rig);
  });

  list.it("checks keys that the batch does not write", async (rig) => {
    const { position } = await rig.write(put("read-only"));
    await rig.write(put("read-only"));
    await rig.conflicts({ checks: [{ key: headKey("read-only"), version: position.id }], writes: write });
    await assertUntouched(rig);
  });

  list.it("checks a batch without writes too", async (rig) => {
    const { position } = await rig.write(put("a"));
    await rig.commit({ checks: [{ key: headKey("a"), version: position.id }] });
    await rig.write(put("a"));
    await rig.conflicts({ checks: [{ key: headKey("a"), version: position.id }] });
  });

  list.it("checks before it writes: a batch may check and overwrite the same key", async (rig) => {
    const { position } = await rig.write(put("a", { data: "1" }));
    const checks = [{ key: headKey("a"), version: position.id }];
    await rig.commit({ checks, writes: [put("a", { data: "2" })] });
    assert.equal(textOf((await rig.get("a"))?.data), "2");
    await rig.conflicts({ checks, writes: [put("a", { data: "3" })] });
    assert.equal(textOf((await rig.get("a"))?.data), "2");
  });

  list.it("applies nothing of many writes when the last check fails", async (rig) => {
    const { position } = await rig.write(put("last"));
    await rig.write(put("last"));
    const before = await rig.position();
    const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
    const absent = keys.map((key) => ({ key: headKey(key), version: null }));
    const checks = [...absent, { key: headKey("last"), version: position.id }];
    await rig.conflicts({ checks, writes: [...keys.map((key) => put(key)), del("last")] });
    assert.deepEqual(await rig.keys(), [headKey("last")]);
    assert.deepEqual(await rig.position(), before, "a conflict makes no position");
  });

  list.it("brings the clock with a conflict", async (rig) => {
    const { now } = await rig.write(put("a"));
    const result = conflicted(await rig.tryCommit({ checks: [{ key: headKey("a"), version: null }] }));
    assert.ok(result.now >= now);
  });
}

function rangeCheckCases(list: CaseList): void {
  const range = headRange("b", "d");
  const outcome = [put("result")];
  const changes: readonly (readonly [title: string, change: (rig: Rig) => Promise<unknown>])[] = [
    ["a key appeared in it (a phantom)", (rig) => rig.write(put("bb"))],
    ["a key in it was deleted", (rig) => rig.write(del("c"))],
    ["a key in it was overwritten", (rig) => rig.write(put("b"))],
    ["a key in it was overwritten with the same data", (rig) => rig.write(put("c", { data: "c" }))],
    ["its first key was overwritten", (rig) => rig.write(put("b", { data: "x" }))],
    ["one key was replaced by another", (rig) => rig.write(del("c"), put("ca"))],
    [
      "a key was deleted and made anew",
      async (rig) => {
        await rig.write(del("b"));
        await rig.write(put("b"));
      },
    ],
    ["two keys swapped their data", (rig) => rig.write(put("b", { data: "c" }), put("c", { data: "b" }))],
    ["it was emptied", (rig) => rig.write(dropRange(range))],
  ];

  const prepare = async (rig: Rig) => {
    await rig.write(put("a"), put("b"), put("c"), put("d"));
    return await rig.rangeCheck(range);
  };

  for (const [title, change] of changes) {
    list.it(`conflict when ${title}`, async (rig) => {
      const check = await prepare(rig);
      await change(rig);
      assert.deepEqual(await rig.conflicts({ ranges: [check], writes: outcome }), [{ range }]);
      assert.equal(await rig.get("result"), undefined);
    });
  }

  const harmless: readonly (readonly [title: string, change: (rig: Rig) => Promise<unknown>])[] = [
    ["nothing happened", async () => undefined],
    ["the key at its end was overwritten, which it leaves out", (rig) => rig.write(put("d"))],
    ["keys on both sides changed", (rig) => rig.write(del("a"), put("aa"), put("dd"))],
    [
      "a key came and went in it",
      async (rig) => {
        await rig.write(put("bb"));
        await rig.write(del("bb"));
      },
    ],
    [
      "the same keys changed in another namespace",
      (rig) => rig.commit({ namespace: "other", writes: [put("b"), put("bb")] }),
    ],
  ];

  for (const [title, change] of harmless) {
    list.it(`hold when ${title}`, async (rig) => {
      const check = await prepare(rig);
      await change(rig);
      await rig.commit({ ranges: [check], writes: outcome });
      assert.ok(await rig.get("result"));
    });
  }

  list.it("hold for an empty range until a key appears in it", async (rig) => {
    const check = await rig.rangeCheck(range);
    await rig.commit({ ranges: [check], writes: outcome });
    await rig.write(put("c"));
    await rig.conflicts({ ranges: [check], writes: outcome });
  });

  list.it("hold for a range that can hold nothing", async (rig) => {
    const check = await rig.rangeCheck(headRange("d", "b"));
    await rig.write(put("c"));
    await rig.commit({ ranges: [check], writes: outcome });
  });

  list.it("cover everything", async (rig) => {
    await prepare(rig);
    const check = await rig.rangeCheck(EVERYTHING);
    await rig.write(put("zzz"));
    await rig.conflicts({ ranges: [check], writes: outcome });
  });

  list.it("cover thousands of keys", async (rig) => {
    const keys = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
    await rig.commit({ writes: keys.map((key) => put(key)) });
    const check = await rig.rangeCheck(prefixRange(headKey("key:")));
    await rig.commit({ ranges: [check], writes: outcome });
    await rig.write(put("key:1500"));
    await rig.conflicts({ ranges: [check], writes: outcome });
  });

  list.it("refuse a wrong count with the right digest, and the other way round", async (rig) => {
    const check = await prepare(rig);
    await rig.conflicts({ ranges: [{ ...check, count: check.count + 1 }], writes: outcome });
    const digest = { hi: check.digest.hi, lo: (check.digest.lo + 1) >>> 0 };
    await rig.conflicts({ ranges: [{ ...check, digest }], writes: outcome });
    const otherHalf = { hi: (check.digest.hi + 1) >>> 0, lo: check.digest.lo };
    await rig.conflicts({ ranges: [{ ...check, digest: otherHalf }], writes: outcome });
  });

  list.it("are reported beside failed checks of keys", async (rig) => {
    const check = await prepare(rig);
    await rig.write(put("b"));
    const checks = [{ key: headKey("b"), version: null }];
    const conflicts = await rig.conflicts({ checks, ranges: [check], writes: outcome });
    assert.equal(conflicts.length, 2);
    assert.ok(conflicts.some((conflict) => "range" in conflict));
    assert.ok(conflicts.some((conflict) => "key" in conflict && conflict.current !== undefined));
  });

  list.it("are reported each, and only those that did not hold", async (rig) => {
    await rig.write(put("a"), put("b"), put("c"), put("d"));
    const ranges = ["a", "b", "c"].map((key) => ({ start: headKey(key), end: successor(headKey(key)) }));
    const checks = await Promise.all(ranges.map((one) => rig.rangeCheck(one)));
    await rig.write(put("a"), put("c"));
    const conflicts = await rig.conflicts({ ranges: checks, writes: outcome });
    const broken = conflicts.map((conflict) => "range" in conflict && conflict.range.start);
    assert.deepEqual(new Set(broken), new Set(["a", "c"].map(headKey)));
  });
}
