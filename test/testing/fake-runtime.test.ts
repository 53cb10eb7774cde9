import { expect } from "chai";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";

describe("FakeRuntime", () => {
  it("fires timers in order of their time, at their time", async () => {
    const runtime = new FakeRuntime();
    const fired: string[] = [];
    for (const [name, delayMs] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
    ] as const) {
      runtime.timers.after(delayMs, () => fired.push(`${name}@${runtime.clock.monotonic()}`));
    }
    await runtime.advance(25);
    expect(fired).to.deep.equal(["a@10", "b@20"]);
    expect(runtime.pendingTimers).to.equal(1);
    await runtime.advance(5);
    expect(fired).to.deep.equal(["a@10", "b@20", "c@30"]);
  });

  it("fires timers that timers set, while their time is within the advance", async () => {
    const runtime = new FakeRuntime();
    let ticks = 0;
    const tick = () => {
      ticks += 1;
      runtime.timers.after(10, tick);
    };
    runtime.timers.after(10, tick);
    await runtime.advance(100);
    expect(ticks).to.equal(10);
  });

  it("does not fire what was cancelled", async () => {
    const runtime = new FakeRuntime();
    let fired = false;
    const cancel = runtime.timers.after(10, () => (fired = true));
    cancel();
    await runtime.advance(20);
    expect(fired).to.equal(false);
  });

  it("steps the wall clock without moving the monotonic one", async () => {
    const runtime = new FakeRuntime({ wallMs: 1000 });
    await runtime.advance(5);
    runtime.stepWall(-500);
    expect([runtime.clock.wall(), runtime.clock.monotonic()]).to.deep.equal([505, 5]);
  });

  it("gives the same random numbers for the same seed, and others for another", () => {
    const bytes = (seed: number) => Array.from(new FakeRuntime({ seed }).random.bytes(16));
    expect(bytes(3)).to.deep.equal(bytes(3));
    expect(bytes(3)).not.to.deep.equal(bytes(4));
    const { random } = new FakeRuntime();
    for (let i = 0; i < 1000; i++) expect(random.uniform()).to.be.within(0, 0.9999999999);
  });
});
