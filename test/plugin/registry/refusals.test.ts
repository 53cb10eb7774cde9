import { expect } from "chai";
import { background } from "../../../src/core/context.js";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { hostConfig } from "../../../src/plugin/config/host-config.js";
import type { Plugin } from "../../../src/plugin/plugin.js";
import { PluginError } from "../../../src/plugin/plugin-error.js";
import { PluginRegistry } from "../../../src/plugin/plugin-registry.js";
import { token } from "../../../src/plugin/token.js";
import { RecordingPlugin } from "./recording-plugin.js";
import { errorOf, errorsOf } from "./rejections.js";

const ctx = background();

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

  describe("refuses", () => {
    it("two plugins of one id", () => {
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a"));
      expect(() => registry.register(new RecordingPlugin(journal, "a")))
        .to.throw(PluginError, 'a plugin "a" is registered already; give one of them another id')
        .with.property("reason", "duplicate");
    });

    for (const id of ["", " a", "a b", "é", "a\n", "-a", "x".repeat(129)]) {
      it(`the id ${JSON.stringify(id.slice(0, 8))}`, () => {
        expect(() => new PluginRegistry().register(new RecordingPlugin(journal, id)))
          .to.throw(PluginError, "is no id for a plugin")
          .with.property("reason", "misuse");
      });
    }

    it("to start twice, and to register while it runs", async () => {
      const registry = new PluginRegistry().register(...chain());
      const starting = registry.start(ctx);
      expect(await errorOf(registry.start(ctx))).to.have.property("reason", "misuse");
      await starting;
      expect((await errorOf(registry.start(ctx))).message).to.equal(
        "cannot start while the host is started; it must be idle",
      );
      expect(() => registry.register(new RecordingPlugin(journal, "e"))).to.throw(
        PluginError,
        "cannot register",
      );
    });

    it("to reconfigure a host that does not run", async () => {
      expect(await errorOf(new PluginRegistry().reconfigure(ctx, hostConfig({})))).to.have.property(
        "reason",
        "misuse",
      );
    });

    it("requirements that cannot be met, before any plugin was called", async () => {
      const registry = new PluginRegistry().register(new RecordingPlugin(journal, "a", { requires: ["b"] }));
      expect(await errorOf(registry.start(ctx))).to.have.property("reason", "missing");
      expect(journal).to.deep.equal([]);
      registry.register(new RecordingPlugin(journal, "b"));
      await registry.start(ctx);
    });

    it("a section that belongs to no plugin", async () => {
      const config = hostConfig({ storage: {}, catalogue: {}, unrelated: {} });
      const registry = new PluginRegistry({ config }).register(
        new RecordingPlugin(journal, "storage"),
        new RecordingPlugin(journal, "catalog"),
      );
      const error = await errorOf(registry.start(ctx));
      expect(error).to.be.instanceOf(ConfigError);
      expect((error as ConfigError).problems).to.deep.equal([
        { path: "catalogue", message: 'no plugin has this id; did you mean "catalog"' },
        { path: "unrelated", message: "no plugin has this id; register the plugin, or remove the section" },
      ]);
    });

    it("a time limit that is none", () => {
      for (const [limit, message] of [
        ["soon", 'timeouts.start: "soon" is not a duration above 0; give milliseconds or text such as'],
        [-1, "timeouts.start: -1 is not a duration above 0"],
        [0, "timeouts.start: 0 is not a duration above 0"],
      ] as const)
        expect(() => new PluginRegistry({ timeouts: { start: limit } })).to.throw(TypeError, message);
    });

    it("options and time limits that do not exist", () => {
      expect(() => new PluginRegistry({ confg: 1 } as object)).to.throw(
        TypeError,
        'unknown PluginRegistry option "confg"; known: config, timeouts, runtime',
      );
      expect(() => new PluginRegistry({ timeouts: { strt: 1 } as object })).to.throw(
        TypeError,
        'unknown timeouts option "strt"; known: init, start, stop, health',
      );
    });

    it("what is no plugin", () => {
      const registry = new PluginRegistry();
      for (const [wrong, message] of [
        [null, "register takes plugins, each an object with id, version, init, start and stop"],
        ["storage", "register takes plugins"],
        [{ id: "a", version: "1" }, 'plugin "a" has no init(); a plugin has init, start, stop'],
        [{ id: "a", version: "1", init: () => undefined, start: 1 }, 'plugin "a" has no start()'],
        [{}, "a plugin has no init()"],
      ] as const)
        expect(() => registry.register(wrong as unknown as Plugin)).to.throw(TypeError, message);
      expect(registry.states.size).to.equal(0);
    });
  });

  describe("what plugins share", () => {
    const GREETING = token<string>("GREETING");

    it("reaches those that require it, and the host", async () => {
      const seen: string[] = [];
      const registry = new PluginRegistry().register(
        new RecordingPlugin(journal, "user", {
          requires: [GREETING],
          init: (_, host) => {
            seen.push(host?.resolve(GREETING) ?? "");
          },
        }),
        new RecordingPlugin(journal, "giver", {
          provides: [GREETING],
          init: (_, host) => host?.provide(GREETING, "hello"),
        }),
      );
      await registry.start(ctx);
      expect([...seen, registry.resolve(GREETING)]).to.deep.equal(["hello", "hello"]);
    });

    const misuses: readonly (readonly [string, ConstructorParameters<typeof RecordingPlugin>[2], string])[] =
      [
        [
          "declared but not provided",
          { provides: [GREETING] },
          'plugin "x" failed to initialise: plugin "x" did not provide GREETING in init, as declared',
        ],
        [
          "provided but not declared",
          { init: (_, host) => host?.provide(GREETING, "a") },
          'plugin "x" failed to initialise: plugin "x" cannot provide GREETING: it does not name it in provides',
        ],
        [
          "provided twice",
          {
            provides: [GREETING],
            init: (_, host) => {
              host?.provide(GREETING, "a");
              host?.provideEach(GREETING, () => "b");
            },
          },
          'plugin "x" failed to initialise: plugin "x" cannot provide GREETING: it provides it a second time',
        ],
        [
          "resolved but not required",
          {
            init: (_, host) => {
              host?.resolve(GREETING);
            },
          },
          'plugin "x" failed to initialise: plugin "x" asked for GREETING, which it cannot see; name it in requires',
        ],
      ];
    for (const [name, traits, message] of misuses) {
      it(`refuses a token ${name}`, async () => {
        const registry = new PluginRegistry().register(new RecordingPlugin(journal, "x", traits));
        expect((await errorsOf(registry.start(ctx))).map((error) => error.message)).to.deep.equal([message]);
      });
    }
  });
});
