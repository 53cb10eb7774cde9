// Runs the example host on real input: `npm run demo`, or `npm run demo -- --input <folder of JSON files>`; `-- --help` says more.
// Plain Node: installs what is missing and builds first, so that it works from a bare clone.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

try {
  if (ensureInstalled(root)) console.log("Installed the dependencies");
  run([`${root}scripts/build.mjs`]);
  // Its own tsconfig makes the example import the built package, as any user's code would.
  process.env.TSX_TSCONFIG_PATH = `${root}examples/host-app/tsconfig.json`;
  const tsx = import.meta.resolve("tsx");
  process.exitCode = run(
    ["--import", tsx, `${root}examples/host-app/main.ts`, ...process.argv.slice(2)],
    [0, 2],
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** @returns the exit code, one of those expected. */
function run(args, expected = [0]) {
  const child = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (expected.includes(child.status)) return child.status;
  throw (
    child.error ??
    new Error(`${args.find((arg) => arg.startsWith(root))} failed: ${child.signal ?? child.status}`)
  );
}
