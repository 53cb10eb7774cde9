import { expect } from "chai";
import { background, withCancel } from "../../../src/core/context.js";
import type { Plugin } from "../../../src/plugin/plugin.js";
import { PluginError } from "../../../src/plugin/plugin-error.js";
import { PluginRegistry } from "../../../src/plugin/plugin-registry.js";
import { callsOf, RecordingPlugin } from "./recording-plugin.js";
import { errorOf, errorsOf } from "./rejections.js";

const ctx = background();

function fail(message: string): () => void {
  return () => {
    throw new Error(message);
  };
}

describe("PluginRegistry", () => {
  let journal: string[];

  beforeEach(() => {
    journal = [];
  });

  /** c requires b requires a; d stands alone. */
  function chain(traits: Record<string, ConstructorParameters<typeof RecordingPlugin>[2]> = {}): Plugin[] {
    return [
      new RecordingPlugin(journal, "c", { requires: ["b"], ...traits["c"] }),
      new RecordingPlugin(journal, "b", { requires: ["a"], ...traits["b"] }),
      new RecordingPlugin(journal, "a", { ...traits["a"] }),
      new RecordingPlugin(journal, "d", { ...traits["d"] }),
    ];
  }

  describe("starting and stopping", () => {
    it("initialises all in order, then starts all in order, and stops in reverse", async () => {
      const registry = new PluginRegistry().register(...chain());
      await registry.start(ctx);
      await registry.stop(ctx);
      expect(callsOf(journal)).to.deep.equal([
        ...["init a", "init d", "init b", "init c"],
        ...["start a", "start d", "start b", "start c"],
        ...["stop c", "stop b", "stop a", "stop d"],
      ]);
    });

    it("starts independent plugins at the same time and waits for all of a wave", async () => {
      let meet = (): void => undefined;
      const met = new Promise<void>((resolve) => {
        meet = resolve;
      });
      const registry = new PluginRegistry().register(
        new RecordingPlugin(journal, "waits", { start: () => met }),
        new RecordingPlugin(journal, "comes", { start: () => meet() }),
        new RecordingPlugin(journal, "later", { requires: ["waits"] }),
      );
      await registry.start(ctx);
      expect(journal.indexOf("start later")).to.be.above(journal.indexOf("start waits done"));
    });

    it("tells listeners of every state", async () => {
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a"));
      const seen: string[] = [];
      registry.events.on("state", ({ plugin, from, to }) => seen.push(`${plugin}: ${from} → ${to}`));
      await registry.start(ctx);
      await registry.stop(ctx);
      expect(seen).to.deep.equal([
        "a: registered → initialising",
        "a: initialising → initialised",
        "a: initialised → starting",
        "a: starting → started",
        "a: started → stopping",
        "a: stopping → stopped",
      ]);
    });

    it("no longer tells a listener that was taken away", async () => {
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a"));
      let calls = 0;
      const forget = registry.events.on("state", () => {
        calls++;
      });
      forget();
      await registry.start(ctx);
      expect(calls).to.equal(0);
    });

    it("can start again after it has stopped", async () => {
      const registry = new PluginRegistry().register(...chain());
      await registry.start(ctx);
      await registry.stop(ctx);
      await registry.start(ctx);
      expect([...registry.states.values()]).to.deep.equal(["started", "started", "started", "started"]);
    });

    it("stops once, however often it is asked", async () => {
      const registry = new PluginRegistry().register(...chain());
      await registry.start(ctx);
      await Promise.all([registry.stop(ctx), registry.stop(ctx)]);
      await registry.stop(ctx);
      expect(journal.filter((line) => line === "stop a")).to.have.length(1);
    });

    it("has stopped when any call to stop it has ended", async () => {
      const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a", { stop: slow }));
      await registry.start(ctx);
      const first = registry.stop(ctx);
      await registry.stop(ctx);
      expect(journal).to.include("stop a done");
      await first;
    });

    it("has nothing to stop before it was started", async () => {
      await new PluginRegistry().register(...chain()).stop(ctx);
      expect(journal).to.deep.equal([]);
    });

    it("starts and stops without plugins", async () => {
      const registry = new PluginRegistry();
      await registry.start(ctx);
      await registry.stop(ctx);
      expect(registry.states.size).to.equal(0);
    });

    it("stops at the end of `await using`", async () => {
      {
        await using registry = new PluginRegistry().register(...chain());
        await registry.start(ctx);
      }
      expect(callsOf(journal).slice(-4)).to.deep.equal(["stop c", "stop b", "stop a", "stop d"]);
    });

    it("ends a start under way when it is stopped", async () => {
      const registry = new PluginRegistry().register(
        ...chain({ b: { start: () => new Promise<void>(() => undefined) } }),
      );
      const starting = errorsOf(registry.start(ctx));
      while (!journal.includes("start b")) await new Promise((resolve) => setImmediate(resolve));
      await registry.stop(ctx);
      const [error] = await starting;
      expect(error).to.have.property("reason", "cancelled");
      expect(callsOf(journal).slice(-5)).to.deep.equal(["start b", "stop c", "stop b", "stop a", "stop d"]);
    });
  });

  describe("a failed start", () => {
    for (const phase of ["init", "start"] as const) {
      it(`in ${phase} stops in reverse what was initialised, the failed one too`, async () => {
        const registry = new PluginRegistry().register(...chain({ b: { [phase]: fail("no luck") } }));
        const errors = await errorsOf(registry.start(ctx));
        expect(errors.map(({ message }) => message)).to.deep.equal([
          `plugin "b" failed to ${phase === "init" ? "initialise" : "start"}: no luck`,
        ]);
        expect(errors[0]).to.be.instanceOf(PluginError);
        expect(errors[0]).to.have.nested.property("cause.message", "no luck");
        const stops = callsOf(journal).filter((line) => line.startsWith("stop"));
        const initialised =
          phase === "init" ? ["stop b", "stop a", "stop d"] : ["stop c", "stop b", "stop a", "stop d"];
        expect(stops).to.deep.equal(initialised);
        expect(callsOf(journal)).to.not.include(phase === "init" ? "init c" : "start c");
      });
    }

    it("keeps what failed beside it and what failed while stopping", async () => {
      const registry = new PluginRegistry().register(
        ...chain({ a: { start: fail("a broke"), stop: fail("a stuck") }, d: { start: fail("d broke") } }),
      );
      const error = await errorOf(registry.start(ctx));
      expect(error.message).to.equal(
        'the host did not start: plugin "a" failed to start: a broke; plugin "d" failed to start: d broke; ' +
          'plugin "a" failed to stop: a stuck',
      );
      expect(registry.states.get("d")).to.equal("stopped");
      expect(registry.states.get("a")).to.equal("failed");
    });

    it("waits for those that start beside the one that failed", async () => {
      const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
      const registry = new PluginRegistry().register(
        ...chain({ a: { start: fail("no") }, d: { start: slow } }),
      );
      await errorsOf(registry.start(ctx));
      expect(journal.indexOf("start d done")).to.be.within(0, journal.indexOf("stop d"));
    });

    it("reports failures to listeners", async () => {
      const registry = new PluginRegistry().register(...chain({ b: { start: fail("no luck") } }));
      const heard: string[] = [];
      registry.events.on("error", ({ plugin, error }) => heard.push(`${plugin}: ${error.message}`));
      await errorsOf(registry.start(ctx));
      expect(heard).to.deep.equal(['b: plugin "b" failed to start: no luck']);
    });

    it("can be tried again", async () => {
      let broken = true;
      const registry = new PluginRegistry().register(
        ...chain({
          b: {
            start: () => {
              if (broken) throw new Error("no luck");
            },
          },
        }),
      );
      await errorsOf(registry.start(ctx));
      broken = false;
      await registry.start(ctx);
      expect(registry.states.get("c")).to.equal("started");
    });

    it("when the context is over before it begins, nothing is left running", async () => {
      const registry = new PluginRegistry().register(...chain());
      const [over, cancel] = withCancel(ctx);
      cancel();
      const errors = await errorsOf(registry.start(over));
      expect(errors[0]).to.have.property("reason", "cancelled");
      expect([...registry.states.values()]).to.not.include("started");
    });

    it("names what a plugin throws that is no error", async () => {
      const thrower = {
        id: "t",
        version: "1",
        start: () => Promise.resolve(),
        stop: () => Promise.resolve(),
      };
      const registry = new PluginRegistry().register({
        ...thrower,
        init: () => {
          // oxlint-disable-next-line no-throw-literal, only-throw-error -- a careless plugin is what is tested
          throw "text";
        },
      });
      const [error] = await errorsOf(registry.start(ctx));
      expect(error?.message).to.equal('plugin "t" failed to initialise: text');
    });
  });

  describe("a failed stop", () => {
    it("does not keep the others from being stopped, and can be tried again", async () => {
      let stuck = true;
      const registry = new PluginRegistry().register(
        ...chain({
          b: {
            stop: () => {
              if (stuck) throw new Error("stuck");
            },
          },
        }),
      );
      await registry.start(ctx);
      const error = await errorOf(registry.stop(ctx));
      expect(error.message).to.equal('the host did not stop cleanly: plugin "b" failed to stop: stuck');
      expect(callsOf(journal).slice(-4)).to.deep.equal(["stop c", "stop b", "stop a", "stop d"]);
      stuck = false;
      await registry.stop(ctx);
      expect([...registry.states.values()]).to.deep.equal(["stopped", "stopped", "stopped", "stopped"]);
    });

    it("is tried although the context is over", async () => {
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a"));
      await registry.start(ctx);
      const [over, cancel] = withCancel(ctx);
      cancel();
      await errorsOf(registry.stop(over));
      expect(journal).to.include("stop a done");
    });
  });
});
