// Installs the locked dependencies where they are missing or differ from the lock file. Plain Node: it runs before
// anything is installed.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs `npm ci` in a folder unless what is installed there matches its package-lock.json.
 *
 * @returns whether it had to install.
 * @throws Error with npm's output when the installation fails.
 */
export function ensureInstalled(folder) {
  if (isInstalled(folder)) return false;
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, encoding: "utf8" });
  if (npm.status !== 0) throw new Error(`npm ci in ${folder} failed: ${npm.error ?? npm.stderr}`);
  return true;
}

/** npm writes what it installed to node_modules/.package-lock.json, packages of other platforms left out. */
function isInstalled(folder) {
  const wanted = packagesOf(join(folder, "package-lock.json"));
  const installed = packagesOf(join(folder, "node_modules/.package-lock.json"));
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    return path === "" || (installed[path] ? installed[path].version === version : optional);
  });
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages;
  } catch {
    return undefined;
  }
}
