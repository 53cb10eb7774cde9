import { expect } from "chai";
import fc from "fast-check";
import { startWaves, visibleTokens, type PluginDependencies } from "../../../src/plugin/plugin-order.js";
import { PluginError } from "../../../src/plugin/plugin-error.js";
import { token } from "../../../src/plugin/token.js";

const QUEUE = token<string[]>("QUEUE");
const MAIL = token<string>("MAIL");

function wavesOf(...plugins: readonly PluginDependencies[]): readonly (readonly string[])[] {
  return startWaves(plugins).map((wave) => wave.map(({ id }) => id));
}

describe("the order of plugins", () => {
  it("puts what is required before what requires it", () => {
    const order = wavesOf({ id: "a", requires: ["b"] }, { id: "b", requires: ["c"] }, { id: "c" });
    expect(order).to.deep.equal([["c"], ["b"], ["a"]]);
  });

  it("puts independent plugins into one wave, in the order given", () => {
    const order = wavesOf(
      { id: "z" },
      { id: "y", requires: ["a"] },
      { id: "a" },
      { id: "x", requires: ["z"] },
    );
    expect(order).to.deep.equal([
      ["z", "a"],
      ["y", "x"],
    ]);
  });

  it("finds the provider of a token", () => {
    const order = wavesOf({ id: "a", requires: [QUEUE] }, { id: "b", provides: [QUEUE] });
    expect(order).to.deep.equal([["b"], ["a"]]);
  });

  it("takes a shared requirement once, however many ways lead to it", () => {
    const layers = Array.from({ length: 40 }, (_, layer) =>
      ["a", "b"].map((side) => ({
        id: side + layer,
        requires: layer === 0 ? [] : [`a${layer - 1}`, `b${layer - 1}`],
      })),
    );
    expect(wavesOf(...layers.flat())).to.deep.equal(layers.map((layer) => layer.map(({ id }) => id)));
  });

  it("is empty without plugins", () => {
    expect(wavesOf()).to.deep.equal([]);
  });

  it("accepts one requirement named twice", () => {
    expect(wavesOf({ id: "a", requires: ["b", "b", QUEUE] }, { id: "b", provides: [QUEUE] })).to.have.length(
      2,
    );
  });

  const refusals: readonly (readonly [string, readonly PluginDependencies[], string, string])[] = [
    [
      "a cycle, by its path",
      [
        { id: "x", requires: ["a"] },
        { id: "a", requires: ["b"] },
        { id: "b", requires: ["c"] },
        { id: "c", requires: ["a"] },
      ],
      "cycle",
      "plugins require each other: a -> b -> c -> a; drop one of these requirements",
    ],
    [
      "a plugin that requires itself",
      [{ id: "a", requires: ["a"] }],
      "cycle",
      "plugins require each other: a -> a; drop one of these requirements",
    ],
    [
      "a cycle through a token",
      [
        { id: "a", requires: [QUEUE] },
        { id: "b", requires: ["a"], provides: [QUEUE] },
      ],
      "cycle",
      "plugins require each other: a -> b -> a; drop one of these requirements",
    ],
    [
      "a plugin that is not there",
      [{ id: "catalog", requires: ["storage"] }],
      "missing",
      'plugin "catalog" requires plugin "storage", which is not registered; register it',
    ],
    [
      "a misspelt plugin",
      [{ id: "catalog", requires: ["storag"] }, { id: "storage" }],
      "missing",
      'plugin "catalog" requires plugin "storag", which is not registered; did you mean "storage"',
    ],
    [
      "a token nobody provides",
      [{ id: "catalog", requires: [QUEUE] }],
      "missing",
      'plugin "catalog" requires QUEUE, which no plugin provides; register one that does',
    ],
    [
      "a token two provide",
      [
        { id: "a", provides: [QUEUE] },
        { id: "b", provides: [QUEUE] },
      ],
      "duplicate",
      'QUEUE is provided by both "a" and "b"; register one of them',
    ],
    [
      "a token named twice by one",
      [{ id: "a", provides: [QUEUE, QUEUE] }],
      "duplicate",
      'plugin "a" names QUEUE twice in provides; name it once',
    ],
  ];
  for (const [name, plugins, reason, message] of refusals) {
    it(`refuses ${name}`, () => {
      expect(() => startWaves(plugins))
        .to.throw(PluginError, message)
        .with.property("reason", reason);
    });
  }

  it("names every missing requirement", () => {
    const plugins = [
      { id: "a", requires: ["x", QUEUE] },
      { id: "b", requires: ["y"] },
    ];
    expect(() => startWaves(plugins))
      .to.throw(AggregateError)
      .with.property("errors")
      .with.length(3);
  });

  it("holds over random graphs without cycles: everything required stands in an earlier wave, as early as it can", () => {
    fc.assert(
      fc.property(acyclicPlugins(), (plugins) => {
        const waves = startWaves(plugins);
        const waveOf = new Map(waves.flatMap((wave, index) => wave.map(({ id }) => [id, index] as const)));
        expect(waveOf.size).to.equal(plugins.length);
        for (const { id, requires = [] } of plugins) {
          const latest = Math.max(
            -1,
            ...requires.map((required) => waveOf.get(required as string) as number),
          );
          expect(waveOf.get(id)).to.equal(latest + 1);
        }
      }),
    );
  });

  it("names a real cycle in any graph that has one", () => {
    fc.assert(
      fc.property(acyclicPlugins(2), fc.nat(), (plugins, pick) => {
        const waves = startWaves(plugins);
        const last = waves.at(-1)?.[0] as PluginDependencies;
        const first = plugins[pick % plugins.length] as PluginDependencies;
        const closed = plugins.map((plugin) =>
          plugin === first ? { ...plugin, requires: [...(plugin.requires ?? []), last.id] } : plugin,
        );
        const reachable = reaches(closed, last.id, first.id);
        const error = errorOf(() => startWaves(closed));
        expect(error === undefined).to.equal(!reachable);
        if (error !== undefined) expectCycle(closed, error.message);
      }),
    );
  });

  it("lets a plugin see what it requires and provides, and no more", () => {
    const storage = { id: "storage", provides: [QUEUE, MAIL] };
    const plugins = [
      storage,
      { id: "by-token", requires: [QUEUE] },
      { id: "by-id", requires: ["storage"] },
      { id: "x" },
    ];
    const seen = plugins.map((plugin) => [...visibleTokens(plugin, plugins)]);
    expect(seen).to.deep.equal([[QUEUE, MAIL], [QUEUE], [QUEUE, MAIL], []]);
  });
});

/** Plugins in random order, each requiring some of those before it in a hidden order. */
function acyclicPlugins(minLength = 0): fc.Arbitrary<readonly PluginDependencies[]> {
  return fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength, maxLength: 20 }).chain((edges) => {
    const plugins = edges.map((targets, index) => ({
      id: `p${index}`,
      requires: index === 0 ? [] : targets.map((target) => `p${target % index}`),
    }));
    return fc.shuffledSubarray(plugins, { minLength: plugins.length });
  });
}

function reaches(plugins: readonly PluginDependencies[], from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const id of seen) {
    const requires = plugins.find((plugin) => plugin.id === id)?.requires ?? [];
    for (const required of requires) seen.add(required as string);
  }
  return seen.has(to);
}

function errorOf(work: () => unknown): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function expectCycle(plugins: readonly PluginDependencies[], message: string): void {
  const path = /: (.*);/.exec(message)?.[1]?.split(" -> ") as string[];
  expect(path[0]).to.equal(path.at(-1));
  path.slice(0, -1).forEach((id, index) => {
    expect(plugins.find((plugin) => plugin.id === id)?.requires).to.include(path[index + 1]);
  });
}
