import { expect } from "chai";
import { background, defaultBackends, openStorage, type List, type StoragePlugin } from "../../src/index.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";

const ctx = background();
/** More than one read of the backend asks for. */
const LENGTH = 2500;

describe("a read of more items than one page holds", () => {
  let faults: FaultBackend;
  let storage: StoragePlugin;
  let list: List<number>;

  beforeEach(async () => {
    const backends = defaultBackends().with("held", async () => (setup) => {
      faults = new FaultBackend(memoryBackend(setup));
      return faults;
    });
    storage = await openStorage({ backend: "held" }, { backends });
    list = storage.list<number>("list");
    await list.rpush(ctx, ...Array.from({ length: LENGTH }, (_, i) => i));
  });
  afterEach(() => storage.stop());

  /** Makes a change before each of the next reads of the backend; how many there were when `read` was answered. */
  async function changing<R>(
    read: Promise<R>,
    changes: (() => Promise<unknown>) | readonly (() => Promise<unknown>)[],
  ) {
    let reads = 0;
    let answered = false;
    const done = read.finally(() => (answered = true));
    for (let held = faults.hold("read", "before"); ; held = faults.hold("read", "before")) {
      await Promise.race([held.reached, done]);
      if (answered) {
        held.release();
        return { result: await done, reads };
      }
      const change = typeof changes === "function" ? changes : changes[reads];
      reads += 1;
      await change?.();
      held.release();
    }
  }

  it("gives one state while others push without a pause", async () => {
    const { result, reads } = await changing(list.lrange(ctx, 0, LENGTH - 1), () => list.rpush(ctx, -1));
    expect(result).to.deep.equal(Array.from({ length: LENGTH }, (_, i) => i));
    expect(reads).to.equal(5);
  });

  it("is made again when one of the items was changed between two pages", async () => {
    const change = async () => {
      await list.lset(ctx, 0, -1);
      await list.lset(ctx, LENGTH - 1, -1);
    };
    const { result } = await changing(list.lrange(ctx, 0, LENGTH - 1), [async () => undefined, change]);
    expect([result[0], result.at(-1)]).to.deep.equal([-1, -1]);
  });

  it("is made again when items were gone when it looked for them, and there at the end", async () => {
    const drain = async () => list.ltrim(ctx, 0, 9);
    const refill = async () => list.rpush(ctx, ...Array.from({ length: LENGTH - 10 }, (_, i) => i + 10));
    const nothing = async () => undefined;
    const whole = Array.from({ length: LENGTH }, (_, i) => i);
    const { result } = await changing(list.lrange(ctx, 0, LENGTH - 1), [drain, nothing, refill, drain]);
    expect(result).to.deep.equal(whole.slice(0, 10));
  });
});
