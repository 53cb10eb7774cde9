import assert from "node:assert/strict";
import { BackgroundFlush } from "../../../src/backends/local/background-flush.js";
import { ManualTime } from "../../core/manual-time.js";
import { turn } from "../../support/event-loop-turns.js";

/** Flushes that end when told, in the order they began. */
function flushesOf(intervalMs: number) {
  const time = new ManualTime();
  const pending: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  const warnings: string[] = [];
  const unsaved: unknown[] = [];
  let begun = 0;
  const background = new BackgroundFlush({
    timers: time.timers,
    intervalMs,
    flush: () => {
      begun += 1;
      return new Promise((resolve, reject) => pending.push({ resolve, reject }));
    },
    warn: (message) => warnings.push(message),
    unsaved: (error) => unsaved.push(error),
  });
  return { time, background, pending, warnings, unsaved, begun: () => begun };
}

describe("BackgroundFlush", () => {
  it("flushes once per interval in which something was committed", async () => {
    const { time, background, pending, begun } = flushesOf(100);
    background.note();
    background.note();
    time.pass(99);
    await turn();
    assert.equal(begun(), 0);
    time.pass(1);
    await turn();
    assert.equal(begun(), 1);
    pending[0]?.resolve();
    time.pass(1000);
    await turn();
    assert.equal(begun(), 1);
  });

  it("begins no flush before the one under way has ended, and stops after the last", async () => {
    const { time, background, pending, begun } = flushesOf(100);
    for (let i = 0; i < 2; i++) {
      background.note();
      time.pass(100);
      await turn();
    }
    assert.equal(begun(), 1, "the second waits for the first");
    let isStopped = false;
    const stopped = background.stop().then(() => (isStopped = true));
    pending[0]?.resolve();
    await turn();
    assert.equal(begun(), 2);
    assert.equal(isStopped, false, "what was committed last is not durable yet");
    pending[1]?.resolve();
    await stopped;
  });

  it("tells the next call of a failure, once, and goes on", async () => {
    const { time, background, pending, warnings, unsaved, begun } = flushesOf(100);
    background.note();
    time.pass(100);
    await turn();
    const error = new Error("no space");
    pending[0]?.reject(error);
    await turn();
    assert.equal(warnings.length, 1);
    assert.deepEqual(unsaved, [error]);
    assert.throws(() => background.report(), /no space/);
    background.report();
    background.note();
    time.pass(100);
    await turn();
    assert.equal(begun(), 2);
    pending[1]?.resolve();
    await background.stop();
  });

  it("never flushes without an interval", () => {
    const { time, background } = flushesOf(Infinity);
    background.note();
    assert.equal(time.alarms.size, 0);
  });
});
