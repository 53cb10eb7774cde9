import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Builds dist unless it is newer than everything in src. */
export function ensureBuilt(): void {
  const built = join(ROOT, "dist/index.js");
  if (existsSync(built) && statSync(built).mtimeMs > newestSourceMs()) return;
  execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
}

function newestSourceMs(): number {
  const src = join(ROOT, "src");
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" });
  return Math.max(...paths.map((path) => statSync(join(src, path)).mtimeMs));
}
