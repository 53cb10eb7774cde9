import type { DataFolder } from "./data-folder.js";
import type { LmdbDriver, LmdbRoot } from "./lmdb-driver.js";
import { isMissing, lmdbFault } from "./lmdb-errors.js";
import { keyEncoder } from "./lmdb-key.js";
import type { SyncMode } from "./lmdb-options.js";
import type { Tables } from "./lmdb-view.js";
import { checkFormat, FACTS, isMarked, mark, refuseForeign } from "./store-format.js";

/** Readers of all processes at once. */
const MAX_READERS = 512;
const TABLE = { encoding: "binary", keyEncoder };
const NAMES = {
  entries: "entries",
  deadlines: "deadlines",
  changes: "changes",
  spaces: "spaces",
  facts: FACTS,
};

/**
 * One generation of a store, open. Two handles on one environment: while a transaction is under way everything read
 * through its handle shows what it has written, so reading has a handle of its own. lmdb-js counts the handles of a
 * file, by its inode, and lets all of a process share one environment of LMDB's, which closes with the last.
 */
export interface LmdbHandles {
  readonly generation: number;
  readonly writer: LmdbRoot;
  readonly written: Tables;
  readonly reader: LmdbRoot;
  readonly read: Tables;
}

const LEFT_BEHIND = new Error("the generation was left for a newer one");

/** @throws StorageFault `foreign`, `newer-format`, or what LMDB says; then nothing stays open. */
export async function openHandles(
  driver: LmdbDriver,
  folder: DataFolder,
  generation: number,
  sync: SyncMode,
): Promise<LmdbHandles> {
  const path = folder.generationPath(generation);
  const options = optionsOf(path, sync);
  const opened: LmdbRoot[] = [];
  try {
    // Where another process writes, this waits on the thread of the event loop: lmdb-js has no other way.
    const writer = openRoot(driver, options, opened);
    refuseForeign(writer, path);
    // So would each table by itself; in a transaction of its own they are waited for beside the event loop.
    const found = await writer.childTransaction(() => tablesOfStore(writer, path));
    if (found === undefined && !(await isAlone(folder, generation))) throw LEFT_BEHIND;
    const written = found ?? (await writer.childTransaction(() => tablesOfNewStore(writer, path)));
    const reader = openRoot(driver, { ...options, readOnly: true }, opened);
    return { generation, writer, written, reader, read: tablesOf(reader) };
  } catch (error) {
    await closeAll(opened);
    if (isLeftBehind(error)) throw error;
    // Opening makes what is missing: it was removed on the way.
    if (isMissing(error)) throw LEFT_BEHIND;
    throw lmdbFault(error, `opening ${path}`);
  }
}

/** Undefined where no store was begun. */
async function tablesOfStore(writer: LmdbRoot, path: string): Promise<Tables | undefined> {
  const facts = writer.openDB(FACTS, TABLE);
  if (!isMarked({ facts })) return undefined;
  checkFormat({ facts }, path);
  return tablesOf(writer);
}

async function tablesOfNewStore(writer: LmdbRoot, path: string): Promise<Tables> {
  const tables = tablesOf(writer);
  // Another process may have been faster.
  if (isMarked(tables)) checkFormat(tables, path);
  else mark(tables);
  return tables;
}

/** Whether a generation is there and no other: an empty one may begin a store, or was removed while it was opened. */
async function isAlone(folder: DataFolder, generation: number): Promise<boolean> {
  const [first, ...others] = await folder.generations();
  return first === generation && others.length === 0;
}

export async function closeHandles({ reader, writer }: LmdbHandles): Promise<void> {
  await closeAll([writer, reader]);
}

function openRoot(driver: LmdbDriver, options: object, opened: LmdbRoot[]): LmdbRoot {
  const root = driver.open(options);
  opened.push(root);
  return root;
}

async function closeAll(roots: readonly LmdbRoot[]): Promise<void> {
  for (const root of roots.toReversed()) await root.close();
}

function tablesOf(root: LmdbRoot): Tables {
  const tables = Object.entries(NAMES).map(([table, name]) => [table, root.openDB(name, TABLE)]);
  return Object.fromEntries(tables) as Tables;
}

// Commits are made durable before they show, as LMDB itself does: with lmdb-js's overlapping sync they show first, and
// a sync that fails afterwards is told to nobody.
function optionsOf(path: string, sync: SyncMode): object {
  return {
    ...TABLE,
    path,
    noSubdir: false,
    maxDbs: Object.keys(NAMES).length,
    maxReaders: MAX_READERS,
    permissionsMode: 0o600,
    overlappingSync: false,
    // lmdb-js would gather what is written in a turn of the event loop into a commit of its own, whose failure nobody
    // is told: on a full disk that ends the process. Everything here is written in transactions that are waited for.
    eventTurnBatching: false,
    noMetaSync: sync === "data",
    noSync: sync === "nothing",
  };
}

/** Whether the error says that a generation was opened which `compact` of another process had removed, or just did. */
export function isLeftBehind(error: unknown): boolean {
  return error === LEFT_BEHIND;
}
