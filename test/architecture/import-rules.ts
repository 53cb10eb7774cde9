import type { ResolvedImport, SourceFile, SourceTree } from "./source-tree.js";

/** What the files of one folder may name. Paths are below src; a folder stands for everything in it. */
interface FolderRule {
  readonly folder: string;
  /** Folders and files of ours, beside the folder itself. */
  readonly ours: readonly string[];
  /** Packages of others. */
  readonly packages: readonly string[];
  /** Modules of Node. */
  readonly builtins: readonly string[];
}

const CONTRACT = "backends/backend.ts";
const LOCAL_BACKEND = ["core", CONTRACT, "backends/local", "backends/files"];
const FILE_MODULES = ["node:fs", "node:fs/promises", "node:path"];
const TIMERS = "node:timers/promises";
const NO_IO = ["node:util", "node:zlib"];

/** The longest folder that holds a file decides. A file without a rule is an error: every folder gets one. */
export const FOLDER_RULES: readonly FolderRule[] = [
  { folder: "core", ours: [], packages: [], builtins: [...NO_IO, "node:v8"] },
  { folder: CONTRACT, ours: ["core"], packages: [], builtins: [] },
  { folder: "backends/registry.ts", ours: ["core", "backends"], packages: [], builtins: [] },
  { folder: "backends/local", ours: ["core", CONTRACT], packages: [], builtins: [TIMERS] },
  {
    folder: "backends/files",
    ours: ["core"],
    packages: ["write-file-atomic"],
    builtins: [...FILE_MODULES, "node:crypto", "node:os", TIMERS],
  },
  { folder: "backends/memory", ours: LOCAL_BACKEND, packages: [], builtins: [] },
  {
    folder: "backends/file",
    ours: LOCAL_BACKEND,
    packages: [],
    builtins: [...FILE_MODULES, ...NO_IO, "node:os", "node:crypto", TIMERS],
  },
  {
    folder: "backends/directory",
    // Index, journals and lock are those of a file store.
    ours: [...LOCAL_BACKEND, "backends/file"],
    packages: [],
    builtins: ["node:path", "node:zlib", "node:crypto", TIMERS],
  },
  {
    folder: "backends/lmdb",
    ours: LOCAL_BACKEND,
    packages: ["lmdb"],
    builtins: ["node:fs", "node:fs/promises", "node:path", "node:process", "node:zlib", TIMERS],
  },
  {
    folder: "backends/sqlite",
    ours: LOCAL_BACKEND,
    packages: ["better-sqlite3", "libsql"],
    builtins: [
      "node:fs/promises",
      "node:module",
      "node:path",
      "node:process",
      "node:sqlite",
      "node:url",
      "node:worker_threads",
      TIMERS,
    ],
  },
  {
    folder: "backends/sql",
    ours: ["core", CONTRACT, "backends/local"],
    packages: [],
    builtins: [...NO_IO, TIMERS],
  },
  {
    folder: "backends/postgres",
    ours: ["core", CONTRACT, "backends/sql", "backends/local/refuse-less.ts"],
    packages: ["pg"],
    builtins: ["node:crypto", "node:fs", "node:net"],
  },
  {
    folder: "backends/mysql",
    ours: ["core", CONTRACT, "backends/sql", "backends/local/refuse-less.ts"],
    packages: ["mysql2/promise"],
    builtins: ["node:crypto", "node:fs", TIMERS],
  },
  {
    folder: "backends/redis",
    ours: ["core", CONTRACT, "backends/local"],
    packages: ["redis"],
    builtins: ["node:crypto", "node:fs", TIMERS],
  },
  { folder: "cache", ours: ["core", CONTRACT], packages: ["lru-cache"], builtins: [] },
  { folder: "transaction", ours: ["core", CONTRACT], packages: [], builtins: [] },
  { folder: "structures", ours: ["core", "transaction"], packages: [], builtins: ["node:util"] },
  {
    folder: "sealing",
    ours: ["core", CONTRACT],
    packages: [],
    builtins: ["node:crypto", "node:util", "node:zlib"],
  },
  {
    folder: "plugin",
    ours: [
      "core",
      CONTRACT,
      "backends/registry.ts",
      "cache",
      "sealing",
      "transaction",
      "structures",
      "observability",
    ],
    packages: ["tsyringe", "reflect-metadata"],
    builtins: ["node:events", "node:util"],
  },
  {
    folder: "plugin/copy",
    ours: ["core", CONTRACT, "plugin", "transaction"],
    packages: [],
    builtins: ["node:crypto"],
  },
  {
    folder: "plugin/backup",
    ours: ["core", CONTRACT, "plugin", "sealing", "transaction", "backends/files"],
    packages: [],
    builtins: ["node:buffer", "node:crypto", "node:path", ...NO_IO],
  },
  {
    folder: "plugin/repair",
    ours: ["core", CONTRACT, "plugin", "structures"],
    packages: [],
    builtins: [],
  },
  {
    folder: "plugin/config",
    ours: ["core", "plugin", "sealing"],
    packages: ["yaml"],
    builtins: [...FILE_MODULES, "node:util"],
  },
  { folder: "memory", ours: ["core", "plugin", "structures"], packages: [], builtins: [] },
  { folder: "observability", ours: ["core", "cache", "plugin", "transaction"], packages: [], builtins: [] },
  {
    folder: "testing",
    ours: [
      "core",
      CONTRACT,
      "backends/files",
      "backends/registry.ts",
      "observability",
      "plugin",
      "structures",
    ],
    packages: ["fast-check"],
    builtins: ["node:assert/strict", "node:fs/promises", "node:os", "node:path", "node:util", TIMERS],
  },
  {
    folder: "index.ts",
    ours: ["core", "plugin", "backends", "structures", "observability"],
    packages: [],
    builtins: [],
  },
  {
    folder: "cli",
    // Of the product what its users have; of the configuration also where and how each option was written; and who holds a store of files.
    ours: [
      "index.ts",
      "backends/files/lock-path.ts",
      "backends/files/process-lock.ts",
      "core/duration.ts",
      "observability/mask-secrets.ts",
      "plugin/config",
    ],
    packages: ["commander"],
    builtins: [
      "node:fs",
      "node:fs/promises",
      "node:module",
      "node:path",
      "node:readline/promises",
      "node:stream",
      "node:util",
    ],
  },
];

/** Files that only these may load; types do not count. */
export const RESERVED: readonly {
  readonly what: RegExp;
  readonly by: readonly string[];
  readonly why: string;
}[] = [
  {
    what: /^tsyringe$|^reflect-metadata$/,
    by: ["plugin/di.ts"],
    why: "only plugin/di.ts knows the container",
  },
  { what: /^yaml$/, by: ["plugin/config/yaml-file.ts"], why: "one file speaks to the YAML parser" },
  { what: /^lru-cache$/, by: ["cache/entry-cache.ts"], why: "one file speaks to the LRU" },
  { what: /^redis$/, by: ["backends/redis/redis-driver.ts"], why: "one file loads the driver of Redis" },
  {
    what: /^better-sqlite3$/,
    by: ["backends/sqlite/better-sqlite3-driver.ts"],
    why: "one file loads each driver of SQLite",
  },
  { what: /^libsql$/, by: ["backends/sqlite/libsql-driver.ts"], why: "one file loads each driver of SQLite" },
  {
    what: /^node:sqlite$/,
    by: ["backends/sqlite/node-sqlite-driver.ts"],
    why: "one file loads each driver of SQLite",
  },
  { what: /^lmdb$/, by: ["backends/lmdb/lmdb-driver.ts"], why: "one file loads LMDB's driver" },
  { what: /^mysql2\/promise$/, by: ["backends/mysql/mysql-driver.ts"], why: "one file loads MySQL's driver" },
  { what: /^pg$/, by: ["backends/postgres/postgres-driver.ts"], why: "one file loads PostgreSQL's driver" },
  { what: /^commander$/, by: ["cli"], why: "only the command line reads command lines" },
  { what: /^fast-check$/, by: [], why: "the caller hands it in; only its types may be named" },
  {
    what: /^(cache\/(change-follower|entry-cache|entry-reader|write-through)|transaction\/commit-pump)\.ts$/,
    by: ["plugin/stack.ts", "cache", "transaction"],
    why: "only plugin/stack.ts knows the order of layers",
  },
  {
    what: /^backends\/(?!registry|backend\.ts|local\/|files\/)[^/]+\//,
    by: ["backends", "index.ts", "testing"],
    why: "a backend is reached through the registry",
  },
];

/** Every import that breaks a rule, one line for each. */
export function violations(tree: SourceTree): string[] {
  return [...tree.values()].flatMap((file) => {
    const rule = ruleOf(file.path);
    if (rule === undefined) return [`${file.path}: no rule in import-rules.ts says what it may import`];
    return file.imports.flatMap((use) => flaw(file, rule, use) ?? []).map((text) => `${file.path}: ${text}`);
  });
}

function ruleOf(path: string): FolderRule | undefined {
  const rules = FOLDER_RULES.filter(({ folder }) => isIn(path, folder));
  return rules.sort((a, b) => b.folder.length - a.folder.length)[0];
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function flaw(file: SourceFile, rule: FolderRule, use: ResolvedImport): string | undefined {
  const { specifier, target, kind } = use;
  if (specifier.startsWith(".") && target === undefined) return `${specifier} is not there`;
  if (!mayName(rule, use)) return `${specifier} is out of bounds for ${rule.folder}`;
  if (kind === "type") return undefined;
  const reserved = RESERVED.find(({ what }) => what.test(target ?? specifier));
  if (reserved === undefined || reserved.by.some((place) => isIn(file.path, place))) return undefined;
  return `${specifier}: ${reserved.why}`;
}

function mayName(rule: FolderRule, { specifier, target }: ResolvedImport): boolean {
  if (target !== undefined) return [rule.folder, ...rule.ours].some((place) => isIn(target, place));
  if (specifier.startsWith("node:")) return rule.builtins.includes(specifier);
  return rule.packages.includes(specifier);
}

/** The first cycle of imports, types included, as a path that ends where it began; undefined when there is none. */
export function importCycle(tree: SourceTree): readonly string[] | undefined {
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const { target } of tree.get(path)?.imports ?? []) {
      const cycle = target === undefined ? undefined : visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of tree.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
