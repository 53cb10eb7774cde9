import assert from "node:assert/strict";
import { EVERYTHING } from "../../core/range.js";
import { headKey } from "../../core/key.js";
import type { CaseList, Wishes } from "./case-list.js";
import { checkConsistency } from "./consistency.js";
import type { PairCase } from "./pair-case.js";
import { textOf } from "./read-cases.js";
import { del, dropRange, put, rejects, type Rig } from "./rig.js";
import { sharedChangeCases } from "./shared-change-cases.js";
import { sharedContentionCases } from "./shared-contention-cases.js";
import { sharedExpiryCases } from "./shared-expiry-cases.js";

/** Several instances on one store, as several processes are: each sees at once what the others have committed. */
export function sharedCases(list: CaseList): void {
  if (!list.capabilities.shared) return;
  const pair: PairCase = (title, body, wishes) =>
    list.it(
      title,
      async (one) => {
        const two = await openShared(list, one, wishes);
        try {
          await body(one, two);
          await checkConsistency(two);
        } finally {
          await two.backend.close(two.ctx);
        }
      },
      wishes,
    );
  list.topic("several instances on one store", () => {
    list.topic("what the other committed", () => visibilityCases(pair));
    list.topic("life beside others", () => lifeCases(list, pair));
    list.topic("changes by the other", () => sharedChangeCases(pair));
    list.topic("expiry for all", () => sharedExpiryCases(list, pair));
    list.topic("contention between them", () => sharedContentionCases(pair));
  });
}

async function openShared(list: CaseList, rig: Rig, wishes?: Wishes): Promise<Rig> {
  const other = await list.share(rig, wishes);
  await other.backend.open(other.ctx);
  return other;
}

function visibilityCases(pair: PairCase): void {
  pair("is seen by reads once its commit resolved", async (one, two) => {
    for (let i = 0; i < 50; i++) {
      // Ten times in one direction: an instance that has just written looks anew anyway.
      const [writer, reader] = i % 20 < 10 ? [one, two] : [two, one];
      const { position } = await writer.write(put("a", { data: `${i}` }));
      const { entries, position: seen } = await reader.backend.read(reader.ctx, "", [headKey("a")]);
      assert.equal(entries[0]?.version, position.id);
      assert.equal(textOf(entries[0]?.data), `${i}`);
      assert.deepEqual(seen, position);
    }
  });

  pair("is seen by scans, counts and lists of namespaces", async (one, two) => {
    for (let i = 0; i < 10; i++) {
      const [writer, reader] = i % 2 === 0 ? [one, two] : [two, one];
      const namespace = `ns:${i}`;
      await writer.commit({ namespace, writes: [put("a"), put("b"), put("c")] });
      await writer.commit({ namespace, writes: [del("b")] });
      assert.deepEqual(await reader.keys(EVERYTHING, {}, namespace), ["a", "c"].map(headKey));
      assert.equal(await reader.count(EVERYTHING, namespace), 2);
      assert.ok((await reader.namespaces()).includes(namespace));
      await writer.commit({ namespace, writes: [dropRange(EVERYTHING)] });
      assert.equal(await reader.count(EVERYTHING, namespace), 0);
      assert.ok(!(await reader.namespaces()).includes(namespace));
    }
  });

  pair("is what its own commits replace", async (one, two) => {
    const first = await one.write(put("a", { data: "12345" }));
    const second = await two.write(put("a"));
    assert.equal(second.replaced[0]?.version, first.position.id);
    assert.equal(second.replaced[0]?.size, 5);
    assert.equal((await one.write(del("a"))).replaced[0]?.version, second.position.id);
    assert.deepEqual((await two.write(del("a"))).replaced, [undefined]);
    await one.write(put("b"), put("c"));
    assert.equal((await two.write(dropRange(EVERYTHING))).removed, 2);
  });

  pair("counts on in one row of positions", async (one, two) => {
    for (let i = 0; i < 20; i++) {
      const { position } = await (i % 3 === 0 ? two : one).write(put(`key:${i}`));
      assert.equal(position.ordinal, i + 1);
      assert.deepEqual(await one.position(), position);
      assert.deepEqual(await two.position(), position);
    }
  });

  pair("lies in the past for both clocks", async (one, two) => {
    let last = 0;
    for (let i = 0; i < 20; i++) {
      const [writer, reader] = i % 10 < 5 ? [one, two] : [two, one];
      const { now } = await writer.write(put("a"));
      assert.ok(now >= last, "the time of a commit must not be before that of the one before it");
      last = now;
      assert.ok((await reader.now()) >= now, "nor a read be before what it sees");
    }
  });
}

function lifeCases(list: CaseList, pair: PairCase): void {
  list.onUnopened("a new store is opened by several at once", async (rig) => {
    const rigs = [rig, await list.share(rig), await list.share(rig), await list.share(rig)];
    await Promise.all(rigs.map(({ backend, ctx }) => backend.open(ctx)));
    try {
      await Promise.all(rigs.map((each, i) => each.write(put(`key:${i}`))));
      for (const each of rigs) assert.equal(await each.count(), 4);
      await checkConsistency(rig);
    } finally {
      for (const { backend, ctx } of rigs.slice(1)) await backend.close(ctx);
    }
  });

  list.it("a store in use is opened by several at once, and holds what it held", async (rig) => {
    await rig.commit({ writes: Array.from({ length: 500 }, (_, i) => put(`key:${i}`)) });
    const others = await Promise.all([1, 2, 3].map(() => list.share(rig)));
    const [{ position }] = await Promise.all([
      rig.write(put("meanwhile")),
      ...others.map(({ backend, ctx }) => backend.open(ctx)),
    ]);
    for (const other of others) {
      assert.equal(await other.count(), 501);
      assert.deepEqual(await other.position(), position);
      await other.backend.close(other.ctx);
    }
  });

  pair("closing one leaves the other whole", async (one, two) => {
    await one.write(put("a"));
    const commits = Array.from({ length: 50 }, (_, i) => one.write(put(`key:${i}`)));
    await Promise.all([two.backend.close(two.ctx), ...commits]);
    await rejects("closed", () => two.get("a"));
    assert.equal(await one.count(), 51);
    await one.write(del("a"));
    await two.backend.open(two.ctx);
    assert.equal(await two.get("a"), undefined);
    assert.equal(await two.count(), 50);
  });

  pair("closing the first leaves the second whole", async (one, two) => {
    await one.write(put("a"));
    await one.backend.close(one.ctx);
    const { position } = await two.write(put("b"));
    assert.equal(position.ordinal, 2);
    assert.equal(await two.count(), 2);
    await one.backend.open(one.ctx);
    assert.deepEqual(await one.position(), position);
    assert.equal(await one.count(), 2);
  });

  pair("an iterator left by one does not hold up the other", async (one, two) => {
    await one.commit({ writes: Array.from({ length: 3000 }, (_, i) => put(`key:${i}`)) });
    const pages = one.backend.scan(one.ctx, "", EVERYTHING)[Symbol.asyncIterator]();
    await pages.next();
    await two.write(dropRange(EVERYTHING));
    assert.equal(await two.count(), 0);
    await two.backend.close(two.ctx);
    await pages.return?.();
    await two.backend.open(two.ctx);
  });
}
