import type { Command } from "commander";
import type {
  LostPart,
  RepairReport,
  StoragePlugin,
  StoreVerification,
  VerifyProgress,
} from "../../index.js";
import { chooseSettings, isSameStore } from "../chosen-settings.js";
import { CliError, usageError } from "../cli-error.js";
import { useStore, type CommandGroup, type StoreRun } from "../command-runner.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { plural } from "../plural.js";
import { printable, printableName, quoted } from "../printable.js";
import { Progress } from "../progress.js";
import type { Access } from "../store-opening.js";
import { worksOnWholeStore } from "../whole-store.js";

interface VerifyArguments {
  readonly acceptEdits?: boolean;
  readonly repair?: string;
}

/** verify: whether everything that is stored is whole, and what can be saved of it. */
export const verifyCommand: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("verify"))
    .description("read and check everything that is stored")
    .option("--accept-edits", "take over what was edited by hand in the files of a directory store")
    .option("--repair <config>", "write what is undamaged into the store of this configuration, an empty one")
    .action((options: VerifyArguments, command: Command) =>
      runner.onStore(command, accessFor(options), (run) => verify(run, options)),
    );
};

function accessFor({ acceptEdits, repair }: VerifyArguments): Access {
  if (acceptEdits === true) return "write";
  return repair === undefined ? "read" : "salvage";
}

async function verify(run: StoreRun, { acceptEdits, repair }: VerifyArguments): Promise<ExitCode> {
  const { heldBy } = run;
  if (acceptEdits === true && repair !== undefined) {
    throw usageError("--repair changes nothing of this store, and --accept-edits does; give one of them");
  }
  if (heldBy !== undefined) throw heldWhileVerifying(heldBy);
  if (repair !== undefined) return salvage(run, repair);
  const { ok } = await check(run, acceptEdits === true ? { acceptEdits } : {});
  return ok ? EXIT.done : EXIT.damaged;
}

/** While another process replaces files, reading them side by side would find faults that are none. */
function heldWhileVerifying(heldBy: string): CliError {
  const message = `${heldBy}; verify in that process, or here when it has ended`;
  return new CliError(message, { exitCode: EXIT.tryAgain, code: 5001, reason: "locked" });
}

async function salvage(run: StoreRun, config: string): Promise<ExitCode> {
  const target = await chooseSettings({ config }, run.io.environment);
  if (isSameStore(run.chosen, target)) throw usageError(`${config} is this very store; give another one`);
  const { ok } = await useStore(run, target, "write", ({ store }) => check(run, { repair: { into: store } }));
  return ok ? EXIT.done : EXIT.damaged;
}

type CheckOptions = Readonly<{ acceptEdits: true }> | Readonly<{ repair?: { readonly into: StoragePlugin } }>;

async function check({ io, ctx, store, out }: StoreRun, options: CheckOptions): Promise<StoreVerification> {
  const progress = new Progress(io, out.isJson);
  try {
    const result = await store.verify(ctx, {
      ...options,
      onProgress: (state) => progress.show(stateText(state), undefined),
    });
    progress.end();
    if (out.isJson) await out.answer("", result);
    else for (const line of verificationLines(result)) await out.line(line);
    return result;
  } finally {
    progress.end();
  }
}

function stateText({ phase, namespace, done }: VerifyProgress): string {
  const where = namespace === "" ? "" : ` in ${printableName(namespace)}`;
  return phase === "checking"
    ? `checked ${plural(done, "value")}${where}`
    : `salvaged ${plural(done, "key")}${where}`;
}

/** What a verification found, a line for each problem and one for all; then what a repair saved and could not save. */
export function verificationLines({ entries, accepted = 0, problems, repair }: StoreVerification): string[] {
  const lines = problems.map(({ reason, message, namespace, key }) => {
    const where = key === undefined ? "" : ` key ${quoted(key)}`;
    const inside = namespace ? ` of namespace ${quoted(namespace)}` : "";
    return `5003 ${reason}:${where}${inside}${where === "" ? "" : ":"} ${printable(message)}`;
  });
  const took = accepted === 0 ? "" : `, ${plural(accepted, "edit")} taken over`;
  const found = problems.length === 0 ? "nothing is wrong" : `${problems.length} wrong`;
  const checked = `${entries === 1 ? "1 entry" : `${entries} entries`} checked${took}: ${found}`;
  return [...lines, checked, ...(repair === undefined ? [] : repairLines(repair))];
}

function repairLines({ namespaces, salvaged, lostParts, lost }: RepairReport): string[] {
  const unnamed = lostParts - lost.length;
  const saved = `salvaged ${plural(salvaged, "key")} of ${plural(namespaces, "namespace")}`;
  return [
    ...lost.map((part) => `not salvaged: ${placeOf(part)}: ${part.reason}: ${printable(part.message)}`),
    ...(unnamed > 0 ? [`not salvaged: ${unnamed} more`] : []),
    `${saved}; ${lostParts === 0 ? "nothing was lost" : `${lostParts} not`}`,
  ];
}

function placeOf({ namespace, key, after, before }: LostPart): string {
  const inside = namespace === "" ? "" : ` of namespace ${quoted(namespace)}`;
  if (key !== undefined) return `key ${quoted(key)}${inside}`;
  const from = after === undefined ? "" : ` after ${quoted(after)}`;
  const to = before === undefined ? "" : ` before ${quoted(before)}`;
  return `${from + to === "" ? "all keys" : `the keys${from}${from && to && ","}${to}`}${inside}`;
}
