import { expect } from "chai";
import fc from "fast-check";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { BUILT_IN_BACKENDS } from "../../../src/plugin/config/options.js";
import { resolveSettings, type ResolveOptions } from "../../../src/plugin/config/resolve-settings.js";
import type { StorageSettings } from "../../../src/plugin/settings.js";

function problemsOf(settings: unknown, options?: ResolveOptions): readonly string[] {
  try {
    resolveSettings(settings as StorageSettings, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const KNOWN = BUILT_IN_BACKENDS.join(", ");
const DURATION = 'milliseconds or text such as "250ms", "30s", "5m", "1h30m", above 0';

describe("resolveSettings", () => {
  it("fills in every default", () => {
    expect(resolveSettings({})).to.deep.equal({
      backend: "memory",
      backendOptions: { maxBytes: undefined },
      durability: undefined,
      durabilityIntervalMs: 1000,
      sweepIntervalMs: 300_000,
      operationTimeoutMs: 10_000,
      codec: "json",
      compression: { files: "none", valuesFrom: Infinity },
      encryption: { keys: [], active: undefined, plain: "read" },
      cache: {
        maxEntries: 10_000,
        maxBytes: 64 * 1024 * 1024,
        ttlMs: 0,
        values: "copy",
        consistency: "cached",
        maxStalenessMs: 1000,
      },
      transaction: { timeoutMs: 30_000, maxAttempts: 16, maxOpen: 10_000 },
      changes: { count: 10_000, ageMs: 10_000 },
      backup: undefined,
    });
  });

  it("takes every option", () => {
    const resolved = resolveSettings({
      backend: "file",
      ttl_cleanup_interval: "1m",
      operation_timeout: 2500,
      durability: "interval",
      durability_interval: "250ms",
      compression: { files: "gzip", values: "gzip", threshold: "1KiB" },
      codec: "v8",
      encryption: {
        keys: [
          { id: "a", env: "A" },
          { id: "b", file: "b.key" },
        ],
        active: "b",
        plain: "refuse",
      },
      cache: {
        max_entries: 5,
        max_bytes: "1MiB",
        ttl: "1h30m",
        values: "frozen",
        consistency: "strong",
        max_staleness: "250ms",
      },
      transaction: { timeout: "3s", max_attempts: 4, max_open: 6 },
      changes: { retain: { count: 7, age: "1h" } },
      backup: { interval: "1h", path: "b", keep: 3, full_every: 2, compression: "none" },
      file: { path: "a.json", backup_count: 0, read_only: true },
    });
    expect(resolved).to.deep.equal({
      backend: "file",
      backendOptions: { path: "a.json", backupCount: 0, readOnly: true },
      durability: "interval",
      durabilityIntervalMs: 250,
      sweepIntervalMs: 60_000,
      operationTimeoutMs: 2500,
      compression: { files: "gzip", valuesFrom: 1024 },
      codec: "v8",
      encryption: {
        keys: [
          { id: "a", env: "A" },
          { id: "b", file: "b.key" },
        ],
        active: "b",
        plain: "refuse",
      },
      cache: {
        maxEntries: 5,
        maxBytes: 1024 * 1024,
        ttlMs: 5_400_000,
        values: "frozen",
        consistency: "strong",
        maxStalenessMs: 250,
      },
      transaction: { timeoutMs: 3000, maxAttempts: 4, maxOpen: 6 },
      changes: { count: 7, ageMs: 3_600_000 },
      backup: { intervalMs: 3_600_000, path: "b", keep: 3, fullEvery: 2, compression: "none" },
    });
  });

  it("cannot be changed afterwards", () => {
    const resolved = resolveSettings({});
    for (const part of [
      resolved,
      resolved.cache,
      resolved.transaction,
      resolved.changes,
      resolved.backendOptions,
      resolved.compression,
      resolved.encryption,
      resolved.encryption.keys,
    ]) {
      expect(part).to.be.frozen;
    }
  });

  it("keeps the change log for ten times the staleness of caches, unless told otherwise", () => {
    const ageMs = (settings: StorageSettings) => resolveSettings(settings).changes.ageMs;
    expect(ageMs({ cache: { max_staleness: "30s" } })).to.equal(300_000);
    expect(ageMs({ cache: { max_staleness: "50ms" } })).to.equal(10_000);
    const given = { changes: { retain: { age: "40s" } }, cache: { max_staleness: "30s" } };
    expect(ageMs(given)).to.equal(40_000);
  });

  describe("other names", () => {
    const equivalents: readonly (readonly [string, StorageSettings, StorageSettings])[] = [
      ["file_path", { backend: "file", file_path: "a" }, { backend: "file", file: { path: "a" } }],
      ["cache_size", { cache_size: 7 }, { cache: { max_entries: 7 } }],
      ["cache_size 0", { cache_size: 0 }, { cache: { max_entries: 0 } }],
      ["save_interval", { save_interval: "3s" }, { durability_interval: "3s" }],
      ["backend json", { backend: "json", file_path: "a" }, { backend: "file", file_path: "a" }],
      ["compression true", { compression: true }, { compression: "gzip" }],
      ["compression false", { compression: false }, { compression: "none" }],
      ["compression as one word", { compression: "gzip" }, { compression: { files: "gzip" } }],
      ["the same twice", { cache_size: 7, cache: { max_entries: 7 } }, { cache_size: 7 }],
      ["the same interval in other units", { save_interval: "1000ms", durability_interval: "1s" }, {}],
      ["nothing given", { cache_size: undefined, cache: null } as unknown as StorageSettings, {}],
    ];
    for (const [name, left, right] of equivalents) {
      it(name, () => {
        expect(resolveSettings(left)).to.deep.equal(resolveSettings(right));
      });
    }

    it("auto_save false makes a file durable on flush alone", () => {
      const resolved = resolveSettings({ backend: "file", file_path: "a", auto_save: false });
      expect([resolved.durability, resolved.durabilityIntervalMs]).to.deep.equal(["interval", Infinity]);
    });

    it("auto_save false leaves memory as it is", () => {
      expect(resolveSettings({ auto_save: false }).durability).to.equal(undefined);
    });

    it("auto_save true changes nothing", () => {
      expect(resolveSettings({ auto_save: true })).to.deep.equal(resolveSettings({}));
    });
  });

  it("passes the section of a foreign backend through, a copy of it, as written", () => {
    const section = { bucket: "b", retries: 3 };
    const { backend, backendOptions } = resolveSettings({ backend: "s3", s3: section });
    expect([backend, backendOptions]).to.deep.equal(["s3", section]);
    expect(backendOptions).to.be.frozen;
    expect(section).to.not.be.frozen;
  });

  it("gives a foreign backend without a section an empty one", () => {
    expect(resolveSettings({ backend: "s3" }, { backends: ["s3"] }).backendOptions).to.deep.equal({});
  });

  it("lets sections of registered backends stand that are not chosen", () => {
    expect(resolveSettings({ s3: { bucket: "b" } }, { backends: ["s3"] }).backend).to.equal("memory");
  });

  it("lets sections of our own backends stand that are not chosen", () => {
    const resolved = resolveSettings({ backend: "memory", file_path: "a", file: { backup_count: 3 } });
    expect(resolved.backend).to.equal("memory");
  });

  describe("refuses", () => {
    const mistakes: readonly (readonly [string, unknown, readonly string[], ResolveOptions?])[] = [
      ["a list", [], ["storage: a list is not a section; give options below it, or leave it out"]],
      ["text", "memory", ['storage: "memory" is not a section; give options below it, or leave it out']],
      [
        "a misspelt option",
        { cache_sise: 1 },
        ['storage.cache_sise: unknown option; did you mean "cache_size"'],
      ],
      [
        "an option one level too high",
        { max_attempts: 1 },
        ['storage.max_attempts: unknown option; did you mean "transaction.max_attempts"'],
      ],
      [
        "an option of a later version",
        { metrics: true, dashboard: true },
        ["metrics", "dashboard"].map(
          (name) =>
            `storage.${name}: unknown option; remove it, or check its spelling in config/storage.yaml`,
        ),
      ],
      [
        "backups at intervals without a folder",
        { backup: { interval: "1d" } },
        ["storage.backup.path: backup.interval needs it; give the path of a folder, such as ./backups"],
      ],
      [
        "a folder for backups that nobody makes",
        { backup: { path: "./backups", keep: 0 } },
        [
          "storage.backup.keep: 0 is not accepted; give a whole number, 1 or more",
          "storage.backup.interval: missing beside backup.path; say how often, such as 1d",
        ],
      ],
      [
        "a codec that is not registered",
        { codec: "v9" },
        ['storage.codec: no codec is called "v9"; choose one of json, v8, or register it first'],
        { codecs: ["json", "v8"] },
      ],
      [
        "a misspelt option in a section",
        { cache: { max_entry: 1 } },
        ['storage.cache.max_entry: unknown option; did you mean "max_entries"'],
      ],
      [
        "a value in place of a section",
        { cache: 5 },
        ["storage.cache: 5 is not a section; give options below it, or leave it out"],
      ],
      [
        "a number out of range",
        { cache_size: -1 },
        ["storage.cache_size: -1 is not accepted; give a whole number, 0 or more"],
      ],
      [
        "a fraction of an entry",
        { cache_size: 1.5 },
        ["storage.cache_size: 1.5 is not accepted; give a whole number, 0 or more"],
      ],
      [
        "text in place of a number",
        { transaction: { max_open: "ten" } },
        ['storage.transaction.max_open: "ten" is not accepted; give a whole number, 1 or more'],
      ],
      [
        "an interval of 0",
        { ttl_cleanup_interval: 0 },
        [`storage.ttl_cleanup_interval: 0 is not accepted; give ${DURATION}`],
      ],
      [
        "text that is no time",
        { operation_timeout: "5 minutes" },
        [`storage.operation_timeout: "5 minutes" is not accepted; give ${DURATION}`],
      ],
      [
        "a time without an end",
        { operation_timeout: Infinity },
        [`storage.operation_timeout: Infinity is not accepted; give ${DURATION}`],
      ],
      [
        "an object in place of a time",
        { operation_timeout: {} },
        [`storage.operation_timeout: an object is not accepted; give ${DURATION}`],
      ],
      [
        "a size of 0",
        { cache: { max_bytes: "0" } },
        [
          'storage.cache.max_bytes: "0" is not accepted; give bytes or text such as "512KiB", "64MiB", "1GiB", above 0',
        ],
      ],
      [
        "a misspelt word",
        { durability: "powr" },
        [
          'storage.durability: "powr" is not accepted; give power, process, interval or none; did you mean "power"',
        ],
      ],
      [
        "a function in place of a truth value",
        { auto_save: () => true },
        ["storage.auto_save: a function is not accepted; give true or false"],
      ],
      [
        "an empty path",
        { backend: "file", file_path: "" },
        [
          'storage.file_path: "" is not accepted; give text',
          "storage.file.path: the file backend needs it; give the path of the data file, such as ./data/store.json",
        ],
      ],
      [
        "the file backend without a path",
        { backend: "file" },
        [
          "storage.file.path: the file backend needs it; give the path of the data file, such as ./data/store.json",
        ],
      ],
      [
        "a path without a backend",
        { file_path: "a" },
        [
          "storage.backend: missing beside file.path; write backend: file to keep data there, or backend: memory",
        ],
      ],
      [
        "two names that disagree",
        { cache_size: 1, cache: { max_entries: 2 } },
        ["storage.cache_size: differs from cache.max_entries, which is the same option; keep one of them"],
      ],
      [
        "a promise memory cannot keep",
        { durability: "power" },
        ["storage.durability: the memory backend keeps nothing; remove it, or choose backend: file"],
      ],
      [
        "auto_save false beside another durability",
        { backend: "file", file_path: "a", auto_save: false, durability: "power" },
        ["storage.auto_save: false contradicts durability: power; keep one of them"],
      ],
      [
        "auto_save false beside an interval",
        { backend: "file", file_path: "a", auto_save: false, save_interval: "1s" },
        ["storage.auto_save: false contradicts an interval of saving; keep one of them"],
      ],
      [
        "a log shorter than the staleness of caches",
        { changes: { retain: { age: "1s" } }, cache: { max_staleness: "2s" } },
        [
          "storage.changes.retain.age: is shorter than cache.max_staleness, within which caches follow the log; " +
            "keep at least ten times as long, or leave it out",
        ],
      ],
      [
        "a backend that is not there",
        { backend: "flie" },
        ['storage.backend: no backend is called "flie"; did you mean "file"'],
        { backends: ["s3"] },
      ],
      [
        "a backend like no other",
        { backend: "cassandra" },
        [
          `storage.backend: no backend is called "cassandra"; choose one of ${KNOWN}, s3, or register it first`,
        ],
        { backends: ["s3"] },
      ],
      [
        "a foreign section that is none",
        { backend: "s3", s3: 7 },
        ["storage.s3: 7 is not a section; give the options of the backend s3 below it"],
      ],
      [
        "a path as a name",
        { "cache.ttl": 1 },
        ["storage.cache.ttl: unknown option; write each part of it as a section of its own"],
      ],
      [
        "names that objects inherit",
        JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}'),
        ["__proto__", "constructor", "toString"].map(
          (name) =>
            `storage.${name}: unknown option; remove it, or check its spelling in config/storage.yaml`,
        ),
      ],
    ];
    for (const [name, settings, problems, options] of mistakes) {
      it(name, () => {
        expect(problemsOf(settings, options)).to.deep.equal(problems);
      });
    }

    it("several mistakes at once", () => {
      const settings = { cache_sise: 1, durability: 5, cache: { ttl: -1 } };
      expect(() => resolveSettings(settings as unknown as StorageSettings)).to.throw(
        ConfigError,
        /^3 problems in the configuration\n {2}storage\.cache_sise: .*\n {2}storage\.durability: .*\n {2}storage\.cache\.ttl: .*$/,
      );
    });
  });

  it("answers anything at all with settings or a ConfigError", () => {
    const names = fc.constantFrom(
      "backend",
      "cache",
      "file",
      "durability",
      "changes",
      "retain",
      "max_entries",
      "path",
    );
    const anything = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.anything({ maxDepth: 1 }),
        fc.dictionary(fc.oneof(names, fc.string()), tie("node"), { maxKeys: 5 }),
      ),
    })).node;
    fc.assert(
      fc.property(anything, (settings) => {
        expect(() => problemsOf(settings)).to.not.throw();
      }),
    );
  });
});
