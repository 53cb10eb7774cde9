import { expect } from "chai";
import { SteadyClock, systemClock, systemRandom, systemTimers, type Clock } from "../../src/core/runtime.js";

describe("SteadyClock", () => {
  it("goes on evenly while the machine's clock is set back and forth", () => {
    let wall = 1_000_000;
    let monotonic = 50;
    const clock: Clock = { wall: () => wall, monotonic: () => monotonic };
    const steady = new SteadyClock(clock);
    expect(steady.now()).to.equal(1_000_000);
    wall = 5;
    monotonic += 10;
    expect(steady.now()).to.equal(1_000_010);
    wall = 9_000_000;
    monotonic += 10;
    expect(steady.now()).to.equal(1_000_020);
  });

  it("begins no earlier than it is told", () => {
    const clock: Clock = { wall: () => 100, monotonic: () => 7 };
    expect(new SteadyClock(clock, 500).now()).to.equal(500);
    expect(new SteadyClock(clock, 50).now()).to.equal(100);
  });
});

describe("systemTimers", () => {
  it("fires once", async () => {
    let fired = 0;
    await new Promise<void>((resolve) => {
      // The timer under test keeps no process alive, so another one does.
      const giveUp = setTimeout(resolve, 5000);
      systemTimers.after(1, () => {
        fired += 1;
        clearTimeout(giveUp);
        resolve();
      });
    });
    expect(fired).to.equal(1);
  });

  it("fires neither when cancelled nor, with a delay Node cannot hold, at once", async () => {
    let fired = 0;
    const count = (): void => {
      fired += 1;
    };
    const cancels = [
      systemTimers.after(1, count),
      systemTimers.after(2 ** 40, count),
      systemTimers.after(Infinity, count),
    ];
    cancels[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const cancel of cancels) cancel();
    expect(fired).to.equal(0);
  });
});

describe("the system's clock and random source", () => {
  it("tells wall time and a monotonic time", () => {
    expect(Math.abs(systemClock.wall() - Date.now())).to.be.below(1000);
    const before = systemClock.monotonic();
    expect(systemClock.monotonic()).to.be.at.least(before);
  });

  it("gives as many bytes as asked, different each time, and numbers in [0, 1)", () => {
    expect(systemRandom.bytes(16)).to.have.lengthOf(16);
    expect([...systemRandom.bytes(16)]).not.to.deep.equal([...systemRandom.bytes(16)]);
    const uniform = systemRandom.uniform();
    expect(uniform >= 0 && uniform < 1).to.equal(true);
  });
});
