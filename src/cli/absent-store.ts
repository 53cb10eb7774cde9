import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { INDEX_FILE, OWN_FOLDER } from "../backends/files/lock-path.js";
import type { ChosenSettings } from "./chosen-settings.js";
import { CliError } from "./cli-error.js";
import { EXIT } from "./exit-codes.js";

type Place = ChosenSettings["resolved"];

/** What every store of a backend has from the moment on that it was opened for the first time. */
const FIRST_FILE: ReadonlyMap<string, (path: string) => string> = new Map([
  ["file", (path) => path],
  ["directory", (path) => join(path, OWN_FOLDER, INDEX_FILE)],
  ["sqlite", (path) => path],
]);

/** Stands for a database of sqlite that is no file. */
const IN_MEMORY = ":memory:";

/** Whether nothing is where the store keeps its files, so that opening it would begin an empty one. Not so on servers. */
export async function isAbsent({ backend, backendOptions }: Place): Promise<boolean> {
  const { path } = backendOptions;
  if (typeof path !== "string" || path === IN_MEMORY) return false;
  if (backend === "lmdb") return isEmptyFolder(path);
  const first = FIRST_FILE.get(backend)?.(path);
  return first !== undefined && isMissing(() => lstat(first));
}

/** There is no store where a command was to look at one. */
export function noStore({ backend, backendOptions }: Place): CliError {
  const message = `there is no store at ${String(backendOptions["path"])} yet; the first holdfast set makes one, or correct ${backend}.path`;
  return new CliError(message, { exitCode: EXIT.noStore });
}

async function isEmptyFolder(path: string): Promise<boolean> {
  let names: readonly string[] = [];
  return (await isMissing(async () => (names = await readdir(path)))) || names.length === 0;
}

/** What hinders a look otherwise, opening the store tells better. */
async function isMissing(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}
