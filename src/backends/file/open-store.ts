import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import type { Runtime } from "../../core/runtime.js";
import type { BackendSetup } from "../backend.js";
import { Breather } from "../files/breather.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import type { HeldLock, StoreLock } from "../files/store-lock.js";
import { writeFully } from "../files/write-fully.js";
import type { LocalStore } from "../local/local-store.js";
import { listStore, recover, type Recovered, type RecoverySetup, type UnsureTail } from "./recovery.js";
import { StoreLog, type LogStart, type StoreLogSetup, type StoreSizes } from "./store-log.js";
import type { StoreFile, StoreLayout } from "./store-layout.js";

/** Where a store's files live, and with what they are handled. */
export interface StorePlace {
  readonly fs: FileSystem;
  readonly lock: StoreLock;
  readonly layout: StoreLayout;
  readonly runtime: Runtime;
  readonly sizes: StoreSizes;
  readonly warn: BackendSetup["warn"];
}

export type WriteOptions = Pick<StoreLogSetup, "late" | "sync" | "compression" | "backupCount">;

export interface OpenedStore {
  readonly log: StoreLog;
  readonly lock: HeldLock;
}

/**
 * Takes the lock, recovers into an empty engine, and begins an epoch of its own. When it fails the lock is released.
 *
 * @throws StorageFault `locked`; DamageFault when the files are damaged, which are then left as they are.
 */
export async function openStore(
  place: StorePlace,
  options: WriteOptions,
  store: LocalStore,
): Promise<OpenedStore> {
  const { fs, layout } = place;
  await fs.makeDir(layout.folder).catch((error: unknown) => {
    throw fileFault(error, `making the folder ${layout.folder}`);
  });
  const lock = await place.lock.acquire(layout.lock);
  try {
    return { log: await openLog(place, options, store, lock), lock };
  } catch (error) {
    await lock.release();
    throw fileFault(error, `opening ${layout.snapshot}`);
  }
}

async function openLog(
  place: StorePlace,
  options: WriteOptions,
  store: LocalStore,
  lock: HeldLock,
): Promise<StoreLog> {
  const { fs, layout, runtime, sizes, warn } = place;
  // A process that died may have left names unsynced that are about to be relied on.
  await fs.syncDir(layout.folder);
  const files = await listStore(fs, layout);
  const recovered = await recover(recoverySetup(place), files, store);
  if (recovered?.unsure !== undefined) await rewrite(fs, recovered.unsure);
  const setup = { fs, layout, runtime, lock, store, sizes, warn, ...options };
  return StoreLog.open(setup, startOf(files, recovered, runtime));
}

/** A live store may replace its files while they are read without its lock. */
const READ_ATTEMPTS = 5;

/**
 * Recovers without the lock and without writing anything: the state at this moment. There must be a store.
 *
 * @param makeEngine an empty engine for each attempt.
 */
export async function readStore<S extends LocalStore>(place: StorePlace, makeEngine: () => S): Promise<S> {
  const { fs, layout } = place;
  const doing = `opening ${layout.snapshot} for reading`;
  for (let attempt = 1; ; attempt++) {
    const store = makeEngine();
    try {
      const recovered = await recover(recoverySetup(place), await listStore(fs, layout), store);
      if (recovered !== undefined) return store;
    } catch (error) {
      const lacksFolder = error instanceof StorageFault && errorCode(error.cause) === "ENOENT";
      if (!lacksFolder) {
        if (attempt === READ_ATTEMPTS) throw fileFault(error, doing);
        continue;
      }
    }
    throw noStoreFault(doing, MAKE_ONE);
  }
}

const MAKE_ONE = "open it once without read_only: true to make one, or check the path";

/** What reading answers where nobody has made a store yet. Its cause is what the system says of a file that is absent. */
export function noStoreFault(doing: string, advice: string): StorageFault {
  const cause = Object.assign(new Error("there is no store"), { code: "ENOENT" });
  return new StorageFault("io", `${doing} failed: there is no store yet; ${advice}`, { cause });
}

function recoverySetup({ fs, layout, runtime, warn }: StorePlace): RecoverySetup {
  return { fs, layout, breather: new Breather(runtime.clock), warn };
}

/**
 * Frames at the end may have been read from memory without being on the disk, even after a sync that failed in the
 * process that wrote them. Written again and synced, they are.
 */
async function rewrite(fs: FileSystem, { path, offset, bytes }: UnsureTail): Promise<void> {
  if (bytes.length === 0) return;
  const file = await fs.open(path, "update");
  try {
    await writeFully(file, bytes, offset);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function startOf(
  files: readonly StoreFile[],
  recovered: Recovered | undefined,
  { random }: Runtime,
): LogStart {
  const lastEpoch = Math.max(0, recovered?.snapshotEpoch ?? 0, ...files.map((file) => file.epoch));
  if (recovered === undefined) {
    const store = Buffer.from(random.bytes(9)).toString("base64url");
    return {
      store,
      lastEpoch,
      snapshotEpoch: 0,
      snapshotBytes: 0,
      follows: 0,
      after: 0,
      journalBytes: 0,
      journals: 0,
    };
  }
  const { epoch: follows, sequence: after, ...rest } = recovered;
  return { ...rest, lastEpoch, follows, after };
}
