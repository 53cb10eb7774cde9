import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Well beyond a run on a busy machine, and well below what CI allows: only a hang gets there. */
const LIMIT_MS = 40 * 60_000;

/**
 * Runs the mocha suite under a Node binary, its report going to this process's output.
 *
 * @param {{ node: string, args?: readonly string[] }} options
 * @returns {{ passed: number, failed: number, skipped: number, suites: Record<string, number>, problem?: string }}
 * `suites`: passed tests of each outermost suite; `problem` says why the run counts as failed, whether tests failed or
 * mocha did not come to its end.
 */
export function runMocha({ node, args = [] }) {
  const totals = `${root}.cache/totals-${process.pid}.json`;
  mkdirSync(`${root}.cache`, { recursive: true });
  const reporter = [
    "--reporter",
    "./test/support/totals-reporter.cjs",
    "--reporter-option",
    `totals=${totals}`,
  ];
  const child = spawnSync(node, ["node_modules/mocha/bin/mocha.js", ...reporter, ...args], {
    cwd: root,
    stdio: "inherit",
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const counts = takeTotals(totals);
  const problem = problemOf(child, counts);
  return {
    ...(counts ?? { passed: 0, failed: 0, skipped: 0, suites: {} }),
    ...(problem === undefined ? {} : { problem }),
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

function problemOf(child, counts) {
  if (child.error) return `mocha did not end by itself: ${child.error.message}`;
  if (counts === undefined) return "mocha ended before it had run the tests";
  if (counts.failed > 0) return `${counts.failed} tests failed`;
  if (counts.passed === 0) return "no test ran";
  if (child.status !== 0) return `mocha ended with ${child.signal ?? `exit code ${child.status}`}`;
  return undefined;
}
