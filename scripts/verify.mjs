// Every gate of the project, from a bare clone: installs what is missing, builds, checks types, lint rules and format,
// runs all tests. The last line holds the totals of the tests; a gate that fails counts as one failure more.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { backendsWithoutContract } from "./contract-runs.mjs";
import { ensureServers } from "./install-servers.mjs";
import { ensureInstalled } from "./install.mjs";
import { runTests } from "./mocha-run.mjs";

const OLDEST_NODE = [20, 19];
const root = fileURLToPath(new URL("..", import.meta.url));
const totals = { passed: 0, failed: 0, skipped: 0 };
let suites = {};

/** Nothing after a gate that is `needed` makes sense without it. */
const gates = [
  { name: "node version", needed: true, check: checkNode },
  { name: "install", needed: true, check: () => ensureInstalled(root) },
  { name: "servers", check: installServers },
  { name: "build", check: () => run(process.execPath, ["scripts/build.mjs"]) },
  { name: "types", check: () => run(bin("tsc"), ["--noEmit"]) },
  { name: "lint", check: () => run(bin("oxlint"), ["--type-aware", "--deny-warnings"]) },
  { name: "format", check: () => run(bin("biome"), ["format", "."]) },
  { name: "tests", check: checkTests },
  { name: "every backend's contract", check: checkContracts },
];

for (const { name, needed, check } of gates) {
  const start = performance.now();
  const failure = await attempt(check);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${failure === undefined ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (failure === undefined) continue;
  console.log(failure);
  totals.failed += 1;
  if (needed) break;
}

process.exitCode = totals.failed === 0 ? 0 : 1;
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);

/** What went wrong, or undefined. */
async function attempt(check) {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error.message;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Error(`Node ${OLDEST_NODE.join(".")} or newer is needed; this is ${process.version}`);
}

/** Without them a laptop leaves their suites out and says so; CI may not. */
function installServers() {
  const problem = ensureServers();
  if (problem === undefined) return;
  if (process.env.CI === "true") throw new Error(problem);
  console.log(problem);
}

async function checkTests() {
  const result = await runTests({ node: process.execPath });
  suites = result.suites;
  totals.passed += result.passed;
  totals.skipped += result.skipped;
  // Failed tests count one by one; the gate itself counts only when mocha failed in another way.
  if (result.failed > 0) totals.failed += result.failed - 1;
  if (result.problem !== undefined) throw new Error(result.problem);
}

/** A laptop may lack a server; CI may not, and then the contract of its backend must have run. */
async function checkContracts() {
  const { defaultBackends } = await import("../dist/index.js");
  const without = backendsWithoutContract(defaultBackends().names, suites);
  if (without.length === 0) return;
  const problem = `no test of the backend contract ran for ${without.join(", ")}`;
  if (process.env.CI === "true") throw new Error(problem);
  console.log(problem);
}

function run(command, args) {
  const child = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (child.status === 0) return;
  throw new Error([child.error?.message, child.stdout, child.stderr].filter(Boolean).join("\n"));
}

function bin(name) {
  const path = `${root}node_modules/.bin/${name}`;
  if (!existsSync(path)) throw new Error(`${path} is missing; remove node_modules and try again`);
  return path;
}
