// Compiles src into dist. The result replaces dist only when it is whole, so a failed build leaves the last good one.
import { spawnSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const fresh = `${root}.cache/dist-${process.pid}`;

const tsc = spawnSync(
  process.execPath,
  [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.build.json", "--outDir", fresh],
  { cwd: root, stdio: "inherit" },
);
if (tsc.status === 0) {
  rmSync(`${root}dist`, { recursive: true, force: true });
  renameSync(fresh, `${root}dist`);
} else {
  rmSync(fresh, { recursive: true, force: true });
  process.exitCode = 1;
}
