// Compiles src into dist. The result replaces dist only when it is whole, so a failed build leaves the last good one.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const fresh = `${root}.cache/dist-${process.pid}`;

const tsc = spawnSync(
  process.execPath,
  [`${root}node_modules/typescript/bin/tsc`, "-p", "tsconfig.build.json", "--outDir", fresh],
  { cwd: root, stdio: "inherit" },
);
if (tsc.status === 0) {
  copyScripts();
  chmodSync(`${fresh}/cli/holdfast.js`, 0o755);
  rmSync(`${root}dist`, { recursive: true, force: true });
  renameSync(fresh, `${root}dist`);
} else {
  rmSync(fresh, { recursive: true, force: true });
  process.exitCode = 1;
}

/** Scripts that run at servers stand beside the code that loads them. */
function copyScripts() {
  for (const name of readdirSync(`${root}src/backends`, { recursive: true, encoding: "utf8" })) {
    if (/\.(lua|sql)$/.test(name)) cpSync(`${root}src/backends/${name}`, `${fresh}/backends/${name}`);
  }
}
