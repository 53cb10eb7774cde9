// Runs the whole suite under every other supported Node version, installed from test/matrix by its own lock file.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { runTests } from "./mocha-run.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const matrix = `${root}test/matrix/`;

if (process.platform !== "linux" || process.arch !== "x64") {
  throw new Error(
    "the Node versions of test/matrix are for Linux on x64; run npm test under each version by hand",
  );
}
ensureInstalled(root);
ensureInstalled(matrix);

const results = [];
for (const name of Object.keys(JSON.parse(readFileSync(`${matrix}package.json`, "utf8")).dependencies)) {
  const { version } = JSON.parse(readFileSync(`${matrix}node_modules/${name}/package.json`, "utf8"));
  console.log(`\nNode ${version}`);
  results.push({ version, ...(await runTests({ node: `${matrix}node_modules/${name}/bin/node` })) });
}

console.log("");
for (const { version, passed, failed, skipped, problem } of results) {
  const verdict = problem === undefined ? "ok" : `FAIL: ${problem}`;
  console.log(`Node ${version}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${verdict}`);
}
process.exitCode = results.every(({ problem }) => problem === undefined) ? 0 : 1;
