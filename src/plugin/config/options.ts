import { BACKEND_OPTIONS } from "./backend-options.js";
import { alias, defaulted, optional, type DefaultedOption, type Option } from "./option.js";
import { choice, count, duration, flag, mappings, pathText, size, text } from "./option-type.js";

/** Every option, by its path below `storage:`, in the order in which config/storage.yaml explains them. */
export const OPTIONS = {
  backend: defaulted(
    text(),
    "memory",
    "Where the data lives: memory, file (json is another name for it), directory, sqlite, lmdb (dbm is another), postgres, mysql, redis, or the name a backend was registered under; " +
      "database means the one that driver names.",
  ),
  driver: optional(
    choice("sqlite", "postgres", "mysql"),
    "sqlite",
    "With backend: database, the backend that is meant; left out, sqlite.",
  ),
  file_path: alias(pathText("./data/store.json"), "file.path"),
  cache_size: alias(count({ atLeast: 0 }), "cache.max_entries"),
  ttl_cleanup_interval: defaulted(
    duration({ positive: true }),
    "5m",
    "How often expired entries are removed. They are invisible from their deadline on, whether removed or not.",
  ),
  operation_timeout: defaulted(
    duration({ positive: true }),
    "10s",
    "Deadline of a call whose context has none, on backends that wait for a server. A write waits for those before it " +
      "that write the same keys, at most as long again.",
  ),
  durability: optional(
    choice("power", "process", "interval", "none"),
    "power",
    "What a write has survived when it resolves: a power cut (power), a killed process (process), or nothing yet, " +
      "being written every durability_interval (interval) or when the system sees fit (none). " +
      "Left out, file, directory, sqlite and lmdb hold power; memory, and sqlite without a path, keep nothing and take only none. " +
      "A server holds what it is set to and is refused where that is less than power or process; interval and none only postgres heeds.",
  ),
  durability_interval: defaulted(
    duration({ positive: true }),
    "1s",
    "With durability: interval, how often writes are made durable.",
  ),
  auto_save: defaulted(
    flag(),
    true,
    "false makes writes durable only when flush is called and when the store closes.",
  ),
  save_interval: alias(duration({ positive: true }), "durability_interval"),
  codec: defaulted(
    text(),
    "json",
    "How values are encoded: json, v8 (structured clone), or the name a codec was registered under. " +
      "Values that another one wrote stay readable.",
  ),

  compression: {
    type: choice("none", "gzip", true, false),
    aliasOf: "compression.files",
    description: "Written as one word (none, gzip, true or false), it is another name for compression.files.",
  },
  "compression.files": defaulted(
    choice("none", "gzip", true, false),
    "none",
    "Whether the snapshots of the file and directory backends are compressed. true is another name for gzip, false for none.",
  ),
  "compression.values": defaulted(
    choice("none", "gzip"),
    "none",
    "Whether large values are compressed one by one, on any backend. Values written before stay readable.",
  ),
  "compression.threshold": defaulted(
    size(),
    "4KiB",
    "Values of this encoded size and more are compressed, where that makes them smaller.",
  ),

  "encryption.keys": optional(
    mappings(),
    "[{ id: k1, env: HOLDFAST_KEY }, { id: k2, file: /run/secrets/holdfast-k2 }]",
    "The keys by which values are encrypted (AES-256-GCM): an id, and the environment variable or file that holds 32 bytes " +
      "as base64 or hex. Others must not be able to read the file. Values of every key here can be read.",
  ),
  "encryption.active": optional(
    text(),
    "k1",
    "The id of the key that values are written with, or none to write them plain. Needed when there are several keys.",
  ),
  "encryption.plain": defaulted(
    choice("read", "refuse"),
    "read",
    "With keys, what happens to a value that is not encrypted: it is read, as it must be until rekey has ended, or refused " +
      "as damage, so that nobody who can write to the store can slip one in.",
  ),

  "cache.max_entries": defaulted(
    count({ atLeast: 0 }),
    10_000,
    "Most entries kept decoded; 0 turns the cache off.",
  ),
  "cache.max_bytes": defaulted(size(), "64MiB", "Most memory the cached entries take, as estimated."),
  "cache.ttl": defaulted(
    duration({ positive: false }),
    0,
    "How long an entry may stay cached, whatever its own expiry; 0 for as long as it is used.",
  ),
  "cache.values": defaulted(
    choice("copy", "frozen"),
    "copy",
    "What readers get: a copy of their own, or one deep-frozen value shared by all, which is faster. " +
      "A value that holds a Date, Map, Set or Uint8Array, which cannot be frozen, is copied either way.",
  ),
  "cache.consistency": defaulted(
    choice("cached", "strong"),
    "cached",
    "strong makes every read ask the backend instead of the cache.",
  ),
  "cache.max_staleness": defaulted(
    duration({ positive: true }),
    "1s",
    "On backends that several processes share, how far an answer of the cache may be behind the others. " +
      "While the backend cannot confirm that, reads go past the cache.",
  ),

  "transaction.timeout": defaulted(
    duration({ positive: true }),
    "30s",
    "A transaction that is not finished by then is aborted.",
  ),
  "transaction.max_attempts": defaulted(
    count({ atLeast: 1 }),
    16,
    "How often transact tries before a conflict reaches its caller.",
  ),
  "transaction.max_open": defaulted(count({ atLeast: 1 }), 10_000, "Most transactions open at once."),

  "changes.retain.count": defaulted(
    count({ atLeast: 1 }),
    10_000,
    "How many commits of each namespace the change log keeps, for watching and for resuming a watch.",
  ),
  "changes.retain.age": defaulted(
    duration({ positive: true }),
    "10s",
    "How long the change log keeps a commit; left out, at least ten times cache.max_staleness. " +
      "Give 1h or more where watchers resume after a restart, on sqlite, lmdb and servers: memory, file and directory " +
      "keep the log in memory, and answer with a gap then.",
  ),

  "backup.interval": optional(
    duration({ positive: true }),
    "1d",
    "How often a backup is made by itself, the first one at once when there is none of the last interval. " +
      "Left out, backups are made only when backup is called.",
  ),
  "backup.path": optional(
    pathText("./backups"),
    "./backups",
    "The folder for the backups of this store alone, one folder each. Relative paths start at the current folder. " +
      "Missing folders are made. Required with backup.interval.",
  ),
  "backup.keep": defaulted(
    count({ atLeast: 1 }),
    7,
    "How many backups are kept, beside those that kept ones go on from. Older ones that were made by interval are removed.",
  ),
  "backup.full_every": defaulted(
    count({ atLeast: 1 }),
    1,
    "Every so many backups are full ones; those between hold what changed since the one before. " +
      "With more than 1, give changes.retain.age more than interval.",
  ),
  "backup.compression": defaulted(choice("gzip", "none"), "gzip", "Whether these backups are compressed."),
  "backup.key": optional(
    text(),
    "k1",
    "The id of the key of encryption.keys that these backups are encrypted with, names of keys and namespaces included. " +
      "Left out, they are not encrypted, and only values that are stored so are. With encryption.active: none the store stays plain.",
  ),

  ...BACKEND_OPTIONS,
};

export type OptionPath = keyof typeof OPTIONS;

/** The parsed value of an option; undefined is among them when it has no default. */
export type OptionValue<P extends OptionPath> =
  (typeof OPTIONS)[P] extends DefaultedOption<infer T>
    ? T
    : (typeof OPTIONS)[P] extends Option<infer T>
      ? T | undefined
      : never;

export const OPTION_PATHS = Object.keys(OPTIONS) as readonly OptionPath[];

/** The backends whose sections are part of the table. */
export const BUILT_IN_BACKENDS: readonly string[] = [
  "memory",
  "file",
  "directory",
  "sqlite",
  "lmdb",
  "postgres",
  "mysql",
  "redis",
];

/** The option at a path, or undefined when there is none. */
export function optionAt(path: string): Option<unknown> | undefined {
  return Object.hasOwn(OPTIONS, path) ? OPTIONS[path as OptionPath] : undefined;
}

/** Whether options stand below this path: `cache`, `changes.retain`. */
export function isSection(path: string): boolean {
  return OPTION_PATHS.some((option) => option.startsWith(`${path}.`));
}

/** The names that may stand directly below a section; below `storage:` itself when it is empty. */
export function namesIn(section: string): readonly string[] {
  const prefix = section === "" ? "" : `${section}.`;
  const inside = OPTION_PATHS.filter((path) => path.startsWith(prefix));
  return [...new Set(inside.map((path) => path.slice(prefix.length).split(".", 1)[0] as string))];
}
