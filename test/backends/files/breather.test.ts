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
});
