import type { Command } from "commander";
import {
  copyStorage,
  type CopyOptions,
  type CopyProgress,
  type CopyResult,
  type StoragePlugin,
} from "../../index.js";
import { confirm } from "../confirm.js";
import { useStore, type CommandGroup, type StoreRun } from "../command-runner.js";
import { usageError } from "../cli-error.js";
import { chooseSettings, isSameStore } from "../chosen-settings.js";
import { plural } from "../plural.js";
import { printableName } from "../printable.js";
import { Progress } from "../progress.js";
import { roundSizeText } from "../size-text.js";
import { worksOnWholeStore } from "../whole-store.js";

interface CopyArguments {
  readonly to: string;
  readonly pattern?: string;
  readonly resume?: boolean;
  readonly prune?: boolean;
  readonly verify: boolean;
}

/** copy: one store into another. */
export const copyCommand: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("copy"), "for one namespace backup, then restore --only NAME there")
    .description("copy the whole store into another one, and compare both")
    .requiredOption("--to <config>", "the configuration file of the other store")
    .option("--pattern <pattern>", "only the keys that match, in every namespace")
    .option("--resume", "go on with a copy that was interrupted: replace what differs")
    .option("--prune", "with --resume, delete there what is not here")
    .option("--no-verify", "do not compare both stores at the end")
    .action((options: CopyArguments, command: Command) =>
      runner.onStore(command, "read", (run) => copy(run, options)),
    );
};

async function copy(run: StoreRun, options: CopyArguments): Promise<void> {
  const { io, out } = run;
  const target = await chooseSettings({ config: options.to }, io.environment);
  if (isSameStore(run.chosen, target)) throw usageError(`${options.to} is this very store; give another one`);
  if (options.prune === true) {
    await confirm(io, `delete from the store of ${options.to} what this one does not hold`, run.options.yes);
  }
  const result = await useStore(run, target, "write", ({ store }) => copyInto(run, store, options));
  await (out.isJson ? out.answer("", result) : out.table(resultRows(result)));
}

async function copyInto(run: StoreRun, target: StoragePlugin, options: CopyArguments): Promise<CopyResult> {
  const { io, ctx, store, out } = run;
  const { pattern = "*", resume = false, prune = false, verify } = options;
  const progress = new Progress(io, out.isJson);
  const total = out.isJson ? 0 : await countAll(run, pattern);
  const onProgress: CopyOptions["onProgress"] = (state) =>
    progress.show(stateText(state), done(state, total));
  try {
    return await copyStorage(ctx, store, target, { pattern, resume, prune, verify, onProgress });
  } catch (error) {
    if (io.interrupt.aborted) out.note("the copy is not whole; go on with the same command and --resume");
    throw error;
  } finally {
    progress.end();
  }
}

async function countAll({ ctx, store }: StoreRun, pattern: string): Promise<number> {
  let total = 0;
  for (const name of await store.listNamespaces(ctx))
    total += await store.namespace(name).count(ctx, pattern);
  return total;
}

function done({ copied, skipped, compared }: CopyProgress, total: number): number | undefined {
  return total === 0 ? undefined : (compared > 0 ? compared : copied + skipped) / total;
}

function stateText({ namespace, copied, skipped, compared, bytes }: CopyProgress): string {
  const where = namespace === "" ? "" : ` in ${printableName(namespace)}`;
  if (compared > 0) return `compared ${plural(compared, "key")}${where}`;
  const kept = skipped === 0 ? "" : `, ${skipped} there already`;
  return `copied ${plural(copied, "key")} (${roundSizeText(bytes)})${kept}${where}`;
}

function resultRows(result: CopyResult): (readonly [string, unknown])[] {
  const { copied, skipped, deleted, expired, bytes, namespaces, untouched, digest } = result;
  return [
    ["copied", `${plural(copied, "key")} of ${plural(namespaces, "namespace")} (${roundSizeText(bytes)})`],
    ...(skipped > 0 ? [["there already", plural(skipped, "key")] as const] : []),
    ...(deleted > 0 ? [["deleted there", plural(deleted, "key")] as const] : []),
    ...(expired > 0 ? [["expired meanwhile", plural(expired, "key")] as const] : []),
    ...(untouched.length > 0 ? [["only there", untouched.map(printableName).join(", ")] as const] : []),
    digest === undefined ? ["compared", "no (--no-verify)"] : ["equal, sha-256", digest],
  ];
}
