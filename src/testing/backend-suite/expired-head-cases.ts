import assert from "node:assert/strict";
import type { BackendSetup, Expiry, Put } from "../../backends/backend.js";
import { ENTRY_TYPE } from "../../core/entry.js";
import { headKey } from "../../core/key.js";
import type { CaseList } from "./case-list.js";
import type { PairCase } from "./pair-case.js";
import { put, type Rig } from "./rig.js";

const OFTEN_MS = 100;

/** What the instances of a case told of structures whose time was over, as `namespace key incarnation`. */
class Told {
  readonly heads: string[] = [];

  readonly expired: NonNullable<BackendSetup["expired"]> = (namespace, heads) => {
    for (const { key, incarnation } of heads) this.heads.push(named(namespace, key, incarnation));
  };

  has(...all: readonly string[]): boolean {
    return all.every((head) => this.heads.includes(head));
  }
}

/** What a sweep tells of the structures whose heads it removed. */
export function expiredHeadCases(list: CaseList, ttlMs: number): void {
  if (list.capabilities.reportsExpired !== true) {
    const told = new Told();
    list.it(
      "tells of no heads, as declared",
      async (rig) => {
        await rig.write(putList("a", { in: ttlMs }));
        await rig.pass(ttlMs);
        await rig.until(async () => (await expiries(rig)) === 1);
        assert.deepEqual(told.heads, []);
      },
      { sweepIntervalMs: OFTEN_MS, expired: told.expired },
    );
    return;
  }

  toldCase(
    list,
    "tells of the heads of structures that it removed, and of nothing else",
    async (rig, told) => {
      const { now } = await rig.write(
        putList("stays", undefined),
        putList("later", { in: 1000 * ttlMs }),
        put("plain", { expiry: { in: ttlMs } }),
        putList("a", { in: ttlMs }),
      );
      await rig.commit({ namespace: "other", writes: [putList("b", { at: now + ttlMs })] });
      await rig.pass(ttlMs);
      const expected = [named("", headKey("a"), idOf("a")), named("other", headKey("b"), idOf("b"))];
      await rig.until(async () => (await expiries(rig)) === 2 && told.has(...expected));
      assert.deepEqual([...new Set(told.heads)].sort(), expected.sort());
    },
  );

  toldCase(list, "tells of thousands of heads, each of them", async (rig, told) => {
    const keys = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
    await rig.writeMany(keys.map((key) => putList(key, { in: ttlMs })));
    await rig.pass(ttlMs);
    await rig.until(
      async () => (await expiries(rig)) === keys.length && new Set(told.heads).size === keys.length,
    );
    assert.equal(await rig.count(), 0);
  });

  const along = new Told();
  list.it(
    "tells also of the heads that a commit swept along, where commits do",
    async (rig) => {
      along.heads.length = 0;
      await rig.write(...["a", "b"].map((key) => putList(key, { in: ttlMs })));
      await rig.pass(ttlMs);
      await rig.commit({ writes: [put("c"), put("d")] });
      const swept = await expiries(rig);
      await rig.until(() => along.heads.length >= swept);
      assert.ok(swept === 0 || along.has(...["a", "b"].map((key) => named("", headKey(key), idOf(key)))));
    },
    { expired: along.expired },
  );

  toldCase(list, "tells of no head that lives longer, or for ever, by then", async (rig, told) => {
    await rig.write(...["a", "b", "c", "swept"].map((key) => putList(key, { in: 4 * ttlMs })));
    await rig.write(putList("a", undefined), putList("b", { in: 1000 * ttlMs }), put("c"));
    await rig.pass(4 * ttlMs);
    await rig.until(async () => (await expiries(rig)) === 1 && told.heads.length > 0);
    assert.deepEqual(new Set(told.heads), new Set([named("", headKey("swept"), idOf("swept"))]));
  });
}

/** The same when several instances sweep one store. */
export function sharedExpiredHeadCases(list: CaseList, pair: PairCase, ttlMs: number): void {
  if (list.capabilities.reportsExpired !== true) return;
  const told = new Told();
  pair(
    "is told of by one of them at least, whoever wrote the head",
    async (one, two) => {
      told.heads.length = 0;
      const keys = Array.from({ length: 600 }, (_, i) => `key:${i}`);
      const heads = (from: number) => keys.slice(from, from + 300).map((key) => putList(key, { in: ttlMs }));
      await Promise.all([one.commit({ writes: heads(0) }), two.commit({ writes: heads(300) })]);
      await one.pass(ttlMs);
      const all = keys.map((key) => named("", headKey(key), idOf(key)));
      await one.until(async () => (await expiries(one)) === keys.length && told.has(...all));
      assert.equal(await two.count(), 0);
    },
    { sweepIntervalMs: OFTEN_MS, expired: told.expired },
  );
}

function toldCase(list: CaseList, title: string, body: (rig: Rig, told: Told) => Promise<void>): void {
  const told = new Told();
  const run = (rig: Rig) => {
    told.heads.length = 0;
    return body(rig, told);
  };
  list.it(title, run, { sweepIntervalMs: OFTEN_MS, expired: told.expired });
}

/** Puts the head of a list. */
function putList(key: string, expiry: Expiry): Put {
  return put(key, { type: ENTRY_TYPE.list, incarnation: idOf(key), expiry });
}

/** An incarnation's id of its own for each key. */
function idOf(key: string): string {
  return key.replace(":", "-").padEnd(22, "_");
}

function named(namespace: string, key: string, incarnation: string): string {
  return JSON.stringify([namespace, key, incarnation]);
}

async function expiries(rig: Rig): Promise<number> {
  const writes = (await rig.changes()).flatMap((change) => change.writes);
  return writes.filter(({ kind }) => kind === "expire").length;
}
