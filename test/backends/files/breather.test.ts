import { expect } from "chai";
import { Breather, POLITE } from "../../../src/backends/files/breather.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { turnsDuring } from "../../support/event-loop-turns.js";

describe("Breather", () => {
  for (const [name, pace, sliceMs] of [
    ["work that somebody waits for", undefined, 8],
    ["work in the background", POLITE, 4],
  ] as const) {
    it(`is due after ${sliceMs} ms of ${name}, and so long again after each breath`, async () => {
      const runtime = new FakeRuntime();
      const breather = new Breather(runtime.clock, pace);
      for (let slice = 0; slice < 3; slice++) {
        expect(breather.isDue).to.equal(false);
        await runtime.advance(sliceMs - 1);
        expect(breather.isDue).to.equal(false);
        await runtime.advance(1);
        expect(breather.isDue).to.equal(true);
        await breather.breathe();
      }
    });
  }

  it("lets others have one turn, and in the background several", async () => {
    const { clock } = new FakeRuntime();
    const brisk = new Breather(clock);
    expect(await turnsDuring(() => brisk.breathe())).to.equal(1);
    const polite = new Breather(clock, POLITE);
    expect(await turnsDuring(() => polite.breathe())).to.be.above(1);
  });

  describe("while others are at work", () => {
    /** How many milliseconds the next slice lasts. */
    async function sliceOf(runtime: FakeRuntime, breather: Breather): Promise<number> {
      let ms = 0;
      for (; !breather.isDue; ms++) await runtime.advance(1);
      return ms;
    }

    it("takes short slices, and the usual ones again when they are done", async () => {
      const runtime = new FakeRuntime();
      let done = 0;
      const breather = new Breather(runtime.clock, POLITE, () => done);
      const slices: number[] = [];
      for (const others of [0, 1, 1, 0, 0, 2]) {
        done += others;
        await breather.breathe();
        slices.push(await sliceOf(runtime, breather));
      }
      expect(slices).to.deep.equal([4, 1, 1, 4, 4, 1]);
    });

    it("takes half of the time that they took, but never holds them up for more than 8 ms", async () => {
      const slices: number[] = [];
      for (const tookMs of [1, 6, 12, 1000]) {
        const runtime = new FakeRuntime();
        let done = 0;
        const breather = new Breather(runtime.clock, POLITE, () => done);
        const breath = breather.breathe();
        done = 1;
        await runtime.advance(tookMs);
        await breath;
        slices.push(await sliceOf(runtime, breather));
      }
      expect(slices).to.deep.equal([1, 3, 6, 8]);
    });
  });
});
