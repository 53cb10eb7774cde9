import { StorageFault } from "../../core/errors.js";
import { betterSqlite3 } from "./better-sqlite3-driver.js";
import { libsql } from "./libsql-driver.js";
import { nodeSqlite } from "./node-sqlite-driver.js";
import { IN_MEMORY, type DriverLoader, type SqliteDriver } from "./sqlite-database.js";

/** By their names, in the order in which they are tried: the fastest first, the one that needs no installing last. */
export const DRIVERS: ReadonlyMap<string, DriverLoader> = new Map([
  ["better-sqlite3", betterSqlite3],
  ["libsql", libsql],
  ["node:sqlite", nodeSqlite],
]);

const ADVICE =
  "run npm install better-sqlite3, or npm install libsql on Node 20, or use a Node that has node:sqlite (22.13 or newer)";

/**
 * The first driver that is installed and can be used here.
 *
 * @param name of the only one to try; undefined: all.
 * @throws StorageFault `unsupported`, with the command to install one, and why those installed cannot be used.
 */
export async function loadDriver(
  name: string | undefined,
  drivers: ReadonlyMap<string, DriverLoader> = DRIVERS,
): Promise<SqliteDriver> {
  const wanted = [...drivers].filter(([each]) => name === undefined || each === name);
  if (wanted.length === 0) {
    const known = [...drivers.keys()].join(", ");
    throw new StorageFault("unsupported", `the sqlite backend has no driver ${name}; choose one of ${known}`);
  }
  const refused: string[] = [];
  for (const [each, load] of wanted) {
    try {
      const driver = await load();
      if (driver !== undefined) return tried(driver);
    } catch (error) {
      refused.push(`${each} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new StorageFault("unsupported", missing(name, refused));
}

/** A package may be there without the library it was made for this machine, which shows when a database is opened. */
function tried(driver: SqliteDriver): SqliteDriver {
  driver.open(IN_MEMORY).close();
  return driver;
}

function missing(name: string | undefined, refused: readonly string[]): string {
  const [reason] = refused;
  if (name === undefined) {
    const why = reason === undefined ? "none is installed" : refused.join("; ");
    return `the sqlite backend needs a driver, and ${why}; ${ADVICE}`;
  }
  if (reason !== undefined)
    return `the sqlite backend was told to use a driver that it cannot use: ${reason}`;
  const advice = name === "node:sqlite" ? ADVICE : `run npm install ${name}`;
  return `the sqlite backend was told to use the driver ${name}, and it is not installed; ${advice}`;
}
