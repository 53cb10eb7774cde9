import { expect } from "chai";
import { Sweeper } from "../../../src/backends/local/sweeper.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";

interface Plan {
  readonly intervalMs: number;
  readonly isHurried?: () => boolean;
  readonly sweep?: () => boolean | Promise<boolean>;
}

function sweeperOn(runtime: FakeRuntime, { intervalMs, isHurried = () => false, sweep = () => false }: Plan) {
  const calls: number[] = [];
  const warnings: string[] = [];
  const sweeper = new Sweeper({
    runtime,
    intervalMs,
    isHurried,
    sweep: () => {
      calls.push(runtime.clock.monotonic());
      return sweep();
    },
    warn: (message) => warnings.push(message),
  });
  sweeper.start();
  return { sweeper, calls, warnings };
}

describe("Sweeper", () => {
  it("sweeps once per interval", async () => {
    const runtime = new FakeRuntime();
    const { calls } = sweeperOn(runtime, { intervalMs: 60_000 });
    await runtime.advance(59_999);
    expect(calls).to.deep.equal([]);
    await runtime.advance(120_001);
    expect(calls).to.deep.equal([60_000, 120_000, 180_000]);
  });

  it("goes on at once, in turns of their own, while something is left", async () => {
    const runtime = new FakeRuntime();
    let left = 5;
    const { calls } = sweeperOn(runtime, { intervalMs: 1000, sweep: () => --left > 0 });
    await runtime.advance(1000);
    expect(calls).to.deep.equal([1000, 1000, 1000, 1000, 1000]);
  });

  it("sweeps twice a second while somebody waits, and also without an interval", async () => {
    for (const intervalMs of [0, 3_600_000]) {
      const runtime = new FakeRuntime();
      let hurried = true;
      const { calls } = sweeperOn(runtime, { intervalMs, isHurried: () => hurried });
      await runtime.advance(1000);
      expect(calls).to.deep.equal([500, 1000]);
      hurried = false;
      await runtime.advance(10_000);
      expect(calls).to.have.length(2);
    }
  });

  it("says that a sweep failed, and tries again at the next", async () => {
    const runtime = new FakeRuntime();
    let failures = 1;
    const sweep = () => (failures-- > 0 ? Promise.reject(new Error("full")) : false);
    const { calls, warnings } = sweeperOn(runtime, { intervalMs: 400, sweep });
    await runtime.advance(800);
    expect(calls).to.deep.equal([400, 800]);
    expect(warnings).to.have.length(1);
  });

  it("waits for a sweep under way when it stops, and leaves no timer", async () => {
    const runtime = new FakeRuntime();
    let finish: (more: boolean) => void = () => undefined;
    const sweep = () => new Promise<boolean>((resolve) => (finish = resolve));
    const { sweeper } = sweeperOn(runtime, { intervalMs: 100, sweep });
    await runtime.advance(100);
    let stopped = false;
    const stopping = sweeper.stop().then(() => (stopped = true));
    await runtime.advance(0);
    expect(stopped).to.equal(false);
    finish(true);
    await stopping;
    expect(runtime.pendingTimers).to.equal(0);
  });
});
