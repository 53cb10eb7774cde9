// `npm run bench`: Holdfast beside its peers. Plain Node, since it may run before anything is installed.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseOptions, USAGE } from "../bench/harness/options.mjs";
import { backendRows, rows } from "../bench/rows/index.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

function npm(...args) {
  console.error(`> npm ${args.join(" ")}`);
  execFileSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2] });
}

function installWhereMissing(folder) {
  if (!existsSync(join(root, folder, "node_modules"))) npm("ci", "--prefix", folder);
}

async function bench(options) {
  installWhereMissing(".");
  installWhereMissing("bench");
  if (options.dist === undefined) npm("run", "build");
  else process.env.HOLDFAST_DIST = resolve(options.dist);
  const { runBenches } = await import("../bench/harness/main.mjs");
  await runBenches({ root, ...options });
}

try {
  const idsOf = (some) => some.map(({ id }) => id);
  const rowIds = idsOf(rows);
  const options = parseOptions(process.argv.slice(2), rowIds, idsOf(backendRows));
  if (options.help) console.log(`${USAGE}\n\nrows: ${rowIds.join(", ")}`);
  else await bench(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
