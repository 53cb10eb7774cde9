import { expect } from "chai";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import {
  background,
  defaultBackends,
  openStorage,
  StoragePlugin,
  withCancel,
  withTimeout,
} from "../../../src/index.js";
import { PluginRegistry } from "../../../src/plugin/index.js";
import { turn } from "../../support/event-loop-turns.js";
import { refusalOf } from "../../support/refusal.js";

const ctx = background();

/** A backend that takes no notice of contexts and opens when it is let: what was done with each that was made. */
function slowBackend() {
  const done: string[] = [];
  const waiting: (() => void)[] = [];
  let made = 0;
  let isOpen = false;
  const backends = defaultBackends().with("slow", async () => (setup) => {
    const inner = memoryBackend({ ...setup, options: {} });
    const name = (made += 1);
    return Object.assign(Object.create(inner) as typeof inner, {
      info: inner.info,
      extensions: inner.extensions,
      open: async () => {
        done.push(`opening ${name}`);
        if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
        await inner.open(ctx);
        done.push(`open ${name}`);
      },
      close: async () => {
        await inner.close(ctx);
        done.push(`closed ${name}`);
      },
      read: inner.read.bind(inner),
      commit: inner.commit.bind(inner),
      changes: inner.changes.bind(inner),
      scan: inner.scan.bind(inner),
      namespaces: inner.namespaces.bind(inner),
    });
  });
  const letOpen = () => {
    isOpen = true;
    for (const resolve of waiting.splice(0)) resolve();
  };
  const options = { settings: { backend: "slow" }, backends };
  return { done, backends, options, letOpen };
}

describe("a store that opens slowly", () => {
  it("rejects when its context is over, and closes what opens afterwards", async () => {
    const { done, backends, letOpen } = slowBackend();
    const [short] = withTimeout(ctx, 10);
    const refusal = await refusalOf(openStorage({ backend: "slow" }, { backends, ctx: short }));
    expect(refusal).to.deep.equal({ code: 5001, reason: "timeout" });
    expect(done).to.deep.equal(["opening 1"]);
    letOpen();
    await turn();
    expect(done).to.deep.equal(["opening 1", "open 1", "closed 1"]);
  });

  it("that was given up is waited for by stop, and by the next start", async () => {
    const { done, options, letOpen } = slowBackend();
    const storage = new StoragePlugin(options);
    const [first, cancel] = withCancel(ctx);
    const started = refusalOf(storage.start(first));
    await turn();
    cancel();
    expect(await started).to.deep.equal({ code: 5001, reason: "cancelled" });
    let isStopped = false;
    const stopped = storage.stop().then(() => (isStopped = true));
    const again = storage.start(ctx);
    await turn();
    expect(isStopped).to.equal(false);
    expect(done).to.deep.equal(["opening 1"]);
    letOpen();
    await Promise.all([stopped, again]);
    expect(done).to.deep.equal(["opening 1", "open 1", "closed 1", "opening 2", "open 2"]);
    await storage.set(ctx, "a", 1);
    await storage.stop();
  });

  it("is closed by a stop that comes while it opens", async () => {
    const { done, options, letOpen } = slowBackend();
    const storage = new StoragePlugin(options);
    const started = storage.start(ctx);
    await turn();
    const stopped = storage.stop();
    await turn();
    letOpen();
    await Promise.all([started, stopped]);
    expect(done).to.deep.equal(["opening 1", "open 1", "closed 1"]);
    expect(await refusalOf(storage.get(ctx, "a"))).to.deep.equal({ code: 5001, reason: "closed" });
  });

  it("can be stopped by the next call when a stop ran out of time, and started again", async () => {
    const storage = new StoragePlugin();
    for (let round = 0; round < 2; round++) {
      await storage.start(ctx);
      const [over, cancel] = withCancel(ctx);
      cancel();
      expect((await refusalOf(storage.stop(over))).reason).to.equal("cancelled");
      await storage.stop();
      await storage.stop();
    }
  });

  it("opens once for two starts at a time", async () => {
    const { done, options, letOpen } = slowBackend();
    const storage = new StoragePlugin(options);
    const both = Promise.all([storage.start(ctx), storage.start(ctx)]);
    letOpen();
    await both;
    await storage.stop();
    expect(done).to.deep.equal(["opening 1", "open 1", "closed 1"]);
  });

  it("keeps nothing open for a host that gave up on its start, and can be started again", async () => {
    const { done, options, letOpen } = slowBackend();
    const host = new PluginRegistry({ timeouts: { start: 20, stop: 50 } });
    host.register(new StoragePlugin(options));
    await host.start(ctx).then(
      () => expect.fail("it cannot start in time"),
      (error: unknown) => expect(String((error as AggregateError).errors)).to.match(/did not start in time/),
    );
    letOpen();
    await host.stop(ctx);
    expect(done).to.deep.equal(["opening 1", "open 1", "closed 1"]);
    await host.start(ctx);
    await host.stop(ctx);
    expect(done.slice(3)).to.deep.equal(["opening 2", "open 2", "closed 2"]);
  });
});
