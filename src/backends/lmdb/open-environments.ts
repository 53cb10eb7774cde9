import { realpath } from "node:fs/promises";
import { StorageFault } from "../../core/errors.js";
import { LmdbEnvironment } from "./lmdb-environment.js";
import type { StorePlace } from "./store-place.js";

/** An environment that several backends of this process may share, and how many do. */
interface Shared {
  readonly environment: Promise<LmdbEnvironment>;
  owners: number;
}

/**
 * The stores that are open in this process, by their real path. LMDB lets a process open a file only once, and write
 * transactions of one thread through two handles would wait for each other for ever.
 */
const shared = new Map<string, Shared>();
/** Those that are being closed: who opens one of them waits. */
const closing = new Map<string, Promise<void>>();

/** Lets go of an environment; the last owner closes it. */
export type Release = () => Promise<void>;

/**
 * Opens a store, or joins those who have it open in this process.
 *
 * @throws StorageFault `locked` when it is open here with another durability; what opening it throws.
 */
export async function acquireEnvironment(
  place: StorePlace,
): Promise<{ readonly environment: LmdbEnvironment; readonly release: Release }> {
  const name = await realpath(place.folder.path);
  await closing.get(name);
  const entry = shared.get(name) ?? { environment: LmdbEnvironment.open(place), owners: 0 };
  shared.set(name, entry);
  entry.owners += 1;
  const release = () => letGo(name, entry);
  try {
    const environment = await entry.environment;
    if (environment.place.sync !== place.sync) throw otherDurability(place);
    return { environment, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function letGo(name: string, entry: Shared): Promise<void> {
  entry.owners -= 1;
  if (entry.owners > 0) return;
  shared.delete(name);
  const closed = entry.environment.then(
    (environment) => environment.close(),
    () => undefined,
  );
  closing.set(
    name,
    closed.catch(() => undefined),
  );
  try {
    await closed;
  } finally {
    closing.delete(name);
  }
}

function otherDurability({ folder }: StorePlace): StorageFault {
  return new StorageFault(
    "locked",
    `${folder.path} is open in this process with another durability; use the same`,
  );
}
