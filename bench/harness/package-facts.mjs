import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

const kib = (bytes) => `${Math.round(bytes / 1024).toLocaleString("en")} KiB`;

const npm = (root, ...args) =>
  execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/** What installing the package brings: its packed and unpacked size, its runtime dependencies and theirs. */
export function packageFacts(root) {
  const [packed] = Object.values(JSON.parse(npm(root, "pack", "--dry-run", "--json")));
  const folders = npm(root, "ls", "--omit=dev", "--all", "--parseable").trim().split("\n").slice(1);
  const dependencyBytes = folders.reduce((sum, folder) => sum + bytesIn(folder), 0);
  return {
    "packed size": kib(packed.size),
    "unpacked size": `${kib(packed.unpackedSize)} in ${packed.entryCount} files`,
    "runtime dependencies, with theirs": `${folders.length}, ${kib(dependencyBytes)}`,
  };
}

/** A dependency's own folder, without those nested in it: they are listed by themselves. */
function bytesIn(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === "node_modules" ? 0 : bytesIn(path);
    else bytes += lstatSync(path).size;
  }
  return bytes;
}
