import { expect } from "chai";
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

const REDIS_URL =
  "redis://user:password@host:port/db or rediss://… for TLS, and characters such as / # % in a password as %2F %23 %25";
const KNOWN = BUILT_IN_BACKENDS.join(", ");
const DURATION = 'milliseconds or text such as "250ms", "30s", "5m", "1h30m", above 0';

describe("resolveSettings refuses", () => {
  const mistakes: readonly (readonly [string, unknown, readonly string[], ResolveOptions?])[] = [
    ["a list", [], ["storage: a list is not a section; give options below it, or leave it out"]],
    ["text", "memory", ['storage: "memory" is not a section; give options below it, or leave it out']],
    [
      "a misspelt option",
      { cache_sise: 1 },
      ['storage.cache_sise: unknown option; did you mean "cache_size"'],
    ],
    [
      "a path that is none, once",
      { backend: "file", file: { path: 5 } },
      ["storage.file.path: 5 is not accepted; give a path such as ./data/store.json"],
    ],
    [
      "a path that is none under its other name, once",
      { backend: "file", file_path: 5 },
      ["storage.file_path: 5 is not accepted; give a path such as ./data/store.json"],
    ],
    [
      "a folder that is none, once",
      { backend: "directory", directory: { path: 5 } },
      ["storage.directory.path: 5 is not accepted; give a path such as ./data/store"],
    ],
    [
      "what stands in a file, given as an object",
      { storage: { backend: "memory" } },
      ["storage.storage: the options stand here already; give them without another storage around them"],
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
        (name) => `storage.${name}: unknown option; remove it, or check its spelling in config/storage.yaml`,
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
      "an empty path, once",
      { backend: "file", file_path: "" },
      ['storage.file_path: "" is not accepted; give a path such as ./data/store.json'],
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
      [`storage.backend: no backend is called "cassandra"; choose one of ${KNOWN}, s3, or register it first`],
      { backends: ["s3"] },
    ],
    [
      "a foreign section that is none",
      { backend: "s3", s3: 7 },
      ["storage.s3: 7 is not a section; give the options of the backend s3 below it"],
    ],
    ...["a; drop", "Upper", "1st", "x".repeat(41)].flatMap((table) =>
      (["postgres", "mysql"] as const).map(
        (backend) =>
          [
            `${table} as a table of ${backend}`,
            { backend, [backend]: { table } },
            [
              `storage.${backend}.table: "${table}" is not accepted; ` +
                'give 1 to 40 lower-case letters, digits and "_", not beginning with a digit',
            ],
          ] as const,
      ),
    ),
    [
      "an url of postgres that is none",
      { backend: "postgres", postgres: { url: "http://ann:secret@host" } },
      [
        "storage.postgres.url: what is written is not accepted; give postgres://user:password@host:5432/database",
      ],
    ],
    [
      "an url of mysql that is none",
      { backend: "mysql", mysql: { url: "postgres://ann:secret@host" } },
      ["storage.mysql.url: what is written is not accepted; give mysql://user:password@host:3306/database"],
    ],
    ...["http://ann:secret@host", "host:6379", "redis://host/name", "redis://:50%@host", ""].map(
      (url) =>
        [
          `${url || "nothing"} as an url of redis`,
          { backend: "redis", redis: { url } },
          [`storage.redis.url: what is written is not accepted; give ${REDIS_URL}`],
        ] as const,
    ),
    [
      "a prefix of redis with braces",
      { backend: "redis", redis: { prefix: "a{b}" } },
      ['storage.redis.prefix: "a{b}" is not accepted; give text without braces'],
    ],
    [
      "a node of redis that is none",
      { backend: "redis", redis: { cluster: ["10.0.0.1:6379", "http://10.0.0.2"] } },
      [
        "storage.redis.cluster: what is written is not accepted; " +
          "give true, false, or a list of addresses such as [10.0.0.1:6379, 10.0.0.2:6379]",
      ],
    ],
    [
      "a database of a cluster of redis",
      { backend: "redis", redis: { cluster: true, db: 3 } },
      [
        "storage.redis.db: stands beside redis.cluster, but a cluster has only database 0; leave the number out",
      ],
    ],
    [
      "a database in the url of a node",
      { backend: "redis", redis: { cluster: true, url: "redis://host/3" } },
      [
        "storage.redis.url: names the number of a database, but a cluster has only database 0; leave the number out",
      ],
    ],
    [
      "a database in the address of a node",
      { backend: "redis", redis: { cluster: ["host:1", "host:2/3"] } },
      [
        "storage.redis.cluster: names the number of a database, but a cluster has only database 0; leave the number out",
      ],
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
        (name) => `storage.${name}: unknown option; remove it, or check its spelling in config/storage.yaml`,
      ),
    ],
  ];
  for (const [name, settings, problems, options] of mistakes) {
    it(name, () => {
      expect(problemsOf(settings, options)).to.deep.equal(problems);
    });
  }

  it("no address that the backends take", () => {
    const taken = [
      { backend: "postgres", postgres: { url: "postgresql:///db", table: "_a1" } },
      { backend: "mysql", mysql: { url: "mariadb://host/db", table: "x".repeat(40) } },
      { backend: "redis", redis: { url: "rediss://:%2F@host:1/3", prefix: "a:" } },
      { backend: "redis", redis: { cluster: ["[::1]:1", "redis://host/0"], db: 0 } },
      { backend: "redis", redis: { cluster: false, url: "redis://host/3" } },
    ];
    for (const settings of taken) expect(problemsOf(settings)).to.deep.equal([]);
  });

  it("several mistakes at once", () => {
    const settings = { cache_sise: 1, durability: 5, cache: { ttl: -1 } };
    expect(() => resolveSettings(settings as unknown as StorageSettings)).to.throw(
      ConfigError,
      /^3 problems in the configuration\n {2}storage\.cache_sise: .*\n {2}storage\.durability: .*\n {2}storage\.cache\.ttl: .*$/,
    );
  });
});
