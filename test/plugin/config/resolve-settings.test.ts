import { expect } from "chai";
import fc from "fast-check";
import { ConfigError } from "../../../src/plugin/config/config-error.js";
import { resolveSettings } from "../../../src/plugin/config/resolve-settings.js";
import type { StorageSettings } from "../../../src/plugin/settings.js";

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
      encryption: { keys: [], active: undefined, plain: "read", backupKey: undefined },
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
      backup: { interval: "1h", path: "b", keep: 3, full_every: 2, compression: "none", key: "a" },
      file: { path: "a.json", backup_count: 0, read_only: true, salvage: true },
    });
    expect(resolved).to.deep.equal({
      backend: "file",
      backendOptions: { path: "a.json", backupCount: 0, readOnly: true, salvage: true },
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
        backupKey: "a",
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
        try {
          resolveSettings(settings as StorageSettings);
        } catch (error) {
          expect(error).to.be.instanceOf(ConfigError);
        }
      }),
    );
  });
});
