import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import type { BackendSetup } from "../backend.js";
import { CommitLog } from "../file/commit-log.js";
import { openStore, readStore, type StorePlace } from "../file/open-store.js";
import type { Surroundings } from "../file/journaled-info.js";
import { StoreLayout } from "../file/store-layout.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { OWN_FOLDER } from "../files/lock-path.js";
import type { HeldLock } from "../files/store-lock.js";
import type { DirectoryLayout } from "./directory-layout.js";
import type { DirectoryOptions } from "./directory-options.js";
import { EntryFiles } from "./entry-files.js";
import { FiledStore } from "./filed-store.js";
import { Filing } from "./filing.js";

/** An index up to this size is written anew when the store is closed, so that the next opening finds no journal. */
const CHEAP_BYTES = 32 * 1024 * 1024;

/** Everything that an open store is made of. */
export interface OpenDirectory {
  readonly store: FiledStore;
  readonly files: EntryFiles;
  readonly commits: CommitLog;
  readonly filing: Filing;
  readonly lock: HeldLock;
}

function placeOf(
  surroundings: Surroundings,
  layout: DirectoryLayout,
  { runtime, warn }: BackendSetup,
): StorePlace {
  return { ...surroundings, layout: new StoreLayout(layout.index), runtime, warn };
}

/**
 * Takes the lock, recovers the index and what has no file yet from index and journals, and makes ready to write.
 *
 * @throws StorageFault `locked`, `foreign`; DamageFault when a journal is damaged. Nothing was changed then.
 */
export async function openDirectory(
  surroundings: Surroundings,
  layout: DirectoryLayout,
  options: DirectoryOptions,
  setup: BackendSetup,
): Promise<OpenDirectory> {
  await checkPlace(surroundings.fs, layout);
  const store = new FiledStore(setup);
  const { late, sync } = options;
  const place = placeOf(surroundings, layout, setup);
  const { log, lock } = await openStore(place, { late, sync, compression: "none", backupCount: 0 }, store);
  const files = entryFiles(surroundings, layout, setup);
  await files.removeTemporary().catch((error: unknown) => {
    setup.warn("what an interrupted write left could not be removed; it takes space and nothing else", {
      error,
    });
  });
  // Whatever is committed from here on is newer than any file.
  store.unfiled.seal();
  const { timers } = setup.runtime;
  const filing: Filing = new Filing({
    ...{ store, files, timers, warn: setup.warn, delayMs: options.filingMs },
    makeDurable: () => commits.makeDurable(),
    checkOwner: () => log.checkOwner(),
  });
  const commits: CommitLog = new CommitLog({
    ...{ log, timers, waits: options.waits, intervalMs: options.intervalMs },
    ...{ warn: setup.warn, unsaved: setup.unsaved },
    cheapBytes: CHEAP_BYTES,
    beforeSnapshot: () => filing.beforeSnapshot(),
  });
  if (!store.unfiled.isEmpty) filing.schedule();
  return { store, files, commits, filing, lock };
}

/**
 * Reads index and journals without the lock and without writing anything: the state at this moment. There must be a store.
 *
 * @throws DamageFault when a journal is damaged.
 */
export async function readDirectory(
  surroundings: Surroundings,
  layout: DirectoryLayout,
  setup: BackendSetup,
): Promise<FiledStore> {
  await checkPlace(surroundings.fs, layout);
  return await readStore(placeOf(surroundings, layout, setup), () => new FiledStore(setup));
}

export function entryFiles(
  { fs }: Surroundings,
  layout: DirectoryLayout,
  { runtime }: BackendSetup,
): EntryFiles {
  return new EntryFiles(fs, layout, Buffer.from(runtime.random.bytes(9)).toString("base64url"));
}

/** @throws StorageFault when the folder is none in which a store can be kept. */
async function checkPlace(fs: FileSystem, layout: DirectoryLayout): Promise<void> {
  if (layout.isTooDeep) {
    throw new StorageFault("io", `the path of ${layout.root} leaves no room for names; give a shorter path`);
  }
  const [names, own] = await look(fs, layout).catch((error: unknown) => {
    throw fileFault(error, `opening ${layout.root}`);
  });
  if (own === "folder" || (own === undefined && names.every(isNobodys))) return;
  if (own !== undefined) {
    throw new StorageFault(
      "foreign",
      `${layout.ownFolder} is not a folder; move it away or give another path`,
    );
  }
  throw new StorageFault(
    "foreign",
    `${layout.root} holds other things than a store, whose folder ${OWN_FOLDER} is not there; give a folder of its own, or copy ${OWN_FOLDER} too when it is the copy of a store; nothing was changed`,
  );
}

/**
 * What stands in the folder, then what its own folder is: whoever makes a store meanwhile makes that first. It is made
 * durably, so files of entries without it are not ours, whenever a creation was cut off.
 */
async function look(
  fs: FileSystem,
  { root, ownFolder }: DirectoryLayout,
): Promise<[readonly string[], Awaited<ReturnType<FileSystem["kind"]>>]> {
  const names = await fs.readdir(root).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  return [names, await fs.kind(ownFolder)];
}

/** Whether a name may stand in a folder that is free: no file of ours has such a name. */
function isNobodys(name: string): boolean {
  return name.startsWith(".") || name === "lost+found";
}
