import type { Readable, Writable } from "node:stream";

/** A stream that may be a terminal. */
export interface TerminalState {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The surroundings of a run: everything that a command reads or writes beside stores and files. */
export interface CliIo {
  readonly stdin: Readable & TerminalState;
  readonly stdout: Writable & TerminalState;
  readonly stderr: Writable & TerminalState;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user wants the run to end; its reason is the exit code to answer with. */
  readonly interrupt: AbortSignal;
}
