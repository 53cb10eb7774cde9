import { expect } from "chai";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { resolveSettings } from "../../../src/plugin/config/resolve-settings.js";
import type { StorageSettings } from "../../../src/plugin/settings.js";

const PAIRS: readonly (readonly [string, StorageSettings, StorageSettings])[] = [
  [
    "sqlite when no driver is given",
    { backend: "database", sqlite: { path: "a" } },
    { backend: "sqlite", sqlite: { path: "a" } },
  ],
  ["sqlite", { backend: "database", driver: "sqlite" }, { backend: "sqlite" }],
  [
    "postgres",
    { backend: "database", driver: "postgres", postgres: { port: 7 } },
    { backend: "postgres", postgres: { port: 7 } },
  ],
  [
    "mysql",
    { backend: "database", driver: "mysql", mysql: { port: 7 } },
    { backend: "mysql", mysql: { port: 7 } },
  ],
];

const MISTAKES: readonly (readonly [string, StorageSettings, string])[] = [
  [
    "a driver beside another backend",
    { backend: "memory", driver: "sqlite" },
    "driver: says something beside backend: database alone",
  ],
  [
    "the durability of a database in memory",
    { backend: "sqlite", durability: "power" },
    "durability: sqlite without a path keeps nothing",
  ],
];

describe("backend: database", () => {
  for (const [name, written, meant] of PAIRS) {
    it(`means ${name}`, () => {
      expect(resolveSettings(written)).to.deep.equal(resolveSettings(meant));
    });
  }

  for (const [name, settings, message] of MISTAKES) {
    it(`refuses ${name}`, () => {
      expect(() => resolveSettings(settings)).to.throw(ConfigError, message);
    });
  }

  it("hands sqlite its options", () => {
    const written = { backend: "sqlite", sqlite: { path: "a.db", library: "libsql" } } as const;
    expect(resolveSettings(written).backendOptions).to.deep.equal({ path: "a.db", library: "libsql" });
    const inMemory = { path: undefined, library: undefined };
    expect(resolveSettings({ backend: "sqlite" }).backendOptions).to.deep.equal(inMemory);
  });

  it("leaves the durability of sqlite without a path as it is", () => {
    expect(resolveSettings({ backend: "sqlite", auto_save: false }).durability).to.equal(undefined);
    const file = resolveSettings({ backend: "sqlite", sqlite: { path: "a" }, auto_save: false });
    expect(file.durability).to.equal("interval");
  });
});
