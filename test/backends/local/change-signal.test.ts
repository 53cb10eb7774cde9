import { expect } from "chai";
import { ChangeSignal } from "../../../src/backends/local/change-signal.js";
import { backgroundOn, withCancel } from "../../../src/core/context.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";

describe("ChangeSignal", () => {
  for (const [title, end] of [
    ["a change", (signal: ChangeSignal) => signal.notify("a")],
    ["a call to everybody", (signal: ChangeSignal) => signal.notifyAll()],
    ["its time", (_: ChangeSignal, runtime: FakeRuntime) => runtime.advance(1000)],
    ["its context", (_: ChangeSignal, __: FakeRuntime, cancel: () => void) => cancel()],
  ] as const) {
    it(`is ended by ${title} and leaves nothing behind`, async () => {
      const runtime = new FakeRuntime();
      const signal = new ChangeSignal(runtime.timers, { isOpen: true });
      const [ctx, cancel] = withCancel(backgroundOn(runtime));
      const waits = [signal.wait(ctx, "a", 1000), signal.wait(ctx, "a", 1000)];
      expect(signal.hasWaiters).to.equal(true);
      await end(signal, runtime, () => cancel());
      await Promise.all(waits);
      expect(signal.hasWaiters).to.equal(false);
      expect(runtime.pendingTimers).to.equal(0);
    });
  }

  it("does not wait under a context that is over", async () => {
    const runtime = new FakeRuntime();
    const signal = new ChangeSignal(runtime.timers, { isOpen: true });
    const [ctx, cancel] = withCancel(backgroundOn(runtime));
    cancel();
    await signal.wait(ctx, "a", 1000);
    expect(signal.hasWaiters).to.equal(false);
  });

  it("does not wait once closing has begun, which wakes nobody again", async () => {
    const runtime = new FakeRuntime();
    const life = { isOpen: true };
    const signal = new ChangeSignal(runtime.timers, life);
    life.isOpen = false;
    signal.notifyAll();
    await signal.wait(backgroundOn(runtime), "a", 1000);
    expect(signal.hasWaiters).to.equal(false);
  });

  it("tells namespaces apart", async () => {
    const runtime = new FakeRuntime();
    const signal = new ChangeSignal(runtime.timers, { isOpen: true });
    let ended = false;
    const waiting = signal.wait(backgroundOn(runtime), "a", 1000).then(() => (ended = true));
    signal.notify("b");
    await runtime.advance(1);
    expect(ended).to.equal(false);
    signal.notify("a");
    await waiting;
  });
});
