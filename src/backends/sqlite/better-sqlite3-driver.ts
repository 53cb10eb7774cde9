import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { StorageFault } from "../../core/errors.js";
import { classicDatabase, type ClassicDatabase } from "./classic-statement.js";
import { isMissing, type DriverLoader } from "./sqlite-database.js";

const require = createRequire(import.meta.url);

interface Module {
  readonly default: new (path: string, options: { readonly timeout: number }) => ClassicDatabase;
}

export const betterSqlite3: DriverLoader = async () => {
  const version = installedVersion();
  if (version === undefined) return undefined;
  refuseWhatCrashes(version, process.versions.node);
  const module = (await import("better-sqlite3")) as unknown as Module;
  return {
    name: "better-sqlite3",
    url: pathToFileURL(require.resolve("better-sqlite3")).href,
    open: (path) => classicDatabase(new module.default(path, { timeout: 0 })),
  };
};

function installedVersion(): string | undefined {
  try {
    return (require("better-sqlite3/package.json") as { version: string }).version;
  } catch (error) {
    if (isMissing(error, "better-sqlite3")) return undefined;
    throw error;
  }
}

/**
 * better-sqlite3 13 ends a process of Node 20 by a segmentation fault when it opens a database, which nothing can catch.
 *
 * @throws StorageFault `unsupported` for such a pair.
 */
export function refuseWhatCrashes(driverVersion: string, nodeVersion: string): void {
  const major = (version: string) => Number.parseInt(version, 10);
  if (major(driverVersion) < 13 || major(nodeVersion) >= 22) return;
  throw new StorageFault(
    "unsupported",
    `better-sqlite3 ${driverVersion} crashes on Node ${nodeVersion}; use Node 22 or newer, or install ` +
      "better-sqlite3@12, or remove it and npm install libsql",
  );
}
