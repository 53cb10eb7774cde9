import assert from "node:assert/strict";
import { withCancel, withTimeout } from "../../core/context.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { headKey, KIND } from "../../core/key.js";
import { EVERYTHING, HEADS } from "../../core/range.js";
import { checkCases } from "./check-cases.js";
import type { CaseList } from "./case-list.js";
import { textOf } from "./read-cases.js";
import { committed, del, dropRange, faulted, headRange, put } from "./rig.js";

/** `commit`: checks, writes, results, and several batches in one call. */
export function commitCases(list: CaseList): void {
  list.topic("commit", () => {
    list.topic("writes", () => writeCases(list));
    checkCases(list);
    list.topic("range deletes", () => dropCases(list));
    list.topic("several batches", () => groupCases(list));
  });
}

function writeCases(list: CaseList): void {
  list.it("gives every entry of a batch the batch's id as its version", async (rig) => {
    const id = rig.nextId();
    await rig.commit({ id, writes: [put("a"), put("b")] });
    assert.equal(await rig.versionOf("a"), id);
    assert.equal(await rig.versionOf("b"), id);
  });

  list.it("answers with the position of the commit", async (rig) => {
    const id = rig.nextId();
    const first = await rig.commit({ id, writes: [put("a")] });
    assert.equal(first.position.id, id);
    const second = await rig.write(put("a"));
    assert.equal(second.position.ordinal, first.position.ordinal + 1);
    assert.deepEqual(await rig.position(), second.position);
  });

  list.it("makes no position for a batch without writes", async (rig) => {
    const { position } = await rig.write(put("a"));
    const { position: same, replaced, removed } = await rig.commit({ checks: [], writes: [] });
    assert.deepEqual(same, position);
    assert.deepEqual(replaced, []);
    assert.equal(removed, 0);
    assert.deepEqual(await rig.position(), position);
  });

  list.it("replaces an entry whole", async (rig) => {
    await rig.write(put("a", { type: ENTRY_TYPE.hash, incarnation: "x".repeat(22), expiry: { in: 60_000 } }));
    await rig.write(put("a", { data: "plain" }));
    const entry = await rig.get("a");
    assert.equal(textOf(entry?.data), "plain");
    assert.equal(entry?.type, ENTRY_TYPE.value);
    assert.equal(entry.incarnation, undefined);
    assert.equal(entry.expiresAt, undefined);
  });

  list.it("answers with the header of what a put replaced", async (rig) => {
    const before = await rig.write(put("a", { data: "12345" }));
    const { replaced, removed } = await rig.write(put("new"), put("a"));
    assert.equal(replaced.length, 2);
    assert.equal(replaced[0], undefined);
    assert.equal(replaced[1]?.version, before.position.id);
    assert.equal(replaced[1].size, 5);
    assert.equal(removed, 0);
  });

  list.it("answers with the header of what a delete removed", async (rig) => {
    const incarnation = "i".repeat(22);
    await rig.write(put("a", { type: ENTRY_TYPE.list, incarnation }));
    const { replaced } = await rig.write(del("absent"), del("a"));
    assert.equal(replaced[0], undefined);
    assert.equal(replaced[1]?.type, ENTRY_TYPE.list);
    assert.equal(replaced[1].incarnation, incarnation);
    assert.equal(await rig.get("a"), undefined);
  });

  list.it("deletes what is absent without a fuss", async (rig) => {
    const { replaced, removed } = await rig.write(del("absent"));
    assert.deepEqual(replaced, [undefined]);
    assert.equal(removed, 0);
  });

  list.it("makes a key anew after its delete", async (rig) => {
    await rig.write(put("a", { data: "1" }));
    await rig.write(del("a"));
    const { replaced } = await rig.write(put("a", { data: "2" }));
    assert.deepEqual(replaced, [undefined]);
    assert.equal(textOf((await rig.get("a"))?.data), "2");
  });

  list.it("carries out puts and deletes of many keys as one", async (rig) => {
    const keys = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
    await rig.commit({ writes: keys.map((key) => put(key)) });
    const writes = keys.map((key, i) => (i % 2 === 0 ? del(key) : put(key, { data: "new" })));
    const { replaced } = await rig.commit({ writes });
    assert.ok(replaced.every((header) => header !== undefined));
    assert.equal(await rig.count(), 500);
  });

  list.it("has a clock that does not step back from commit to commit", async (rig) => {
    let last = 0;
    for (let i = 0; i < 20; i++) {
      const { now } = await rig.write(put("a"));
      assert.ok(now >= last);
      assert.ok((await rig.now()) >= now, "reads see at least the clock of the last commit");
      last = now;
    }
  });

  list.it("keeps data and key apart from later changes of what was handed in", async (rig) => {
    const writes = [put("a"), put("b")];
    await rig.commit({ writes });
    writes.length = 0;
    assert.deepEqual(await rig.keys(), [headKey("a"), headKey("b")]);
  });
}

function dropCases(list: CaseList): void {
  const letters = ["a", "b", "c", "d", "e"].map((key) => put(key));

  list.it("delete what the range holds and nothing beside it", async (rig) => {
    await rig.commit({ writes: letters });
    const { removed, replaced } = await rig.write(dropRange(headRange("b", "d")));
    assert.equal(removed, 2);
    assert.deepEqual(replaced, [undefined]);
    assert.deepEqual(await rig.keys(), ["a", "d", "e"].map(headKey));
  });

  list.it("delete everything", async (rig) => {
    await rig.commit({ writes: letters });
    assert.equal((await rig.write(dropRange(EVERYTHING))).removed, 5);
    assert.deepEqual(await rig.keys(), []);
    await rig.write(put("again"));
    assert.deepEqual(await rig.keys(), [headKey("again")]);
  });

  list.it("delete nothing in an empty or inverted range", async (rig) => {
    await rig.commit({ writes: letters });
    for (const range of [headRange("x", "z"), headRange("d", "b"), headRange("c", "c")]) {
      assert.equal((await rig.write(dropRange(range))).removed, 0);
    }
    assert.equal(await rig.count(), 5);
  });

  list.it("come before a put of the same batch into the range", async (rig) => {
    await rig.commit({ writes: letters });
    const { removed, replaced } = await rig.write(dropRange(HEADS), put("c", { data: "new" }));
    assert.equal(removed, 5);
    assert.equal(replaced[1], undefined, "the range delete had removed it before");
    assert.deepEqual(await rig.keys(), [headKey("c")]);
    assert.equal(textOf((await rig.get("c"))?.data), "new");
  });

  list.it("come before a delete of the same batch in the range", async (rig) => {
    await rig.commit({ writes: letters });
    const { removed, replaced } = await rig.write(dropRange(headRange("a", "c")), del("a"), del("e"));
    assert.equal(removed, 2);
    assert.equal(replaced[1], undefined);
    assert.ok(replaced[2] !== undefined);
    assert.deepEqual(await rig.keys(), ["c", "d"].map(headKey));
  });

  list.it("add up", async (rig) => {
    await rig.commit({ writes: letters });
    assert.equal(
      (await rig.write(dropRange(headRange("a", "b")), dropRange(headRange("c", "e")))).removed,
      3,
    );
    assert.deepEqual(await rig.keys(), ["b", "e"].map(headKey));
  });

  list.it("count overlapping ranges once", async (rig) => {
    await rig.commit({ writes: letters });
    assert.equal(
      (await rig.write(dropRange(headRange("a", "d")), dropRange(headRange("b", "e")))).removed,
      4,
    );
  });

  list.it("do not count parts of structures", async (rig) => {
    const part = { ...put(""), type: ENTRY_TYPE.part, key: `${KIND.item}${"i".repeat(22)}1` };
    await rig.write(put("a"), part);
    assert.equal((await rig.write(dropRange(EVERYTHING))).removed, 1);
    assert.equal(await rig.count(), 0);
  });

  list.it("change nothing when the batch conflicts", async (rig) => {
    await rig.commit({ writes: letters });
    await rig.conflicts({ checks: [{ key: headKey("a"), version: null }], writes: [dropRange(EVERYTHING)] });
    assert.equal(await rig.count(), 5);
  });

  list.it("delete thousands of keys at once", async (rig) => {
    const keys = Array.from({ length: 5000 }, (_, i) => `key:${String(i).padStart(4, "0")}`);
    await rig.commit({ writes: keys.map((key) => put(key)) });
    const { removed } = await rig.write(dropRange(headRange("key:1000", "key:4000")));
    assert.equal(removed, 3000);
    assert.equal(await rig.count(), 2000);
    assert.equal(await rig.get("key:2500"), undefined);
  });
}

function groupCases(list: CaseList): void {
  list.it("gives no results for no batches", async (rig) => {
    assert.deepEqual(await rig.backend.commit([]), []);
  });

  list.it("answers in the order of the batches", async (rig) => {
    const ids = Array.from({ length: 50 }, () => rig.nextId());
    const results = await rig.backend.commit(ids.map((id) => rig.batch({ id, writes: [put(`key:${id}`)] })));
    assert.deepEqual(
      results.map((result) => committed(result).position.id),
      ids,
    );
  });

  list.it("gives the batches of a namespace consecutive positions", async (rig) => {
    const namespaces = ["a", "b", "a", "b", "a"];
    const results = await rig.backend.commit(
      namespaces.map((namespace, i) => rig.batch({ namespace, writes: [put(`key:${i}`)] })),
    );
    const ordinals = results.map((result) => committed(result).position.ordinal);
    assert.deepEqual(ordinals, [1, 1, 2, 2, 3]);
  });

  list.it("commits the others when some conflict", async (rig) => {
    await rig.write(put("taken"));
    const stale = [{ key: headKey("taken"), version: null }];
    const results = await rig.backend.commit([
      rig.batch({ writes: [put("first")] }),
      rig.batch({ checks: stale, writes: [put("second")] }),
      rig.batch({ writes: [put("third")] }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["committed", "conflict", "committed"],
    );
    assert.deepEqual(await rig.keys(), ["first", "taken", "third"].map(headKey));
  });

  list.it("leaves no gap where a batch conflicted", async (rig) => {
    await rig.write(put("taken"));
    const results = await rig.backend.commit([
      rig.batch({ writes: [put("first")] }),
      rig.batch({ checks: [{ key: headKey("taken"), version: null }], writes: [put("second")] }),
      rig.batch({ writes: [put("third")] }),
    ]);
    assert.equal(committed(results[0]).position.ordinal, 2);
    assert.equal(committed(results[2]).position.ordinal, 3);
  });

  list.it("refuses only the batch whose context is cancelled", async (rig) => {
    const [ctx, cancel] = withCancel(rig.ctx);
    cancel();
    const results = await rig.backend.commit([
      rig.batch({ writes: [put("a")] }),
      rig.batch({ ctx, writes: [put("b")] }),
      rig.batch({ writes: [put("c")] }),
    ]);
    committed(results[0]);
    faulted(results[1], "cancelled");
    committed(results[2]);
    assert.deepEqual(await rig.keys(), ["a", "c"].map(headKey));
  });

  list.it("refuses only the batch whose deadline has passed", async (rig) => {
    const [ctx, cancel] = withTimeout(rig.ctx, 0);
    const results = await rig.backend.commit([
      rig.batch({ ctx, writes: [put("a")] }),
      rig.batch({ writes: [put("b")] }),
    ]);
    cancel();
    faulted(results[0], "timeout");
    committed(results[1]);
    assert.deepEqual(await rig.keys(), [headKey("b")]);
  });

  list.it("validates batches without writes beside others", async (rig) => {
    const { position } = await rig.write(put("a"));
    const results = await rig.backend.commit([
      rig.batch({ checks: [{ key: headKey("a"), version: position.id }] }),
      rig.batch({ writes: [put("b")] }),
      rig.batch({ checks: [{ key: headKey("a"), version: null }] }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["committed", "committed", "conflict"],
    );
  });

  list.it("carries out a thousand batches of many namespaces", async (rig) => {
    const batches = Array.from({ length: 1000 }, (_, i) =>
      rig.batch({ namespace: `ns${i % 10}`, writes: [put(`key:${i}`)] }),
    );
    for (const result of await rig.backend.commit(batches)) committed(result);
    for (let i = 0; i < 10; i++) assert.equal(await rig.count(EVERYTHING, `ns${i}`), 100);
  });

  list.it("checks ranges batch by batch", async (rig) => {
    await rig.write(put("a1"), put("b1"));
    const [first, second] = [
      await rig.rangeCheck(headRange("a", "b")),
      await rig.rangeCheck(headRange("b", "c")),
    ];
    await rig.write(put("a2"));
    const results = await rig.backend.commit([
      rig.batch({ ranges: [first], writes: [put("x")] }),
      rig.batch({ ranges: [second], writes: [put("y")] }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["conflict", "committed"],
    );
  });
}
