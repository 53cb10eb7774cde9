import { expect } from "chai";
import { background } from "../../src/core/context.js";
import type { Runtime } from "../../src/core/runtime.js";
import { openStorage } from "../../src/index.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { checkListAppend } from "../../src/testing/history/index.js";
import { runListAppend } from "../history/list-append-workload.js";
import { believingErrors, blindToOwnWrites, leakingRollbacks } from "./broken-storages.js";
import { hearsOfTornRead } from "./torn-read.js";

const ctx = background();

/** Whether an entry of an hour is still there after the machine's clock was set forward by a day. */
async function outlivesSteppedClock(disguise: (fake: FakeRuntime) => Runtime): Promise<boolean> {
  const fake = new FakeRuntime();
  await using storage = await openStorage({}, { runtime: disguise(fake) });
  await storage.set(ctx, "key", "value", "1h");
  fake.stepWall(24 * 60 * 60 * 1000);
  return await storage.exists(ctx, "key");
}

describe("bug museum: transactions and time", () => {
  it("an error of a callback that had read two states is not believed", async () => {
    await using storage = await openStorage();
    expect(await hearsOfTornRead(storage)).to.equal(false);
  });

  it("the torn read finds a transact that believes every error", async () => {
    await using storage = await openStorage();
    expect(await hearsOfTornRead(believingErrors(storage))).to.equal(true);
  });

  it("the list-append history finds a rollback that leaks", async () => {
    await using storage = await openStorage();
    const options = { seed: 1, clients: 16, operations: 2000 };
    const { history } = await runListAppend([leakingRollbacks(storage)], options);
    expect([...checkListAppend(history).counts.keys()]).to.include("G1a");
  });

  it("the list-append history finds transactions that do not see their own writes", async () => {
    await using storage = await openStorage();
    const options = { seed: 1, clients: 16, operations: 2000 };
    const { history } = await runListAppend([blindToOwnWrites(storage)], options);
    expect([...checkListAppend(history).counts.keys()]).to.include("internal");
  });

  it("an entry outlives a step of the machine's clock", async () => {
    expect(await outlivesSteppedClock((fake) => fake)).to.equal(true);
  });

  it("the step finds a time to live measured on the wall clock", async () => {
    const onWall = (fake: FakeRuntime): Runtime => {
      const { timers, random, clock } = fake;
      return { timers, random, clock: { wall: () => clock.wall(), monotonic: () => clock.wall() } };
    };
    expect(await outlivesSteppedClock(onWall)).to.equal(false);
  });
});
