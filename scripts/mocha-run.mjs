import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { testChunks } from "./test-chunks.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Well beyond what a chunk takes on a busy machine, and well below what CI allows: only a hang gets there. */
const LIMIT_MS = 30 * 60_000;
/** Servers of the tests take what a waiting process leaves: more at once only made each slower. */
const LANES = availableParallelism();

/**
 * Runs all tests under a Node binary, several mocha processes side by side, and prints what each of them reports when it
 * ends, then mocha's totals over all of them with the failed tests once more.
 *
 * @param {{ node: string }} options
 * @returns {Promise<{ passed: number, failed: number, skipped: number, suites: Record<string, number>, problem?: string }>}
 * `suites`: passed tests of each outermost suite; `problem` says why the run counts as failed, whether tests failed or
 * mocha did not come to its end.
 */
export async function runTests({ node }) {
  const start = performance.now();
  const waiting = [...testChunks(root)];
  const results = [];
  const lane = async () => {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      const begun = performance.now();
      const result = await runChunk(node, chunk);
      process.stdout.write(`\n${chunk.name} (${seconds(performance.now() - begun)} s)\n${result.output}`);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const total = addUp(results);
  printTotals(total, performance.now() - start);
  return total;
}

async function runChunk(node, { name, files }) {
  const totals = `${root}.cache/totals-${process.pid}-${name.replaceAll(/\W/g, "-")}.json`;
  mkdirSync(`${root}.cache`, { recursive: true });
  const reporter = [
    "--reporter",
    "./test/support/totals-reporter.cjs",
    "--reporter-option",
    `totals=${totals}`,
  ];
  const child = spawn(node, ["node_modules/mocha/bin/mocha.js", "--forbid-only", ...reporter, ...files], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => output.push(part));
  const ending = await new Promise((resolve) => {
    child.once("error", (error) => resolve({ error }));
    child.once("close", (status, signal) => resolve({ status, signal }));
  });
  const counts = takeTotals(totals);
  const problem = problemOf(ending, counts);
  return {
    ...(counts ?? { passed: 0, failed: 0, skipped: 0, suites: {}, failures: [] }),
    ...(problem === undefined ? {} : { problem: `${name}: ${problem}` }),
    output: Buffer.concat(output).toString(),
  };
}

function takeTotals(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

function problemOf({ error, status, signal }, counts) {
  if (error) return `mocha did not start: ${error.message}`;
  if (counts === undefined)
    return `mocha ended with ${signal ?? `exit code ${status}`} before it had run the tests`;
  if (counts.failed > 0) return `${counts.failed} tests failed`;
  if (counts.passed + counts.skipped === 0) return "no test ran";
  if (status !== 0) return `mocha ended with ${signal ?? `exit code ${status}`}`;
  return undefined;
}

function addUp(results) {
  const total = { passed: 0, failed: 0, skipped: 0, suites: {}, failures: [] };
  for (const { passed, failed, skipped, suites, failures } of results) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    total.failures.push(...failures);
    for (const [title, count] of Object.entries(suites)) {
      total.suites[title] = (total.suites[title] ?? 0) + count;
    }
  }
  const problems = results.map(({ problem }) => problem).filter((problem) => problem !== undefined);
  return problems.length === 0 ? total : { ...total, problem: problems.join("\n") };
}

/** As mocha ends its own report. */
function printTotals({ passed, failed, skipped, failures }, ms) {
  console.log(`\n\n  ${passed} passing (${seconds(ms)}s)`);
  if (skipped > 0) console.log(`  ${skipped} pending`);
  if (failed > 0) console.log(`  ${failed} failing`);
  for (const [i, { title, stack }] of failures.entries()) console.log(`\n  ${i + 1}) ${title}:\n${stack}`);
  console.log("");
}

function seconds(ms) {
  return Math.round(ms / 1000);
}
