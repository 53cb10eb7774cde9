import { CommanderError } from "commander";
import { CliError } from "./cli-error.js";
import type { CliIo } from "./cli-io.js";
import { CommandRunner } from "./command-runner.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { failureReport } from "./failure-report.js";
import { ReaderGone } from "./line-writer.js";
import { paintFor } from "./paint.js";
import { buildProgram } from "./program.js";

/**
 * Runs one command line.
 *
 * @param argv what stands behind the program's name.
 * @returns the exit code; nothing is thrown, and what failed was written to standard error.
 */
export async function main(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const runner = new CommandRunner(io);
  try {
    await buildProgram(io, runner).parseAsync([...argv], { from: "user" });
    return runner.exitCode;
  } catch (error) {
    return endingOf(error, argv, io);
  }
}

/** What the parser has shown already: help or the version. Help that nobody asked for stands in for a command. */
function shownBy(error: unknown): ExitCode | undefined {
  if (!(error instanceof CommanderError) || !SHOWN.has(error.code)) return undefined;
  return error.exitCode === 0 ? EXIT.done : EXIT.usage;
}

const SHOWN: ReadonlySet<string> = new Set([
  "commander.helpDisplayed",
  "commander.version",
  "commander.help",
]);

function endingOf(error: unknown, argv: readonly string[], io: CliIo): ExitCode {
  if (error instanceof ReaderGone) return EXIT.done;
  const shown = shownBy(error);
  if (shown !== undefined) return shown;
  if (!io.interrupt.aborted) return tell(error, argv, io);
  // Whatever it broke off does not matter.
  return tell(new CliError("interrupted", { exitCode: io.interrupt.reason as ExitCode }), argv, io);
}

function tell(error: unknown, argv: readonly string[], { stderr, environment }: CliIo): ExitCode {
  const { exitCode, lines, json } = failureReport(error);
  if (argv.includes("--json")) stderr.write(`${JSON.stringify({ error: json })}\n`);
  else {
    const name = paintFor(stderr, environment)("red", "holdfast:");
    for (const line of lines) stderr.write(`${name} ${line}\n`);
  }
  return exitCode;
}
