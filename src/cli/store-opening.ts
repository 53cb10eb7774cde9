import { lockPath } from "../backends/files/lock-path.js";
import { lockHolder } from "../backends/files/process-lock.js";
import {
  ErrStorageCorrupted,
  openStorage,
  StorageError,
  type Context,
  type StoragePlugin,
} from "../index.js";
import type { ChosenSettings } from "./chosen-settings.js";

/**
 * What a command does with its store: reads it, writes to it, writes if that can be and else reads, or reads it to save
 * what can be saved when it is damaged.
 */
export type Access = "read" | "write" | "either" | "salvage";

export interface OpenedStore {
  readonly store: StoragePlugin;
  readonly isReadOnly: boolean;
  /** The process that holds the store, because of which it can only be read; undefined when none does. */
  readonly heldBy?: string;
}

/**
 * Opens the store. One of files, `file` or `directory`, is opened for reading alone where nothing else is wanted: a look changes none of its files,
 * keeps no other process out, and is possible while one holds it, which is then named.
 *
 * @param tell called with what the store warns of.
 */
export async function openChosen(
  ctx: Context,
  { settings, resolved }: ChosenSettings,
  access: Access,
  tell: (message: string) => void,
): Promise<OpenedStore> {
  const forWriting = async () => ({
    store: await openStorage(settings, { ctx, warn: tell }),
    isReadOnly: false,
  });
  const { backend, backendOptions } = resolved;
  if ((backend !== "file" && backend !== "directory") || access === "write") return forWriting();
  const forReading = async (more: object = {}) => {
    const section = { ...settings[backend], read_only: true, ...more };
    const store = await openStorage({ ...settings, [backend]: section }, { ctx, warn: tell });
    const heldBy = await holderOf(lockPath(backend, String(backendOptions["path"])));
    return { store, isReadOnly: true, ...(heldBy !== undefined && { heldBy }) };
  };
  if (access === "either") return insteadOf(forWriting, isReadable, () => forReading());
  const looked = () => insteadOf(() => forReading(), isMissing, forWriting);
  if (access === "read" || backend !== "file") return looked();
  return insteadOf(looked, isDamaged, async () => {
    const opened = await forReading({ salvage: true });
    tell(
      "the store is too damaged to be opened as a whole; it is read as far as it can be proven to be undamaged",
    );
    return opened;
  });
}

async function insteadOf<T>(
  first: () => Promise<T>,
  isFor: (error: StorageError) => boolean,
  second: () => Promise<T>,
): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (error instanceof StorageError && isFor(error)) return second();
    throw error;
  }
}

/** There is no store yet: as on every backend, opening makes one. */
function isMissing({ cause }: StorageError): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function isDamaged({ code, reason }: StorageError): boolean {
  return code === ErrStorageCorrupted && reason !== "newer-format";
}

/** What keeps a store from being written, and not from being read. */
function isReadable({ reason }: StorageError): boolean {
  return reason === "locked" || reason === "read-only";
}

async function holderOf(lock: string): Promise<string | undefined> {
  // Whoever may not look at the lock reads the store all the same.
  const holder = await lockHolder(lock).catch(() => undefined);
  return holder && `process ${holder.pid} on ${holder.host} has had the store open since ${holder.since}`;
}
