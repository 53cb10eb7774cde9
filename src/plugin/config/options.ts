import { choice, count, duration, flag, size, text, type OptionType } from "./option-type.js";

/** How an option is written in YAML. */
export type WrittenValue = string | number | boolean;

/**
 * One option of a store. Validation, the JSON Schema and the check of config/storage.yaml all follow from the table
 * below, so an option that is not in it does not exist.
 */
export interface Option<T> {
  readonly type: OptionType<T>;
  /** One or two sentences: what it does, and its default where `default` cannot say it. */
  readonly description: string;
  /** As it would be written; absent when leaving the option out means something no value says. */
  readonly default?: WrittenValue;
  /** A value that may be written, where there is no default. */
  readonly example?: WrittenValue;
  /** The option that this one is another name of. */
  readonly aliasOf?: string;
}

interface DefaultedOption<T> extends Option<T> {
  readonly default: WrittenValue;
}

function defaulted<T>(type: OptionType<T>, value: WrittenValue, description: string): DefaultedOption<T> {
  return { type, default: value, description };
}

function optional<T>(type: OptionType<T>, example: WrittenValue, description: string): Option<T> {
  return { type, example, description };
}

function alias<T>(type: OptionType<T>, aliasOf: string): Option<T> {
  return { type, aliasOf, description: `Another name for ${aliasOf}.` };
}

/** Every option, by its path below `storage:`, in the order in which config/storage.yaml explains them. */
export const OPTIONS = {
  backend: defaulted(
    text(),
    "memory",
    "Where the data lives: memory, file (json is another name for it), or the name a backend was registered under.",
  ),
  file_path: alias(text(), "file.path"),
  cache_size: alias(count({ atLeast: 0 }), "cache.max_entries"),
  ttl_cleanup_interval: defaulted(
    duration({ positive: true }),
    "5m",
    "How often expired entries are removed. They are invisible from their deadline on, whether removed or not.",
  ),
  operation_timeout: defaulted(
    duration({ positive: true }),
    "10s",
    "Deadline of a call whose context has none, on backends that wait for a server.",
  ),
  durability: optional(
    choice("power", "process", "interval", "none"),
    "power",
    "What a write has survived when it resolves: a power cut (power), a killed process (process), or nothing yet, " +
      "being written every durability_interval (interval) or when the system sees fit (none). " +
      "Left out, file holds power; memory keeps nothing and takes only none.",
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
  compression: defaulted(
    choice("none", "gzip", true, false),
    "none",
    "Whether data files are compressed. true is another name for gzip, false for none.",
  ),
  codec: defaulted(choice("json"), "json", "How values are encoded."),

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
    "What readers get: a copy of their own, or one deep-frozen value shared by all, which is faster.",
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
      "Give 1h or more where watchers resume after a restart.",
  ),

  "memory.max_bytes": optional(
    size(),
    "256MiB",
    "Most memory the data takes, as estimated; writes past it are refused. Left out, there is no bound.",
  ),

  "file.path": optional(
    text(),
    "./data/store.json",
    "The data file; its journal and lock stand beside it. Relative paths start at the current folder. " +
      "Missing folders are made. Required with backend: file.",
  ),
  "file.backup_count": defaulted(
    count({ atLeast: 0 }),
    1,
    "How many earlier snapshots are kept beside the data file.",
  ),
  "file.read_only": defaulted(
    flag(),
    false,
    "Opens the data for reading, also while another process writes to it.",
  ),
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

/** The backends whose sections are part of the table; `json` is another name for file. */
export const BUILT_IN_BACKENDS: readonly string[] = ["memory", "file"];

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
