import { stat } from "node:fs/promises";
import { StorageFault } from "../../core/errors.js";
import { LmdbEnvironment } from "./lmdb-environment.js";
import type { StorePlace } from "./store-place.js";

/** An environment that several backends of this process may share, and how many do. */
interface Shared {
  readonly environment: Promise<LmdbEnvironment>;
  owners: number;
}

/**
 * The stores that are open in this process, by their folder. Two environments on one store would hang the process: to
 * open its tables the second begins a write transaction on the thread of the event loop, which waits until one of the
 * first has ended, which waits for the event loop.
 */
const shared = new Map<string, Shared>();
/** Those that are being closed: who opens one of them waits. */
const closing = new Map<string, Promise<void>>();

const CLAIMS = Symbol.for("holdfast.lmdb.stores");
/** Who has a store open, of all copies of this module that the thread has loaded: by its map {@link shared}. */
const claims: Map<string, unknown> = ((globalThis as { [CLAIMS]?: Map<string, unknown> })[CLAIMS] ??=
  new Map());

/** Lets go of an environment; the last owner closes it. */
export type Release = () => Promise<void>;

/**
 * Opens a store, or joins those who have it open in this process.
 *
 * @throws StorageFault `locked` when it is open here with another durability, or by another copy of this package; what
 * opening it throws.
 */
export async function acquireEnvironment(
  place: StorePlace,
): Promise<{ readonly environment: LmdbEnvironment; readonly release: Release }> {
  const name = await nameOf(place);
  // Another look after every wait: who waited too may have opened the store and be closing it.
  for (let end = closing.get(name); end !== undefined; end = closing.get(name)) await end;
  const entry = shared.get(name) ?? openShared(name, place);
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

/** One name for one folder, whatever path leads there: as lmdb-js knows a file. */
async function nameOf({ folder }: StorePlace): Promise<string> {
  const { dev, ino } = await stat(folder.path, { bigint: true });
  return `${dev}:${ino}`;
}

function openShared(name: string, place: StorePlace): Shared {
  const owner = claims.get(name);
  if (owner !== undefined && owner !== shared) throw otherCopy(place);
  claims.set(name, shared);
  const entry = { environment: LmdbEnvironment.open(place), owners: 0 };
  shared.set(name, entry);
  return entry;
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
    claims.delete(name);
    closing.delete(name);
  }
}

function otherDurability({ folder }: StorePlace): StorageFault {
  return new StorageFault(
    "locked",
    `${folder.path} is open in this process with another durability; use the same`,
  );
}

function otherCopy({ folder }: StorePlace): StorageFault {
  return new StorageFault(
    "locked",
    `${folder.path} is open in this process by another copy of holdfast; load the package once, or close the store there`,
  );
}
