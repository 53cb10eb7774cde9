import { expect } from "chai";
import { background, withCancel } from "../../src/core/context.js";
import { ContentionQueue } from "../../src/transaction/contention-queue.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { turn } from "../support/event-loop-turns.js";

const CTX = background();

function queueOf() {
  const runtime = new FakeRuntime();
  return { runtime, queue: new ContentionQueue(runtime.timers) };
}

describe("ContentionQueue", () => {
  it("gives turns in the order they were asked for, one at a time", async () => {
    const { queue } = queueOf();
    const order: number[] = [];
    let holders = 0;
    const task = async (n: number) => {
      const end = await queue.wait(CTX, "key");
      holders += 1;
      expect(holders).to.equal(1);
      order.push(n);
      await turn();
      holders -= 1;
      end();
    };
    await Promise.all([1, 2, 3, 4, 5].map(task));
    expect(order).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it("does not let keys wait for each other", async () => {
    const { queue } = queueOf();
    await queue.wait(CTX, "a");
    await queue.wait(CTX, "b");
    expect(queue.size).to.equal(2);
  });

  it("keeps nothing once all turns have ended, and sets no timer on", async () => {
    const { queue, runtime } = queueOf();
    const ends = [queue.wait(CTX, "a"), queue.wait(CTX, "a"), queue.wait(CTX, "b")];
    for (const end of ends) (await end)();
    await turn();
    expect(queue.size).to.equal(0);
    expect(runtime.pendingTimers).to.equal(0);
  });

  it("lets one who gives up go, and those behind keep their place", async () => {
    const { queue } = queueOf();
    const [ctx, cancel] = withCancel(CTX);
    const end = await queue.wait(CTX, "key");
    const given = queue.wait(ctx, "key").catch((fault: { reason: string }) => fault.reason);
    let isThird = false;
    const third = queue.wait(CTX, "key").then((endThird) => {
      isThird = true;
      return endThird;
    });
    cancel();
    expect(await given).to.equal("cancelled");
    await turn();
    expect(isThird, "the first still has its turn").to.equal(false);
    end();
    (await third)();
    await turn();
    expect(queue.size).to.equal(0);
  });

  it("lets one go on without a turn after a second", async () => {
    const { queue, runtime } = queueOf();
    const end = await queue.wait(CTX, "key");
    let isOn = false;
    const second = queue.wait(CTX, "key").then((endSecond) => {
      isOn = true;
      return endSecond;
    });
    await runtime.advance(999);
    expect(isOn).to.equal(false);
    await runtime.advance(1);
    (await second)();
    end();
    await turn();
    expect(queue.size).to.equal(0);
  });

  it("takes a second end of a turn for nothing", async () => {
    const { queue } = queueOf();
    const end = await queue.wait(CTX, "key");
    const second = queue.wait(CTX, "key");
    end();
    end();
    const endSecond = await second;
    let isThird = false;
    const third = queue.wait(CTX, "key").then(() => (isThird = true));
    end();
    await turn();
    expect(isThird).to.equal(false);
    endSecond();
    await third;
  });
});
