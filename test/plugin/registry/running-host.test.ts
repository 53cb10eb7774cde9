import { expect } from "chai";
import { background, type Context } from "../../../src/core/context.js";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { hostConfig } from "../../../src/plugin/config/host-config.js";
import type { ConfigSection, Health, Plugin, ReconfigureOutcome } from "../../../src/plugin/plugin.js";
import { PluginRegistry } from "../../../src/plugin/plugin-registry.js";
import { RecordingPlugin } from "./recording-plugin.js";
import { errorOf } from "./rejections.js";

const ctx = background();

describe("PluginRegistry, running", () => {
  let journal: string[];

  beforeEach(() => {
    journal = [];
  });

  describe("health", () => {
    class Patient extends RecordingPlugin {
      readonly #health: () => Promise<Health>;

      constructor(id: string, health: () => Promise<Health>) {
        super(journal, id);
        this.#health = health;
      }

      health(): Promise<Health> {
        return this.#health();
      }
    }

    it("is as bad as the worst plugin", async () => {
      const registry = new PluginRegistry().register(
        new RecordingPlugin(journal, "silent"),
        new Patient("slow", async () => ({ status: "degraded", message: "slow disk" })),
      );
      await registry.start(ctx);
      const health = await registry.health(ctx);
      expect(health.status).to.equal("degraded");
      expect([...health.plugins]).to.deep.equal([
        ["silent", { status: "up" }],
        ["slow", { status: "degraded", message: "slow disk" }],
      ]);
    });

    it("takes a rejection for down", async () => {
      const registry = new PluginRegistry().register(
        new Patient("sick", () => Promise.reject(new Error("ouch"))),
      );
      await registry.start(ctx);
      expect((await registry.health(ctx)).plugins.get("sick")).to.deep.equal({
        status: "down",
        message: "ouch",
      });
    });

    it("is down while the plugin does not run", async () => {
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a"));
      expect((await registry.health(ctx)).plugins.get("a")).to.deep.equal({
        status: "down",
        message: "the plugin is registered",
      });
    });

    it("is up without plugins", async () => {
      expect((await new PluginRegistry().health(ctx)).status).to.equal("up");
    });
  });

  it("collects metrics of the plugins that run", async () => {
    class Counting extends RecordingPlugin {
      metrics() {
        return [{ name: "calls_total", help: "Calls.", kind: "counter", value: 3 } as const];
      }
    }
    const registry = new PluginRegistry().register(
      new Counting(journal, "a"),
      new RecordingPlugin(journal, "b"),
    );
    expect(registry.metrics().size).to.equal(0);
    await registry.start(ctx);
    expect([...registry.metrics()]).to.deep.equal([
      ["a", [{ name: "calls_total", help: "Calls.", kind: "counter", value: 3 }]],
      ["b", []],
    ]);
  });

  describe("reconfigure", () => {
    class Tunable extends RecordingPlugin {
      section: unknown;
      answer: ReconfigureOutcome | Error = "applied";

      reconfigure(_: Context, section: ConfigSection): Promise<ReconfigureOutcome> {
        if (this.answer instanceof Error) return Promise.reject(this.answer);
        this.section = section.value;
        return Promise.resolve(this.answer);
      }
    }

    async function host(...plugins: readonly Plugin[]): Promise<PluginRegistry> {
      const registry = new PluginRegistry({ config: hostConfig({ a: { x: 1 } }) }).register(...plugins);
      await registry.start(ctx);
      return registry;
    }

    it("gives a plugin its section when it differs", async () => {
      const [a, b] = [new Tunable(journal, "a"), new Tunable(journal, "b")];
      const registry = await host(a, b);
      const outcomes = await registry.reconfigure(ctx, hostConfig({ a: { x: 2 } }));
      expect([...outcomes]).to.deep.equal([
        ["a", "applied"],
        ["b", "unchanged"],
      ]);
      expect([a.section, b.section]).to.deep.equal([{ x: 2 }, undefined]);
      const again = await registry.reconfigure(ctx, hostConfig({ a: { x: 2 } }));
      expect(again.get("a")).to.equal("unchanged");
    });

    it("answers restart-required for a plugin that cannot, until the section is as it was", async () => {
      const registry = await host(new RecordingPlugin(journal, "a"));
      const changed = hostConfig({ a: { x: 2 } });
      expect((await registry.reconfigure(ctx, changed)).get("a")).to.equal("restart-required");
      expect((await registry.reconfigure(ctx, changed)).get("a")).to.equal("restart-required");
      expect((await registry.reconfigure(ctx, hostConfig({ a: { x: 1 } }))).get("a")).to.equal("unchanged");
    });

    it("gives the new section at the next start", async () => {
      const seen: unknown[] = [];
      const registry = await host(
        new RecordingPlugin(journal, "a", {
          init: (_, given) => {
            seen.push(given?.config.value);
          },
        }),
      );
      await registry.reconfigure(ctx, hostConfig({ a: { x: 2 } }));
      await registry.stop(ctx);
      await registry.start(ctx);
      expect(seen).to.deep.equal([{ x: 1 }, { x: 2 }]);
    });

    it("goes on past a plugin that refuses, and says who", async () => {
      const [a, b] = [new Tunable(journal, "a"), new Tunable(journal, "b")];
      a.answer = new Error("x must be odd");
      const registry = await host(a, b);
      const error = await errorOf(registry.reconfigure(ctx, hostConfig({ a: { x: 2 }, b: 1 })));
      expect(error.message).to.equal(
        'the host was not reconfigured completely: plugin "a" refused its new section: x must be odd',
      );
      expect(b.section).to.equal(1);
    });

    it("is over before the host stops", async () => {
      const a = new Tunable(journal, "a");
      let finish = (): void => undefined;
      const waits = new Promise<void>((resolve) => {
        finish = resolve;
      });
      a.reconfigure = async () => {
        await waits;
        journal.push("reconfigured a");
        return "applied";
      };
      const registry = await host(a);
      const changing = registry.reconfigure(ctx, hostConfig({ a: { x: 2 } }));
      const again = await errorOf(registry.reconfigure(ctx, hostConfig({ a: { x: 3 } })));
      expect(again.message).to.equal(
        "cannot reconfigure while the host is reconfiguring; it must be started",
      );
      const stopping = registry.stop(ctx);
      finish();
      await Promise.all([changing, stopping]);
      expect(journal.indexOf("stop a")).to.be.above(journal.indexOf("reconfigured a"));
    });

    it("refuses sections that belong to no plugin, changing nothing", async () => {
      const a = new Tunable(journal, "a");
      const registry = await host(a);
      const error = await errorOf(registry.reconfigure(ctx, hostConfig({ a: { x: 2 }, nobody: 1 })));
      expect(error).to.be.instanceOf(ConfigError);
      expect(a.section).to.equal(undefined);
    });
  });

  describe("warnings", () => {
    function warner(): RecordingPlugin {
      return new RecordingPlugin(journal, "w", { init: (_, host) => host?.warn("look out", { depth: 3 }) });
    }

    it("reach listeners", async () => {
      const registry = new PluginRegistry().register(warner());
      const heard: unknown[] = [];
      registry.events.on("warning", (event) => heard.push(event));
      const processWarning = (warning: Error) => heard.push(warning);
      process.on("warning", processWarning);
      await registry.start(ctx);
      await new Promise((resolve) => setImmediate(resolve));
      process.off("warning", processWarning);
      expect(heard).to.deep.equal([{ plugin: "w", message: "look out", details: { depth: 3 } }]);
    });

    it("become warnings of the process when nobody listens", async () => {
      const heard = new Promise<Error>((resolve) => process.once("warning", resolve));
      await new PluginRegistry().register(warner()).start(ctx);
      const warning = await heard;
      expect(warning.message).to.equal("w: look out");
      expect(warning).to.include({ name: "HoldfastWarning", detail: "depth: 3" });
    });
  });
});
