import type { Command } from "commander";
import type { Change } from "../../index.js";
import { isFleeting, type ChosenSettings } from "../chosen-settings.js";
import { CliError } from "../cli-error.js";
import type { CommandGroup, StoreRun } from "../command-runner.js";
import { EXIT } from "../exit-codes.js";
import { countArgument } from "../option-parsers.js";
import { printableName } from "../printable.js";
import { jsonOf, lineOf } from "../value-text.js";

interface WatchArguments {
  readonly after?: string;
  readonly limit?: number;
}

/** watch: the changes of a namespace as they come. */
export const watchCommand: CommandGroup = (program, runner) => {
  program
    .command("watch")
    .argument("[pattern]", "with * ? [a-z] and \\", "*")
    .description("show changes of one namespace as they come, until interrupted")
    .option("--limit <count>", "end after so many changes", countArgument)
    .option("--after <position>", "begin after this position, which --json shows with each change")
    .action((pattern: string, options: WatchArguments, command: Command) =>
      runner.onStore(command, "read", (run) => watch(run, pattern, options)),
    );
};

async function watch(
  run: StoreRun,
  pattern: string,
  { after, limit = Infinity }: WatchArguments,
): Promise<void> {
  const { ctx, storage, out, chosen } = run;
  requireShared(chosen);
  if (limit === 0) return;
  let shown = 0;
  for await (const change of storage.watch(ctx, pattern, after === undefined ? {} : { after })) {
    await out.line(out.isJson ? changeJson(change) : changeLine(change));
    await out.flush();
    shown += 1;
    if (shown >= limit) return;
  }
}

/** Backends that only one process has open: nobody could change what this command watches. */
const UNSHARED: ReadonlySet<string> = new Set(["file", "directory"]);

function requireShared(chosen: ChosenSettings): void {
  const { backend } = chosen.resolved;
  if (!UNSHARED.has(backend) && !isFleeting(chosen)) return;
  throw new CliError(
    `nobody else can write to a store of the backend ${backend} while this command has it open; watch in the process that writes`,
    { exitCode: EXIT.failed, code: 5001, reason: "unsupported" },
  );
}

function changeLine({ type, key, value }: Change): string {
  const name = key === undefined ? "" : `\t${printableName(key)}`;
  return `${type}${name}${value === undefined ? "" : `\t${lineOf(value)}`}`;
}

function changeJson({ value, ...change }: Change): string {
  const known = JSON.stringify(change);
  return value === undefined ? known : `${known.slice(0, -1)},"value":${jsonOf(value)}}`;
}
