import { CommanderError } from "commander";
import { ConfigError, StorageError, StorageFault, type Reason } from "../index.js";
import { CliError } from "./cli-error.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { printable, quoted } from "./printable.js";

/** A failure as it is told: lines for people, one object for programs. */
export interface FailureReport {
  readonly exitCode: ExitCode;
  /** Usually one; a configuration may have several problems, each on a line of its own. */
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
}

/** What to try on this command line; the error's own message speaks to programmers. */
const ADVICE: Partial<Readonly<Record<Reason, string>>> = {
  timeout: "here: give more time with --timeout",
  unavailable: "here: holdfast config print shows which server is meant",
  denied: "here: holdfast config print shows what is used to log in",
  conflict: "here: run it again",
  differs: "here: run it again with --resume",
  "wrong-type": "here: holdfast type tells what the key holds",
  checksum: "here: holdfast verify lists everything that is damaged",
  truncated: "here: holdfast verify lists everything that is damaged",
  decode: "here: holdfast verify lists everything that is damaged",
};

type Advice = Partial<Readonly<Record<Reason, string | undefined>>>;

const SALVAGE = "here: --repair CONFIG writes what is undamaged into another store";

/** The same where it depends on what failed; undefined where the message itself says what is left to do. */
const ADVICE_IN: Readonly<Record<string, Advice>> = {
  copyStorage: { "not-empty": "here: --resume" },
  restore: { "not-empty": "here: --replace", checksum: undefined, truncated: undefined, decode: undefined },
  open: { checksum: undefined, truncated: undefined, decode: undefined },
  verify: { checksum: SALVAGE, truncated: SALVAGE, decode: SALVAGE },
};

/** Reasons that come from what was typed. */
const MISTYPED: ReadonlySet<Reason> = new Set<Reason>([
  "invalid-key",
  "invalid-namespace",
  "invalid-ttl",
  "invalid-pattern",
]);

/** Turns whatever ended a command into what is said about it. */
export function failureReport(error: unknown): FailureReport {
  if (error instanceof StorageError) return ofStorage(error);
  if (error instanceof ConfigError) return ofConfiguration(error);
  if (error instanceof CliError) return ofCommand(error);
  if (error instanceof CommanderError) return ofUsage(error);
  const message = error instanceof Error ? error.message : `something threw a ${typeof error}`;
  const name = error instanceof Error ? error.name : "Error";
  // Misuse of a call can only come from what was typed.
  const exitCode = error instanceof TypeError ? EXIT.usage : EXIT.failed;
  const reason = error instanceof StorageFault ? { reason: error.reason } : {};
  return { exitCode, lines: [printable(message)], json: { name, ...reason, message, exitCode } };
}

function ofStorage(error: StorageError): FailureReport {
  const { code, reason, retryable, outcome, operation, key, namespace, backend } = error;
  const exitCode = exitCodeOf(error);
  const message = reason === "absent" ? absence(key, namespace) : advised(error);
  const unsure =
    outcome === "unknown" ? "; it may have taken effect all the same: look before you repeat it" : "";
  const json = { name: error.name, code, reason, message: message + unsure, retryable, outcome, operation };
  return {
    exitCode,
    lines: [`${code} ${reason}: ${printable(message + unsure)}`],
    json: { ...json, key, namespace, backend, exitCode },
  };
}

/**
 * That nothing is stored under a key, in the words of this command line.
 *
 * @param or what else may be missing.
 */
export function absence(key: string | undefined, namespace: string | undefined, or?: string): string {
  const where = namespace ? ` in namespace ${quoted(namespace)}` : "";
  const other = or === undefined ? "" : `, or ${or}`;
  return `nothing is stored under ${quoted(key ?? "")}${where}${other}; holdfast keys lists what is there`;
}

/** What does not open cannot be verified; a store of the backend file can be read all the same, as far as it is whole. */
const SALVAGE_UNOPENED = "here: holdfast verify --repair CONFIG writes what is undamaged into another store";
const UNOPENED: Advice = {
  checksum: SALVAGE_UNOPENED,
  truncated: SALVAGE_UNOPENED,
  decode: SALVAGE_UNOPENED,
};

function advised({ message, reason, operation, backend }: StorageError): string {
  const here: Advice = (operation === "open" && backend === "file" ? UNOPENED : ADVICE_IN[operation]) ?? {};
  const advice = reason in here ? here[reason] : ADVICE[reason];
  return advice === undefined ? message : `${message} (${advice})`;
}

function exitCodeOf({ code, reason, retryable }: StorageError): ExitCode {
  if (code === 5004) return EXIT.notFound;
  if (code === 5003) return EXIT.damaged;
  if (MISTYPED.has(reason)) return EXIT.usage;
  return retryable ? EXIT.tryAgain : EXIT.failed;
}

function ofConfiguration({ name, message, problems }: ConfigError): FailureReport {
  const lines = problems.map((problem) => {
    const place = [problem.where, problem.path].filter(Boolean).join(" ");
    return printable(place === "" ? problem.message : `${place}: ${problem.message}`);
  });
  const exitCode = EXIT.configuration;
  return { exitCode, lines, json: { name, message, problems, exitCode } };
}

function ofCommand({ name, message, code, reason, exitCode }: CliError): FailureReport {
  const known = code === undefined ? "" : `${code} ${reason}: `;
  return { exitCode, lines: [known + printable(message)], json: { name, code, reason, message, exitCode } };
}

/** The parser puts "error: " before, and a suggestion as a question on a second line. */
function ofUsage(error: CommanderError): FailureReport {
  const [said = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n");
  const meant = /^\(Did you mean (.*)\?\)$/.exec(suggestion)?.[1];
  const message = meant === undefined ? said : `${said}; did you mean ${meant}`;
  return {
    exitCode: EXIT.usage,
    lines: [printable(message)],
    json: { name: "UsageError", message, exitCode: EXIT.usage },
  };
}
