import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, readFile, rename, unlink } from "node:fs/promises";
import { StorageFault } from "../../core/errors.js";
import { errorCode, fileFault } from "./file-errors.js";
import { isOver, thisProcess, type ProcessIdentity } from "./process-identity.js";
import type { HeldLock, StoreLock } from "./store-lock.js";

/** What a lock file says: who holds the lock. */
interface Owner extends ProcessIdentity {
  /** Random, so that no two owners are ever the same. */
  readonly owner: string;
  /** When the lock was taken; for people. */
  readonly since: string;
}

/**
 * Locks with a file that `link` places whole, naming its owner. A lock whose owner is over is taken over: whoever
 * wants to replace it must first hold a second lock, named after that one owner, and then finds the first one still
 * unchanged or gives up. Only one process can ever hold the second lock while the first is unchanged, so that no two
 * replace it; and the second one is taken over in the same way when its holder died on the way.
 */
export const processLock: StoreLock = {
  async acquire(path) {
    const owner = await newOwner();
    const prepared = `${path}.${owner.owner}`;
    try {
      await place(prepared, owner);
      await take(path, prepared, owner);
      return heldLock(path, owner);
    } catch (error) {
      throw fileFault(error, `locking ${path}`);
    } finally {
      await removeQuietly(prepared);
    }
  },
};

/** Who holds a lock, as people want to know it. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When the lock was taken, in ISO 8601. */
  readonly since: string;
}

/**
 * Who holds a lock at this moment; undefined when nobody does: there is no lock, or its owner is over. For people to look at:
 * only whoever acquires the lock knows.
 *
 * @throws what the system says when the lock cannot be read.
 */
export async function lockHolder(path: string): Promise<LockHolder | undefined> {
  const owner = await readOwner(path);
  return owner === undefined || (await isOver(owner)) ? undefined : owner;
}

async function newOwner(): Promise<Owner> {
  const identity = await thisProcess();
  return { ...identity, owner: randomBytes(12).toString("hex"), since: new Date().toISOString() };
}

/** Writes what will be linked or renamed, durably: a lock that a power cut empties could not be judged. */
async function place(path: string, owner: Owner): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(owner)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts the prepared file at `path`, where nothing or the lock of an owner that is over may stand. */
async function take(path: string, prepared: string, owner: Owner): Promise<void> {
  for (;;) {
    if (await linked(prepared, path)) return;
    const holder = await readOwner(path);
    if (holder === undefined) continue;
    if (!(await isOver(holder))) throw lockedBy(path, holder);
    if (await replaceOwner(path, holder, prepared, owner)) return;
  }
}

/** Takes the place of an owner that is over. False when somebody else did. */
async function replaceOwner(path: string, gone: Owner, prepared: string, owner: Owner): Promise<boolean> {
  const succession = `${path}.after-${gone.owner}`;
  const replacement = `${prepared}.next`;
  await take(succession, prepared, owner);
  try {
    if ((await readOwner(path))?.owner !== gone.owner) return false;
    await place(replacement, owner);
    await rename(replacement, path);
    return true;
  } finally {
    await removeQuietly(replacement);
    await removeQuietly(succession);
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined when the lock is gone. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    throw new StorageFault(
      "locked",
      `the lock file ${path} cannot be read; remove it if no process uses the store`,
    );
  }
}

function heldLock(path: string, { owner }: Owner): HeldLock {
  const isHeld = async () => (await readOwner(path))?.owner === owner;
  return {
    isHeld,
    async release() {
      if (await isHeld().catch(() => false)) await removeQuietly(path);
    },
  };
}

function lockedBy(path: string, { pid, host, since }: Owner): StorageFault {
  const who = pid === process.pid ? `this process (pid ${pid})` : `process ${pid}`;
  const advice = "close it there first, or open this one with read_only: true";
  return new StorageFault(
    "locked",
    `${who} on ${host} has had the store open since ${since}; ${advice} (lock file ${path})`,
  );
}

async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
