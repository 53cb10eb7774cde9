import { expect } from "chai";
import { setImmediate as nextTurn } from "node:timers/promises";
import { backgroundOn, type Context } from "../../../src/core/context.js";
import { hostConfig } from "../../../src/plugin/config/host-config.js";
import { PluginRegistry } from "../../../src/plugin/plugin-registry.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { RecordingPlugin } from "./recording-plugin.js";

const never = () => new Promise<void>(() => undefined);

describe("time limits of PluginRegistry", () => {
  let journal: string[];
  let time: FakeRuntime;
  let ctx: Context;

  beforeEach(() => {
    journal = [];
    time = new FakeRuntime();
    ctx = backgroundOn(time);
  });

  function registryOf(...plugins: readonly RecordingPlugin[]): PluginRegistry {
    const timeouts = { init: "1s", start: "2s", stop: "3s", health: "4s" };
    return new PluginRegistry({ timeouts, runtime: time }).register(...plugins);
  }

  async function outcomeOf(work: Promise<unknown>): Promise<{ settled: () => string | undefined }> {
    let outcome: string | undefined;
    work.then(
      () => {
        outcome = "done";
      },
      (error: unknown) => {
        outcome = (error as Error).message;
      },
    );
    // Phases that need no time have passed before time does.
    await nextTurn();
    return { settled: () => outcome };
  }

  const phases = [
    ["init", "initialise", 1000],
    ["start", "start", 2000],
  ] as const;
  for (const [phase, verb, limitMs] of phases) {
    it(`gives up on ${phase} after its limit and stops the plugin`, async () => {
      const registry = registryOf(new RecordingPlugin(journal, "a", { [phase]: never }));
      const { settled } = await outcomeOf(registry.start(ctx));
      await time.advance(limitMs - 1);
      expect(settled()).to.equal(undefined);
      await time.advance(1);
      expect(settled()).to.equal(
        `the host did not start: plugin "a" did not ${verb} in time; raise its time limit, or see what it waits for`,
      );
      expect(journal).to.include("stop a done");
    });
  }

  it("gives up on a stop after its limit and stops the rest", async () => {
    const registry = registryOf(
      new RecordingPlugin(journal, "a"),
      new RecordingPlugin(journal, "b", { requires: ["a"], stop: never }),
    );
    await registry.start(ctx);
    const { settled } = await outcomeOf(registry.stop(ctx));
    await time.advance(2999);
    expect(settled()).to.equal(undefined);
    expect(journal).to.not.include("stop a");
    await time.advance(1);
    expect(settled()).to.equal(
      'the host did not stop cleanly: plugin "b" did not stop in time; raise its time limit, or see what it waits for',
    );
    expect(journal).to.include("stop a done");
  });

  it("gives up on a plugin that takes longer to reconfigure than it may to start", async () => {
    class Stuck extends RecordingPlugin {
      reconfigure(): Promise<never> {
        return new Promise(() => undefined);
      }
    }
    const registry = registryOf(new Stuck(journal, "a"));
    await registry.start(ctx);
    const { settled } = await outcomeOf(registry.reconfigure(ctx, hostConfig({ a: 1 })));
    await time.advance(2000);
    expect(settled()).to.equal(
      "the host was not reconfigured completely: " +
        'plugin "a" refused its new section: the context\'s deadline has passed',
    );
    await registry.stop(ctx);
  });

  it("takes a plugin for down that does not answer how it is", async () => {
    class Mute extends RecordingPlugin {
      health(): Promise<never> {
        return new Promise(() => undefined);
      }
    }
    const registry = registryOf(new Mute(journal, "a"));
    await registry.start(ctx);
    const asked = registry.health(ctx);
    await nextTurn();
    await time.advance(4000);
    expect((await asked).plugins.get("a")).to.deep.equal({
      status: "down",
      message: "the context's deadline has passed",
    });
  });

  it("ends the context of a phase with the phase", async () => {
    let kept: Context | undefined;
    const keep = (given: Context) => {
      kept = given;
    };
    const registry = registryOf(new RecordingPlugin(journal, "a", { stop: keep }));
    await registry.start(ctx);
    await registry.stop(ctx);
    expect(kept?.err()).to.have.property("reason", "cancelled");
  });

  it("gives every phase a context that ends with its limit", async () => {
    const left: Record<string, number> = {};
    const note = (phase: string) => (given: Context) => {
      left[phase] = given.remainingMs();
    };
    const registry = registryOf(
      new RecordingPlugin(journal, "a", { init: note("init"), start: note("start"), stop: note("stop") }),
    );
    await registry.start(ctx);
    await registry.stop(ctx);
    expect(left).to.deep.equal({ init: 1000, start: 2000, stop: 3000 });
  });
});
