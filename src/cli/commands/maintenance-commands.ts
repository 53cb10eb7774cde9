import type { Command } from "commander";
import type { StoreVerification } from "../../index.js";
import { CliError } from "../cli-error.js";
import type { CommandGroup, StoreRun } from "../command-runner.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { plural } from "../plural.js";
import { printable, quoted } from "../printable.js";

interface VerifyOptions {
  readonly acceptEdits?: boolean;
}

/** Care of a store: verify, compact. */
export const maintenanceCommands: CommandGroup = (program, runner) => {
  program
    .command("verify")
    .description("read and check everything that is stored")
    .option("--accept-edits", "take over what was edited by hand in the files of a directory store")
    .action((options: VerifyOptions, command: Command) =>
      runner.onStore(command, options.acceptEdits === true ? "write" : "read", (run) => verify(run, options)),
    );
  program
    .command("compact")
    .alias("vacuum")
    .description("give up the space of dead data")
    .action((_options: unknown, command: Command) =>
      runner.onStore(command, "write", async ({ ctx, store, out }) => {
        await store.compact(ctx);
        await out.answer("compacted", { compacted: true });
      }),
    );
};

async function verify(run: StoreRun, { acceptEdits }: VerifyOptions): Promise<ExitCode> {
  const { ctx, store, out } = run;
  if (run.heldBy !== undefined) throw heldWhileVerifying(run.heldBy);
  const result = await store.verify(ctx, acceptEdits === true ? { acceptEdits } : {});
  if (out.isJson) await out.answer("", result);
  else for (const line of verificationLines(result)) await out.line(line);
  return result.ok ? EXIT.done : EXIT.damaged;
}

/** While another process replaces files, reading them side by side would find faults that are none. */
function heldWhileVerifying(heldBy: string): CliError {
  const message = `${heldBy}; verify in that process, or here when it has ended`;
  return new CliError(message, { exitCode: EXIT.tryAgain, code: 5001, reason: "locked" });
}

/** What a verification found, a line for each problem and one for all. */
export function verificationLines({ entries, accepted = 0, problems }: StoreVerification): string[] {
  const lines = problems.map(({ reason, message, namespace, key }) => {
    const where = key === undefined ? "" : ` key ${quoted(key)}`;
    const inside = namespace ? ` of namespace ${quoted(namespace)}` : "";
    return `5003 ${reason}:${where}${inside}${where === "" ? "" : ":"} ${printable(message)}`;
  });
  const took = accepted === 0 ? "" : `, ${plural(accepted, "edit")} taken over`;
  const found = problems.length === 0 ? "nothing is wrong" : `${problems.length} wrong`;
  return [...lines, `${entries === 1 ? "1 entry" : `${entries} entries`} checked${took}: ${found}`];
}
