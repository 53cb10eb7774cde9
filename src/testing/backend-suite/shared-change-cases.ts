import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { START, type ChangesResult, type Position } from "../../backends/backend.js";
import { EVERYTHING } from "../../core/range.js";
import type { PairCase } from "./pair-case.js";
import { del, dropRange, put, rejects, type Rig } from "./rig.js";

/** Far beyond every case: whoever is woken only at the end of a wait fails. */
const LONG_WAIT_MS = 60_000;

/** Resolves with `work`, letting time pass meanwhile; fails after five seconds on the clock of the case. */
async function soon<T>(rig: Rig, work: Promise<T>): Promise<T> {
  let settled = false;
  const marked = work.finally(() => {
    settled = true;
  });
  marked.catch(() => undefined);
  for (let passedMs = 0; passedMs < 5000 && !settled; passedMs += 20) {
    await rig.pass(20);
    // Signals of an engine take real time, also on a fake clock.
    await delay(5);
  }
  assert.ok(settled, "a wait must end soon after the commit of another instance");
  return await marked;
}

function waiting(rig: Rig, after: Position = START): Promise<ChangesResult> {
  return rig.backend.changes(rig.ctx, "", after, { limit: 10_000, waitMs: LONG_WAIT_MS });
}

function idsOf(result: ChangesResult): string[] {
  assert.ok(!result.lost, "the position must not be lost");
  return result.changes.map(({ position }) => position.id);
}

/** `changes` of several instances: one log, and waits that others' commits end. */
export function sharedChangeCases(pair: PairCase): void {
  pair("stand in the one log that both read", async (one, two) => {
    await one.write(put("a", { expiry: { in: 3_600_000 } }));
    await two.write(put("b"), del("a"));
    await one.write(dropRange(EVERYTHING), put("c"));
    await two.write(put("d"));
    const log = await one.changes();
    assert.equal(log.length, 4);
    assert.deepEqual(await two.changes(), log);
    assert.deepEqual(await two.changes(log[1]?.position), log.slice(2));
  });

  pair("end a wait well before its time, in both directions", async (one, two) => {
    for (let i = 0; i < 5; i++) {
      for (const [writer, reader] of [[one, two] as const, [two, one] as const]) {
        const promise = waiting(reader, await reader.position());
        await reader.pass(20);
        const { position } = await writer.write(put("a"));
        assert.deepEqual(idsOf(await soon(reader, promise)), [position.id]);
      }
    }
  });

  pair("end every wait of every instance", async (one, two) => {
    const promises = [one, two].flatMap((rig) => Array.from({ length: 20 }, () => waiting(rig)));
    await one.pass(20);
    const { position } = await two.write(put("a"));
    const results = await soon(one, Promise.all(promises));
    for (const result of results) assert.deepEqual(idsOf(result), [position.id]);
  });

  pair("end no wait of another namespace", async (one, two) => {
    let ended = false;
    const promise = waiting(one).finally(() => {
      ended = true;
    });
    await two.commit({ namespace: "other", writes: [put("a")] });
    await one.pass(100);
    await delay(50);
    assert.equal(ended, false);
    await two.write(put("a"));
    await soon(one, promise);
  });

  pair("are awaited while the other is closed and opened", async (one, two) => {
    const promise = waiting(one);
    await two.backend.close(two.ctx);
    await one.pass(50);
    await two.backend.open(two.ctx);
    const { position } = await two.write(put("a"));
    assert.deepEqual(idsOf(await soon(one, promise)), [position.id]);
  });

  pair("end with `closed` only where it was closed", async (one, two) => {
    const [left, right] = [waiting(one), rejects("closed", () => waiting(two))];
    await two.pass(20);
    await two.backend.close(two.ctx);
    await right;
    await two.backend.open(two.ctx);
    await two.write(put("a"));
    assert.equal(idsOf(await soon(one, left)).length, 1);
  });

  pair("are followed by both, each once and in one order, while both write", async (one, two) => {
    const followers = [one, two, one].map((rig) => follow(rig, 200));
    const writing = [one, two].map(async (rig, i) => {
      for (let n = 0; n < 100; n++) await rig.write(put(`key:${i}:${n}`));
    });
    const [first, ...others] = await soon(
      one,
      Promise.all(writing).then(() => Promise.all(followers)),
    );
    assert.equal(new Set(first).size, 200, "every commit must be seen once");
    for (const other of others) assert.deepEqual(other, first);
    assert.deepEqual(
      (await one.changes()).map(({ position }) => position.id),
      first,
    );
  });
}

/** The ids of the first `count` commits, as somebody sees them who waits for the next ones again and again. */
async function follow(rig: Rig, count: number): Promise<string[]> {
  const seen: string[] = [];
  let after = START;
  while (seen.length < count) {
    const result = await waiting(rig, after);
    seen.push(...idsOf(result));
    after = result.position;
  }
  return seen;
}
