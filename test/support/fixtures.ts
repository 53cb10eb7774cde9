/**
 * Loaded before every test file. Servers that suites need are started here, once, and stopped at the end; where one
 * is missing its suites call {@link missing}.
 */
import process from "node:process";

const GRACE_MS = 5_000;

/**
 * Leaves a suite out with a printed reason on a laptop, and fails it in CI, so that nothing is skipped silently where
 * it counts.
 */
export function missing(suite: Mocha.Context, what: string): void {
  if (process.env["CI"] === "true") throw new Error(`${what} is missing, and CI may not skip what needs it`);
  process.stderr.write(`skipped: ${suite.currentTest?.fullTitle() ?? "suite"}: ${what} is missing\n`);
  suite.skip();
}

/** A timer that keeps nothing alive fires only when something else does: a handle that a test left open. */
export function mochaGlobalTeardown(): void {
  setTimeout(reportLeak, GRACE_MS).unref();
}

function reportLeak(): void {
  process.stderr.write(`\nleft open after the last test: ${process.getActiveResourcesInfo().join(", ")}\n`);
  process.exit(1);
}
