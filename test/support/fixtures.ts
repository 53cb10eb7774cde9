/**
 * Loaded before every test file. Servers that suites need are started once, when the first of them asks (see
 * servers/shared-server.ts), and stopped here; where one is missing its suites call {@link missing}.
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

// Of the process, not of this module: mocha loads it by require, and a test that imports may get a copy of its own.
const endings = ((globalThis as { holdfastEndings?: (() => Promise<void>)[] }).holdfastEndings ??= []);

/** Runs after the last test, or after the last round of a long row, whatever came of it. */
export function atEndOfTests(ending: () => Promise<void>): void {
  endings.push(ending);
}

/** Carries out what {@link atEndOfTests} was told; all of it, whatever fails. */
export async function endOfTests(): Promise<void> {
  const ended = await Promise.allSettled(endings.splice(0).map((end) => end()));
  const failed = ended.filter((result) => result.status === "rejected");
  if (failed.length > 0) throw new AggregateError(failed.map(({ reason }) => reason as unknown));
}

/** A timer that keeps nothing alive fires only when something else does: a handle that a test left open. */
export async function mochaGlobalTeardown(): Promise<void> {
  try {
    await endOfTests();
  } finally {
    setTimeout(reportLeak, GRACE_MS).unref();
    // Node 20 may spin for ever in its own clean-up after sockets were reset; nothing is left to do that needs it.
    process.once("beforeExit", () => process.exit());
  }
}

function reportLeak(): void {
  process.stderr.write(`\nleft open after the last test: ${process.getActiveResourcesInfo().join(", ")}\n`);
  process.exit(1);
}
