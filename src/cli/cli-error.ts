import type { Reason } from "../index.js";
import { EXIT, type ExitCode } from "./exit-codes.js";

export interface CliErrorInit {
  readonly exitCode: ExitCode;
  /** Of a failure that a storage call would report with this code and reason. */
  readonly code?: number;
  readonly reason?: Reason;
  readonly cause?: unknown;
}

/** A failure that a command found by itself. Its message says what is wrong and what to try. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;
  readonly code: number | undefined;
  readonly reason: Reason | undefined;

  constructor(message: string, { exitCode, code, reason, cause }: CliErrorInit) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.code = code;
    this.reason = reason;
  }
}

/** The command line is wrong. */
export function usageError(message: string, cause?: unknown): CliError {
  return new CliError(message, { exitCode: EXIT.usage, cause });
}

/** Nothing is stored where something was expected. */
export function notFound(message: string): CliError {
  return new CliError(message, { exitCode: EXIT.notFound, code: 5004, reason: "absent" });
}
