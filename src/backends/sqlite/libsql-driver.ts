import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { classicDatabase, type ClassicDatabase } from "./classic-statement.js";
import { isMissing, type DriverLoader } from "./sqlite-database.js";

interface Module {
  readonly default: new (path: string) => ClassicDatabase;
}

export const libsql: DriverLoader = async () => {
  const module = await load();
  if (module === undefined) return undefined;
  return {
    name: "libsql",
    url: pathToFileURL(createRequire(import.meta.url).resolve("libsql")).href,
    open: (path) => classicDatabase(openDatabase(module, path)),
  };
};

async function load(): Promise<Module | undefined> {
  try {
    return await import("libsql");
  } catch (error) {
    if (isMissing(error, "libsql")) return undefined;
    throw error;
  }
}

/** Of a failed opening the library gives SQLite's number at the end of the message alone. */
function openDatabase(module: Module, path: string): ClassicDatabase {
  try {
    return new module.default(path);
  } catch (error) {
    const rawCode = error instanceof Error ? /: (\d+)"?\)?$/.exec(error.message)?.[1] : undefined;
    if (rawCode === undefined) throw error;
    throw Object.assign(new Error("the database could not be opened", { cause: error }), {
      rawCode: Number(rawCode),
    });
  }
}
