import { isBuiltin } from "node:module";
import { packageManifest } from "../package-facts.js";
import { ok, problem, type Finding } from "./finding.js";

/** The packages that a backend can use, the first that is installed being enough. */
const DRIVERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["sqlite", ["better-sqlite3", "libsql"]],
  ["lmdb", ["lmdb"]],
  ["postgres", ["pg"]],
  ["mysql", ["mysql2"]],
  ["redis", ["redis"]],
]);

/** What to install where any would do: it runs on every Node. */
const RECOMMENDED: ReadonlyMap<string, string> = new Map([["sqlite", "libsql"]]);

/** @param version of the running Node, such as `20.19.0`. */
export function checkNode(version: string): Finding {
  const oldest = packageManifest().engines.node.replace(/^>=/, "");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split(".").map(Number);
  const isNew = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (isNew) return ok("node", `${version}, at least ${oldest} is needed`);
  return problem("node", `${version} is too old`, `install Node ${oldest} or newer`);
}

/** Whether the driver of the chosen backend can be found. */
export function checkDriver(backend: string): Finding {
  const packages = DRIVERS.get(backend);
  if (packages === undefined) return ok("driver", `the backend ${backend} needs none`);
  const installed = packages.filter(isInstalled);
  if (installed.length > 0) return ok("driver", `${installed.join(", ")} installed`);
  if (backend === "sqlite" && isBuiltin("node:sqlite"))
    return ok("driver", "node:sqlite, which comes with Node");
  const name = RECOMMENDED.get(backend) ?? packages[0] ?? backend;
  const range = packageManifest().peerDependencies[name] ?? "*";
  return problem(
    "driver",
    `the backend ${backend} needs the package ${packages.join(" or ")}, which is not installed`,
    `npm install ${JSON.stringify(`${name}@${range}`)}`,
  );
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
