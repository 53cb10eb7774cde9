import { redisDatabaseOf } from "../../core/server-address.js";
import type { ConfigSection } from "../plugin.js";
import type {
  BackupSettings,
  CacheSettings,
  CompressionSettings,
  EncryptionSettings,
  ResolvedSettings,
  StorageSettings,
  TransactionSettings,
} from "../settings.js";
import { ConfigError } from "./config-error.js";
import { encryptionSettings } from "./encryption-settings.js";
import { didYouMean } from "./nearest-name.js";
import { OptionValues } from "./option-values.js";
import { BUILT_IN_BACKENDS, type OptionPath } from "./options.js";

/** How many times `cache.max_staleness` the change log keeps when nothing is said. */
const STALENESS_RETAINED = 10;

export interface ResolveOptions {
  /** The names of all backends that can be used. Absent: any name passes, and its section with it. */
  readonly backends?: Iterable<string>;
  /** The names of all codecs that can be used. Absent: every name passes. */
  readonly codecs?: Iterable<string>;
}

/**
 * Checks the settings of a store and fills in what they leave out.
 *
 * @param settings an object, or the `storage:` section of a configuration, whose places then stand in messages.
 * @throws ConfigError listing everything that is wrong.
 */
export function resolveSettings(
  settings: StorageSettings | ConfigSection,
  options: ResolveOptions = {},
): ResolvedSettings {
  const section = isSection(settings) ? settings : { value: settings, locate: () => undefined };
  const backends = new Set(options.backends ?? [writtenBackend(section.value)]);
  const foreign = new Set([...backends].filter((name) => !BUILT_IN_BACKENDS.includes(name)));
  const values = new OptionValues(section, foreign);
  const backend = backendOf(values);
  checkBackend(values, backend, options.backends === undefined ? undefined : backends);
  checkRedis(values);
  checkDurability(values, backend);
  checkStaleness(values);
  checkBackup(values);
  if (options.codecs !== undefined) checkCodec(values, [...options.codecs]);
  const encryption = encryptionSettings(values);
  if (values.problems.length > 0) throw new ConfigError(values.problems);
  return build(values, backend, encryption);
}

function isSection(settings: StorageSettings | ConfigSection): settings is ConfigSection {
  return typeof (settings as ConfigSection | undefined)?.locate === "function";
}

function writtenBackend(settings: unknown): string {
  const backend = (settings as StorageSettings | null | undefined)?.backend;
  return typeof backend === "string" ? backend : "";
}

/** What backends are called as well. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["json", "file"],
  ["dbm", "lmdb"],
]);

/** The name for whichever database `driver` says. */
const DATABASE = "database";
const DEFAULT_DRIVER = "sqlite";

function backendOf(values: OptionValues): string {
  const backend = values.get("backend");
  if (backend === DATABASE) return values.get("driver") ?? DEFAULT_DRIVER;
  return OTHER_NAMES.get(backend) ?? backend;
}

function checkBackend(values: OptionValues, backend: string, known: ReadonlySet<string> | undefined): void {
  const isKnown = known === undefined || known.has(backend) || BUILT_IN_BACKENDS.includes(backend);
  if (!isKnown) values.report("backend", unknownBackend(backend, known));
  const hasPath = values.given("file.path") !== undefined;
  if (backend === "file" && values.lacks("file.path")) {
    values.report(
      "file.path",
      "the file backend needs it; give the path of the data file, such as ./data/store.json",
    );
  }
  if (values.given("driver") !== undefined && values.given("backend") !== DATABASE) {
    values.report("driver", "says something beside backend: database alone; remove it, or write that");
  }
  for (const [name, path, example] of FOLDERS) {
    if (backend !== name || !values.lacks(path)) continue;
    values.report(path, `the ${name} backend needs it; give the path of a folder, such as ${example}`);
  }
  for (const [url, address] of SERVER_ADDRESSES) {
    if (values.given(url) === undefined || address.every((path) => values.given(path) === undefined))
      continue;
    values.report(url, `contradicts ${address.join(", ")}; keep the url or those`);
  }
  // Kept in memory, data meant for a file would be lost without a word.
  if (hasPath && values.given("backend") === undefined) {
    values.report(
      "backend",
      "missing beside file.path; write backend: file to keep data there, or backend: memory",
    );
  }
}

/** The backends that keep their data in a folder, which they must be told. */
const FOLDERS: readonly (readonly [backend: string, path: OptionPath, example: string])[] = [
  ["directory", "directory.path", "./data/store"],
  ["lmdb", "lmdb.path", "./data/lmdb"],
];

/** The urls of servers, and what each says too. */
const SERVER_ADDRESSES: readonly (readonly [url: OptionPath, address: readonly OptionPath[]])[] = [
  [
    "postgres.url",
    ["postgres.host", "postgres.port", "postgres.user", "postgres.password", "postgres.database"],
  ],
  ["mysql.url", ["mysql.host", "mysql.port", "mysql.user", "mysql.password", "mysql.database"]],
];

function checkRedis(values: OptionValues): void {
  const url = values.given("redis.url");
  if (url !== undefined && (values.given("redis.host") ?? values.given("redis.port")) !== undefined) {
    values.report("redis.url", "contradicts redis.host and redis.port; keep one of them");
  }
  const cluster = values.given("redis.cluster") ?? false;
  if (cluster === false) return;
  const advice = "but a cluster has only database 0; leave the number out";
  if ((values.given("redis.db") ?? 0) !== 0)
    values.report("redis.db", `stands beside redis.cluster, ${advice}`);
  const [path, addresses] =
    cluster === true
      ? (["redis.url", url === undefined ? [] : [url]] as const)
      : (["redis.cluster", cluster] as const);
  if (addresses.some((address) => redisDatabaseOf(address) !== 0))
    values.report(path, `names the number of a database, ${advice}`);
}

function unknownBackend(backend: string, known: ReadonlySet<string>): string {
  const names = [...new Set([...BUILT_IN_BACKENDS, ...known])];
  const advice = didYouMean(backend, names) || `; choose one of ${names.join(", ")}, or register it first`;
  return `no backend is called ${JSON.stringify(backend)}${advice}`;
}

function checkDurability(values: OptionValues, backend: string): void {
  const durability = values.given("durability");
  if (backend === "memory" && durability !== undefined && durability !== "none") {
    values.report("durability", `the memory backend keeps nothing; remove it, or choose backend: file`);
  }
  if (isSqliteInMemory(values, backend) && durability !== undefined && durability !== "none") {
    values.report("durability", "sqlite without a path keeps nothing; remove it, or give sqlite.path");
  }
  if (values.get("auto_save")) return;
  if (durability !== undefined && durability !== "interval") {
    values.report("auto_save", `false contradicts durability: ${durability}; keep one of them`);
  }
  if (values.given("durability_interval") !== undefined) {
    values.report("auto_save", "false contradicts an interval of saving; keep one of them");
  }
}

function isSqliteInMemory(values: OptionValues, backend: string): boolean {
  return backend === "sqlite" && values.given("sqlite.path") === undefined;
}

/** A log that forgets a commit before caches must have seen it would have them dropped again and again. */
function checkStaleness(values: OptionValues): void {
  const ageMs = values.given("changes.retain.age");
  const staleMs = values.given("cache.max_staleness");
  if (ageMs === undefined || staleMs === undefined || ageMs >= staleMs) return;
  values.report(
    "changes.retain.age",
    "is shorter than cache.max_staleness, within which caches follow the log; keep at least ten times as long, or leave it out",
  );
}

function checkBackup(values: OptionValues): void {
  const hasInterval = values.given("backup.interval") !== undefined;
  const hasPath = values.given("backup.path") !== undefined;
  if (hasInterval && values.lacks("backup.path"))
    values.report("backup.path", "backup.interval needs it; give the path of a folder, such as ./backups");
  if (hasPath && !hasInterval)
    values.report("backup.interval", "missing beside backup.path; say how often, such as 1d");
}

function backupSettings(values: OptionValues): BackupSettings | undefined {
  const [intervalMs, path] = [values.get("backup.interval"), values.get("backup.path")];
  if (intervalMs === undefined || path === undefined) return undefined;
  return Object.freeze({
    intervalMs,
    path,
    keep: values.get("backup.keep"),
    fullEvery: values.get("backup.full_every"),
    compression: values.get("backup.compression"),
  });
}

function checkCodec(values: OptionValues, known: readonly string[]): void {
  const name = values.get("codec");
  if (known.includes(name)) return;
  const advice = didYouMean(name, known) || `; choose one of ${known.join(", ")}, or register it first`;
  values.report("codec", `no codec is called ${JSON.stringify(name)}${advice}`);
}

function build(values: OptionValues, backend: string, encryption: EncryptionSettings): ResolvedSettings {
  const savesItself = values.get("auto_save");
  return Object.freeze({
    backend,
    backendOptions: backendOptions(values, backend),
    durability:
      savesItself || backend === "memory" || isSqliteInMemory(values, backend)
        ? values.given("durability")
        : "interval",
    durabilityIntervalMs: savesItself ? values.get("durability_interval") : Infinity,
    sweepIntervalMs: values.get("ttl_cleanup_interval"),
    operationTimeoutMs: values.get("operation_timeout"),
    codec: values.get("codec"),
    compression: compressionSettings(values),
    encryption,
    cache: cacheSettings(values),
    transaction: transactionSettings(values),
    changes: Object.freeze({
      count: values.get("changes.retain.count"),
      ageMs: changeAgeMs(values),
    }),
    backup: backupSettings(values),
  });
}

function changeAgeMs(values: OptionValues): number {
  const byDefault = Math.max(
    values.get("changes.retain.age"),
    STALENESS_RETAINED * values.get("cache.max_staleness"),
  );
  return values.given("changes.retain.age") ?? byDefault;
}

function compressionSettings(values: OptionValues): CompressionSettings {
  const files = values.get("compression.files");
  return Object.freeze({
    files: files === true || files === "gzip" ? "gzip" : "none",
    valuesFrom: values.get("compression.values") === "gzip" ? values.get("compression.threshold") : Infinity,
  });
}

function backendOptions(values: OptionValues, backend: string): Readonly<Record<string, unknown>> {
  if (backend === "memory") return Object.freeze({ maxBytes: values.get("memory.max_bytes") });
  if (backend === "file") {
    return Object.freeze({
      path: values.get("file.path"),
      backupCount: values.get("file.backup_count"),
      readOnly: values.get("file.read_only"),
      salvage: values.get("file.salvage"),
    });
  }
  if (backend === "sqlite") {
    return Object.freeze({ path: values.get("sqlite.path"), library: values.get("sqlite.library") });
  }
  if (backend === "directory") {
    return Object.freeze({
      path: values.get("directory.path"),
      readOnly: values.get("directory.read_only"),
    });
  }
  if (backend === "lmdb") return Object.freeze({ path: values.get("lmdb.path") });
  if (backend === "postgres" || backend === "mysql") return serverOptions(values, backend);
  if (backend === "redis") return redisOptions(values);
  return values.foreignSections.get(backend) ?? Object.freeze({});
}

function serverOptions(
  values: OptionValues,
  section: "postgres" | "mysql",
): Readonly<Record<string, unknown>> {
  return Object.freeze({
    url: values.get(`${section}.url`),
    host: values.get(`${section}.host`),
    port: values.get(`${section}.port`),
    user: values.get(`${section}.user`),
    password: values.get(`${section}.password`),
    database: values.get(`${section}.database`),
    table: values.get(`${section}.table`),
    pool: values.get(`${section}.pool`),
    options: values.get(`${section}.options`),
  });
}

function redisOptions(values: OptionValues): Readonly<Record<string, unknown>> {
  return Object.freeze({
    url: values.get("redis.url"),
    host: values.get("redis.host"),
    port: values.get("redis.port"),
    db: values.get("redis.db"),
    username: values.get("redis.username"),
    password: values.get("redis.password"),
    cluster: values.get("redis.cluster"),
    prefix: values.get("redis.prefix"),
    socketTimeoutMs: values.get("redis.socket_timeout"),
    maxBatch: values.get("redis.max_batch"),
    options: values.get("redis.options"),
  });
}

function cacheSettings(values: OptionValues): CacheSettings {
  return Object.freeze({
    maxEntries: values.get("cache.max_entries"),
    maxBytes: values.get("cache.max_bytes"),
    ttlMs: values.get("cache.ttl"),
    values: values.get("cache.values"),
    consistency: values.get("cache.consistency"),
    maxStalenessMs: values.get("cache.max_staleness"),
  });
}

function transactionSettings(values: OptionValues): TransactionSettings {
  return Object.freeze({
    timeoutMs: values.get("transaction.timeout"),
    maxAttempts: values.get("transaction.max_attempts"),
    maxOpen: values.get("transaction.max_open"),
  });
}
