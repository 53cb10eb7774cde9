import { lockPath } from "../backends/files/lock-path.js";
import { lockHolder } from "../backends/files/process-lock.js";
import {
  ErrStorageCorrupted,
  openStorage,
  StorageError,
  type Context,
  type StoragePlugin,
  type StorageSettings,
} from "../index.js";
import { isAbsent, noStore } from "./absent-store.js";
import type { ChosenSettings } from "./chosen-settings.js";
import { CliError } from "./cli-error.js";
import { EXIT } from "./exit-codes.js";

/**
 * What a command does with its store: reads it, writes to it, writes if that can be and else reads, reads it to save
 * what can be saved when it is damaged, or only tries what a write would do.
 */
export type Access = "read" | "write" | "either" | "salvage" | "trial";

export interface OpenedStore {
  readonly store: StoragePlugin;
  readonly isReadOnly: boolean;
  /** The process that holds the store, because of which it can only be read; undefined when none does. */
  readonly heldBy?: string;
}

/** A store that is about to be opened. */
interface Opening {
  readonly ctx: Context;
  readonly chosen: ChosenSettings;
  readonly tell: (message: string) => void;
}

/**
 * Opens the store. Where nothing but a look is wanted none is made: without one the look fails, and a trial takes an empty one
 * in memory. One of files, `file` or `directory`, is then opened for reading alone: a look changes none of its files,
 * keeps no other process out, and is possible while one holds it, which is then named.
 *
 * @param tell called with what the store warns of.
 * @throws CliError when there is no store to look at.
 */
export async function openChosen(
  ctx: Context,
  chosen: ChosenSettings,
  access: Access,
  tell: (message: string) => void,
): Promise<OpenedStore> {
  const opening: Opening = { ctx, chosen, tell };
  if (access === "write") return forWriting(opening);
  if (await isAbsent(chosen.resolved)) return withoutStore(opening, access);
  if (!isOfFiles(chosen)) return forWriting(opening);
  if (access === "either")
    return insteadOf(
      () => forWriting(opening),
      isReadable,
      () => forReading(opening),
    );
  if (access !== "salvage" || chosen.resolved.backend !== "file") return forReading(opening);
  return insteadOf(
    () => forReading(opening),
    isDamaged,
    () => forSalvage(opening),
  );
}

/** The backends whose stores can be read without a lock. */
function isOfFiles({ resolved: { backend } }: ChosenSettings): boolean {
  return backend === "file" || backend === "directory";
}

async function forWriting({ ctx, chosen, tell }: Opening): Promise<OpenedStore> {
  return { store: await openStorage(chosen.settings, { ctx, warn: tell }), isReadOnly: false };
}

async function forReading({ ctx, chosen, tell }: Opening, more: object = {}): Promise<OpenedStore> {
  const { settings, resolved } = chosen;
  const backend = resolved.backend as "file" | "directory";
  const section = { ...settings[backend], read_only: true, ...more };
  const store = await openStorage({ ...settings, [backend]: section }, { ctx, warn: tell });
  const heldBy = await holderOf(lockPath(backend, String(resolved.backendOptions["path"])));
  return { store, isReadOnly: true, ...(heldBy !== undefined && { heldBy }) };
}

/** Reads a damaged file as far as it is whole. */
async function forSalvage(opening: Opening): Promise<OpenedStore> {
  const opened = await insteadOf(() => forReading(opening, { salvage: true }), isDamaged, unsalvageable);
  opening.tell(
    "the store is too damaged to be opened as a whole; it is read as far as it can be proven to be undamaged",
  );
  return opened;
}

/** What is left of a store without its first file is damage, which reading it tells. */
async function withoutStore(opening: Opening, access: Access): Promise<OpenedStore> {
  const { ctx, chosen, tell } = opening;
  if (isOfFiles(chosen)) {
    const found = await insteadOf(
      () =>
        insteadOf(
          () => forReading(opening),
          isMissing,
          () => undefined,
        ),
      isDamaged,
      unsalvageable,
    );
    if (found !== undefined) return found;
  }
  if (access !== "trial") throw noStore(chosen.resolved);
  const { encryption, codec } = chosen.settings;
  const standIn: StorageSettings = {
    backend: "memory",
    ...(encryption !== undefined && { encryption }),
    ...(codec !== undefined && { codec }),
  };
  return { store: await openStorage(standIn, { ctx, warn: tell }), isReadOnly: true };
}

async function insteadOf<T>(
  first: () => Promise<T>,
  isFor: (error: StorageError) => boolean,
  second: (error: StorageError) => Promise<T> | T,
): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (error instanceof StorageError && isFor(error)) return second(error);
    throw error;
  }
}

/** Of a damaged store nothing can be saved: advice to try it would lead nowhere. */
function unsalvageable(error: StorageError): never {
  const { message, code, reason } = error;
  throw new CliError(message, { exitCode: EXIT.damaged, code, reason, cause: error });
}

/** Nothing was ever stored there. */
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
