import assert from "node:assert/strict";
import { setImmediate as turnOver, setTimeout as delay } from "node:timers/promises";
import { START, type Change } from "../../backends/backend.js";
import { withCancel, withTimeout } from "../../core/context.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { headKey } from "../../core/key.js";
import { EVERYTHING } from "../../core/range.js";
import type { CaseList } from "./case-list.js";
import { del, dropRange, put, rejects, type Rig } from "./rig.js";

/** `changes`: what is recorded, from where on, waiting, and when a position is lost. */
export function changeCases(list: CaseList): void {
  list.topic("changes", () => {
    list.topic("records", () => recordCases(list));
    list.topic("positions", () => positionCases(list));
    list.topic("lost positions", () => lostCases(list));
    list.topic("waiting", () => waitCases(list));
  });
}

function idsOf(changes: readonly Change[]): string[] {
  return changes.map(({ position }) => position.id);
}

async function writeKeys(rig: Rig, count: number, namespace = ""): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    ids.push((await rig.commit({ namespace, writes: [put(`key:${i}`)] })).position.id);
  }
  return ids;
}

function recordCases(list: CaseList): void {
  list.it("are none before the first commit", async (rig) => {
    const result = await rig.backend.changes(rig.ctx, "", undefined, { limit: 10 });
    assert.deepEqual(result, { lost: false, changes: [], position: START });
  });

  list.it("hold a put with its type", async (rig) => {
    const { position, now } = await rig.write(
      put("a", { type: ENTRY_TYPE.hash, incarnation: "h".repeat(22) }),
    );
    const [change, ...more] = await rig.changes();
    assert.equal(more.length, 0);
    assert.deepEqual(change?.position, position);
    assert.equal(change.now, now);
    assert.equal(change.previous, START.id);
    assert.deepEqual(change.writes, [{ kind: "put", key: headKey("a"), type: ENTRY_TYPE.hash }]);
  });

  list.it("hold a put's deadline", async (rig) => {
    const { now } = await rig.write(put("a", { expiry: { in: 60_000 } }));
    const [change] = await rig.changes();
    const expiresAt = now + 60_000;
    assert.deepEqual(change?.writes, [{ kind: "put", key: headKey("a"), type: ENTRY_TYPE.value, expiresAt }]);
  });

  list.it("hold a delete", async (rig) => {
    await rig.write(put("a"));
    await rig.write(del("a"));
    const [, change] = await rig.changes();
    assert.deepEqual(change?.writes, [{ kind: "delete", key: headKey("a") }]);
  });

  list.it("hold the incarnation of a structure that was deleted", async (rig) => {
    const incarnation = "d".repeat(22);
    await rig.write(put("a", { type: ENTRY_TYPE.list, incarnation }));
    await rig.write(del("a"));
    const [, change] = await rig.changes();
    assert.deepEqual(change?.writes, [{ kind: "delete", key: headKey("a"), incarnation }]);
  });

  list.it("hold a range delete as one record", async (rig) => {
    await writeKeys(rig, 20);
    const { position } = await rig.write(dropRange(EVERYTHING));
    const change = (await rig.changes()).at(-1);
    assert.deepEqual(change?.position, position);
    assert.deepEqual(change.writes, [{ kind: "delete-range", range: EVERYTHING }]);
  });

  list.it("hold all writes of a batch in their order, as one change", async (rig) => {
    await rig.write(put("b"));
    await rig.write(dropRange(EVERYTHING), put("z"), put("a"), del("m"));
    const [, change, ...more] = await rig.changes();
    assert.equal(more.length, 0);
    assert.deepEqual(
      change?.writes.map(({ kind }) => kind),
      ["delete-range", "put", "put", "delete"],
    );
    const keys = change.writes.flatMap((write) => ("key" in write ? [write.key] : []));
    assert.deepEqual(keys, ["z", "a", "m"].map(headKey));
  });

  list.it("stand in the order of the commits and name their predecessors", async (rig) => {
    const ids = await writeKeys(rig, 10);
    const changes = await rig.changes();
    assert.deepEqual(idsOf(changes), ids);
    assert.deepEqual(
      changes.map(({ previous }) => previous),
      [START.id, ...ids.slice(0, -1)],
    );
    assert.deepEqual(
      changes.map(({ position }) => position.ordinal),
      ids.map((_, i) => i + 1),
    );
  });

  list.it("hold nothing of conflicts and of batches without writes", async (rig) => {
    await rig.write(put("a"));
    await rig.conflicts({ checks: [{ key: headKey("a"), version: null }], writes: [put("b")] });
    await rig.commit({ checks: [{ key: headKey("b"), version: null }] });
    assert.equal((await rig.changes()).length, 1);
  });

  list.it("hold every batch of one call as a change of its own", async (rig) => {
    const batches = Array.from({ length: 10 }, (_, i) => rig.batch({ writes: [put(`key:${i}`)] }));
    await rig.backend.commit(batches);
    assert.deepEqual(
      idsOf(await rig.changes()),
      batches.map(({ id }) => id),
    );
  });
}

function positionCases(list: CaseList): void {
  list.it("give what came after, oldest first", async (rig) => {
    const ids = await writeKeys(rig, 10);
    const [first] = await rig.changes();
    assert.deepEqual(idsOf(await rig.changes(first?.position)), ids.slice(1));
  });

  list.it("from the start give everything", async (rig) => {
    const ids = await writeKeys(rig, 5);
    assert.deepEqual(idsOf(await rig.changes(START)), ids);
  });

  list.it("absent give everything kept", async (rig) => {
    const ids = await writeKeys(rig, 5);
    assert.deepEqual(idsOf(await rig.changes()), ids);
  });

  list.it("at the end give nothing and stay", async (rig) => {
    await writeKeys(rig, 5);
    const position = await rig.position();
    const result = await rig.backend.changes(rig.ctx, "", position, { limit: 10 });
    assert.deepEqual(result, { lost: false, changes: [], position });
  });

  list.it("from a read give what was committed since", async (rig) => {
    await writeKeys(rig, 3);
    const position = await rig.position();
    const id = (await rig.write(put("later"))).position.id;
    assert.deepEqual(idsOf(await rig.changes(position)), [id]);
  });

  for (const limit of [1, 2, 3, 7, 100]) {
    list.it(`lead through ten changes ${limit} at a time`, async (rig) => {
      const ids = await writeKeys(rig, 10);
      const seen: string[] = [];
      let after = START;
      for (let i = 0; i < 10 && seen.length < 10; i++) {
        const result = await rig.backend.changes(rig.ctx, "", after, { limit });
        assert.ok(!result.lost && result.changes.length <= limit);
        assert.deepEqual(result.position, result.changes.at(-1)?.position);
        seen.push(...idsOf(result.changes));
        after = result.position;
      }
      assert.deepEqual(seen, ids);
    });
  }

  list.it("belong to their namespace", async (rig) => {
    const one = await writeKeys(rig, 3, "one");
    const two = await writeKeys(rig, 2, "two");
    assert.deepEqual(idsOf(await rig.changes(undefined, 10, "one")), one);
    assert.deepEqual(idsOf(await rig.changes(undefined, 10, "two")), two);
    assert.deepEqual(await rig.changes(), []);
  });

  list.it("go on in a namespace that was emptied and filled again", async (rig) => {
    const namespace = "again";
    await writeKeys(rig, 2, namespace);
    await rig.commit({ namespace, writes: [dropRange(EVERYTHING)] });
    assert.ok(!(await rig.namespaces()).includes(namespace));
    const { position } = await rig.commit({ namespace, writes: [put("a")] });
    assert.equal(position.ordinal, 4);
    assert.equal((await rig.changes(START, 10, namespace)).length, 4);
  });

  if (!list.capabilities.persistent) return;

  list.it("go on after reopening", async (rig) => {
    await writeKeys(rig, 3);
    const before = await rig.position();
    await list.reopen(rig);
    assert.deepEqual(await rig.position(), before);
    const { position } = await rig.write(put("later"));
    assert.equal(position.ordinal, before.ordinal + 1);
    assert.deepEqual(idsOf(await rig.changes(before)), [position.id]);
  });
}

function lostCases(list: CaseList): void {
  const assertLost = async (rig: Rig, ordinal: number, id: string, namespace = "") => {
    const result = await rig.backend.changes(rig.ctx, namespace, { ordinal, id }, { limit: 10 });
    assert.ok(result.lost, `position ${ordinal} must be lost`);
    assert.deepEqual(result.position, await rig.position(namespace), "it says where the log stands");
  };

  list.it("are those whose id is not at their ordinal", async (rig) => {
    const ids = await writeKeys(rig, 3);
    await assertLost(rig, 2, ids[0] as string);
    await assertLost(rig, 2, "foreign");
    await assertLost(rig, 3, "foreign");
    await assertLost(rig, 0, "foreign");
  });

  list.it("are those of the future", async (rig) => {
    const ids = await writeKeys(rig, 3);
    await assertLost(rig, 4, ids[2] as string);
    await assertLost(rig, 1000, "future");
  });

  list.it("are those of another namespace", async (rig) => {
    const ids = await writeKeys(rig, 3, "one");
    await writeKeys(rig, 3, "two");
    await assertLost(rig, 2, ids[1] as string, "two");
  });

  list.it("are those of a namespace never written, but for the start", async (rig) => {
    await assertLost(rig, 1, "something", "never");
    assert.deepEqual(await rig.changes(START, 10, "never"), []);
  });

  list.it("do not wait", async (rig) => {
    const result = await rig.backend.changes(
      rig.ctx,
      "",
      { ordinal: 9, id: "x" },
      { limit: 1, waitMs: 60_000 },
    );
    assert.ok(result.lost);
  });

  list.it(
    "are those before the oldest of `count` commits",
    async (rig) => {
      const ids = await writeKeys(rig, 50);
      const kept = await rig.changes();
      assert.ok(kept.length < 50 && kept.length >= 10, `of 50 commits 10 are asked for, not ${kept.length}`);
      assert.deepEqual(idsOf(kept), ids.slice(-kept.length));
      await assertLost(rig, 0, START.id);
      const oldest = kept[0] as Change;
      await assertLost(rig, oldest.position.ordinal - 2, ids[oldest.position.ordinal - 3] as string);
    },
    { changes: { count: 10, ageMs: 3_600_000 } },
  );

  list.it(
    "are not those just before the oldest commit kept, of which nothing is missing",
    async (rig) => {
      const ids = await writeKeys(rig, 50);
      const kept = await rig.changes();
      const { ordinal } = (kept[0] as Change).position;
      const before = { ordinal: ordinal - 1, id: ids[ordinal - 2] as string };
      assert.deepEqual(idsOf(await rig.changes(before)), idsOf(kept));
    },
    { changes: { count: 10, ageMs: 3_600_000 } },
  );

  if (!list.hasFakeTime) return;

  list.it(
    "are those older than the age",
    async (rig) => {
      await writeKeys(rig, 3);
      await rig.pass(20_000);
      const { position } = await rig.write(put("later"));
      await assertLost(rig, 0, START.id);
      assert.deepEqual(idsOf(await rig.changes()), [position.id]);
    },
    { changes: { count: 10_000, ageMs: 10_000 } },
  );
}

function waitCases(list: CaseList): void {
  const waiting = (rig: Rig, waitMs: number, after = START, ctx = rig.ctx) =>
    rig.backend.changes(ctx, "", after, { limit: 10, waitMs });

  list.it("answers at once when there is something", async (rig) => {
    await writeKeys(rig, 2);
    const result = await waiting(rig, 60_000);
    assert.ok(!result.lost && result.changes.length === 2);
  });

  list.it("ends with a commit in the namespace", async (rig) => {
    const promise = waiting(rig, 60_000);
    await rig.pass(20);
    const { position } = await rig.write(put("a"));
    const result = await promise;
    assert.ok(!result.lost);
    assert.deepEqual(idsOf(result.changes), [position.id]);
  });

  list.it("wakes everybody who waits", async (rig) => {
    const promises = Array.from({ length: 10 }, () => waiting(rig, 60_000));
    await rig.pass(20);
    await rig.write(put("a"));
    for (const result of await Promise.all(promises)) assert.ok(!result.lost && result.changes.length === 1);
  });

  list.it("is not ended by a commit in another namespace", async (rig) => {
    let ended = false;
    const promise = waiting(rig, 60_000).then((result) => {
      ended = true;
      return result;
    });
    await rig.commit({ namespace: "other", writes: [put("a")] });
    await rig.pass(50);
    assert.equal(ended, false);
    await rig.write(put("a"));
    await promise;
  });

  list.it("ends without changes when its time is over", async (rig) => {
    const promise = waiting(rig, 200);
    await rig.pass(250);
    const result = await promise;
    assert.deepEqual(result, { lost: false, changes: [], position: START });
  });

  list.it("ends when its context is cancelled", async (rig) => {
    const [ctx, cancel] = withCancel(rig.ctx);
    const promise = rejects("cancelled", () => waiting(rig, 60_000, START, ctx));
    await rig.pass(20);
    cancel();
    await promise;
  });

  list.it("ends when its context's deadline passes", async (rig) => {
    const [ctx, cancel] = withTimeout(rig.ctx, 30);
    await rejects("timeout", () => waiting(rig, 60_000, START, ctx));
    cancel();
  });

  list.it("ends with `closed` when the backend is closed", async (rig) => {
    const promise = rejects("closed", () => waiting(rig, 60_000));
    await rig.pass(20);
    await rig.backend.close(rig.ctx);
    await promise;
    await rig.backend.open(rig.ctx);
  });

  list.it("ends with `closed` however far it has come when the backend is closed", async (rig) => {
    for (let turns = 0; turns < 12; turns++) {
      const promise = rejects("closed", () => waiting(rig, 60_000));
      for (let turn = 0; turn < turns; turn++) await turnOver();
      const closing = Promise.all([rig.backend.close(rig.ctx), promise]).then(() => true);
      assert.ok(
        await Promise.race([closing, delay(5000, false, { ref: false })]),
        `closing hangs after ${turns} turns`,
      );
      await rig.backend.open(rig.ctx);
    }
  });

  list.it("misses nothing between two calls", async (rig) => {
    const seen: string[] = [];
    const follow = async () => {
      let after = START;
      while (seen.length < 100) {
        const result = await waiting(rig, 60_000, after);
        assert.ok(!result.lost);
        seen.push(...idsOf(result.changes));
        after = result.position;
      }
    };
    const following = follow();
    const ids = await writeKeys(rig, 100);
    await following;
    assert.deepEqual(seen, ids);
  });
}
