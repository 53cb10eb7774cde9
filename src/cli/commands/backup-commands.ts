import type { Command } from "commander";
import {
  ErrStorageCorrupted,
  StorageError,
  type BackupOptions,
  type GivenKeys,
  type RekeyResult,
  type RestoreOptions,
} from "../../index.js";
import { CliError, usageError } from "../cli-error.js";
import { useChosen, type CommandGroup, type StoreRun } from "../command-runner.js";
import { confirm } from "../confirm.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { requireFolder } from "../folder-argument.js";
import { plural } from "../plural.js";
import { printable, printableName, quoted } from "../printable.js";
import { Progress } from "../progress.js";
import { roundSizeText } from "../size-text.js";
import { worksOnWholeStore } from "../whole-store.js";

interface BackupArguments {
  readonly base?: string;
  readonly gzip?: boolean;
  readonly encrypt?: boolean;
  readonly key?: readonly GivenKey[];
}

interface RestoreArguments {
  readonly only?: string;
  readonly as?: string;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
  readonly key?: readonly GivenKey[];
}

type GivenKey = GivenKeys["keys"][number];

const KEY_OPTION = "--key <id=place>";
const ONE_OUT_OF_ALL = "for one namespace back up all of it, then restore --only NAME";

/** Copies that outlive the store, and the keys that it is encrypted with: backup, restore, rekey. */
export const backupCommands: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("backup"), ONE_OUT_OF_ALL)
    .argument("<folder>", "a folder that does not exist yet")
    .description("write everything the store holds into a folder, while others write to it")
    .option("--base <folder>", "an earlier backup beside it: only what changed since is written")
    .option("--gzip", "compress the files")
    .option("--encrypt", "encrypt the files, with backup.key of the configuration or its active key")
    .option(
      KEY_OPTION,
      "encrypt with the key in env:NAME or file:PATH; further ones only open the base",
      keyArgument,
    )
    .action((folder: string, options: BackupArguments, command: Command) =>
      runner.run(command, async (run) => {
        if (options.base !== undefined) await requireFolder(options.base);
        await useChosen(run, "read", (opened) => backUp(opened, folder, options));
      }),
    );
  worksOnWholeStore(program.command("restore"), "for one namespace give --only NAME")
    .argument("<folder>", "the folder of a backup")
    .description("check a backup, then write what it holds into the store, which must be empty")
    .option("--only <namespace>", 'one namespace of the backup alone; "" is the root')
    .option("--as <namespace>", "with --only, the namespace of the store that it becomes")
    .option("--replace", "remove first what is in its place")
    .option("--dry-run", "only check, and say what is in its place")
    .option(
      KEY_OPTION,
      "a key that the backup is encrypted with, in env:NAME or file:PATH; again for more",
      keyArgument,
    )
    .action((folder: string, options: RestoreArguments, command: Command) =>
      runner.run(command, async (run) => {
        // Before the store is opened, which makes one where none is.
        await requireFolder(folder);
        const access = options.dryRun === true ? "trial" : "write";
        await useChosen(run, access, (opened) => restore(opened, folder, options));
      }),
    );
  worksOnWholeStore(program.command("rekey"))
    .description("write every value once more that is not under the active key of the configuration")
    .action((_options: unknown, command: Command) => runner.onStore(command, "write", rekey));
};

async function backUp(
  { io, ctx, store, out }: StoreRun,
  folder: string,
  { base, gzip, encrypt, key: keys = [] }: BackupArguments,
): Promise<void> {
  if (encrypt === true && keys.length > 0)
    throw usageError("--key says by itself that the backup is encrypted; leave out --encrypt");
  const [active] = keys;
  const given = active === undefined ? {} : { encryption: { keys, active: active.id } };
  const encryption = encrypt === true ? { encryption: true as const } : given;
  const progress = new Progress(io, out.isJson);
  const onProgress: BackupOptions["onProgress"] = ({ namespace, records, bytes }) =>
    progress.show(`${plural(records, "record")} (${roundSizeText(bytes)})${placeText(namespace)}`, undefined);
  const compression = gzip === true ? "gzip" : "none";
  try {
    const options = { compression, onProgress, ...encryption, ...(base !== undefined && { base }) } as const;
    const result = await store.backup(ctx, folder, options);
    progress.end();
    const { kind, namespaces, records, bytes, key } = result;
    const how = key === undefined ? "" : `, encrypted with ${key}`;
    const what = `${plural(records, "record")} of ${plural(namespaces.length, "namespace")}`;
    await out.answer(`${kind} backup${how}: ${what} (${roundSizeText(bytes)})`, result);
  } catch (error) {
    throw base === undefined ? error : withBase(error);
  } finally {
    progress.end();
  }
}

/** What is damaged beside keys may be the base as well as the store. */
function withBase(error: unknown): unknown {
  if (!(error instanceof StorageError) || error.code !== ErrStorageCorrupted) return error;
  const { message, code, reason, key } = error;
  if (key !== undefined) return error;
  const advice =
    "here: back up without --base; should it be the store, holdfast verify lists everything that is damaged";
  return new CliError(`${message} (${advice})`, { exitCode: EXIT.damaged, code, reason, cause: error });
}

async function restore(run: StoreRun, folder: string, options: RestoreArguments): Promise<void> {
  const { io, ctx, store, out, chosen } = run;
  const { only, as = only, replace = false, dryRun = false, key: keys } = options;
  if (only === undefined && as !== undefined) throw usageError("--as goes with --only; give both");
  if (replace && !dryRun) {
    const where = as === undefined ? "in " : `in ${as === "" ? "the root" : `namespace ${quoted(as)}`} of `;
    await confirm(io, `remove everything ${where}the store of ${chosen.source} first`, run.options.yes);
  }
  const progress = new Progress(io, out.isJson);
  const onProgress: RestoreOptions["onProgress"] = ({ phase, namespace, records }) =>
    progress.show(
      `${phase === "checking" ? "checked" : "wrote"} ${plural(records, "record")}${placeText(namespace)}`,
      undefined,
    );
  const namespace = only === undefined ? {} : { namespace: { from: only, to: as as string } };
  const given = keys === undefined ? {} : { encryption: { keys } };
  try {
    const result = await store.restore(ctx, folder, { ...namespace, ...given, replace, dryRun, onProgress });
    progress.end();
    const what = `${plural(result.records, "record")} of ${plural(result.namespaces.length, "namespace")}`;
    const when = result.createdAt.toISOString();
    const did = dryRun ? "whole, and could be restored" : "restored";
    await out.answer(`${did}: ${what}, backed up at ${when}`, result);
    if (!out.isJson && result.occupied.length > 0) await out.line(inTheWay(result.occupied, replace));
  } finally {
    progress.end();
  }
}

/** A key itself is never typed: it would stand in the shell's history. What is written may be one, and is not repeated. */
function keyArgument(text: string, before: readonly GivenKey[] = []): readonly GivenKey[] {
  const [, id, kind, place] = /^([^=]+)=(env|file):(.+)$/s.exec(text) ?? [];
  if (id === undefined || place === undefined)
    throw usageError("--key is not a key but where it is: give ID=env:NAME or ID=file:PATH");
  return [...before, kind === "env" ? { id, env: place } : { id, file: place }];
}

const OUTRUN =
  "given up: others keep writing with another key, faster than this can follow; make the new key active in every process that writes to the store, then run it again";

export function rekeyExitCode({ unreadable, outrun }: RekeyResult): ExitCode {
  if (unreadable > 0) return EXIT.damaged;
  return outrun ? EXIT.tryAgain : EXIT.done;
}

/** What a dry run says of what stands where it would restore. */
function inTheWay(occupied: readonly string[], replaces: boolean): string {
  const [first = ""] = occupied;
  const others = occupied.length === 1 ? "" : ` and ${plural(occupied.length - 1, "other namespace")}`;
  const what = `${first === "" ? "the root" : `namespace ${quoted(first)}`}${others}`;
  const then = replaces ? "a restore" : "a restore needs --replace, which";
  return `not empty: ${what}; ${then} removes what is there first`;
}

async function rekey({ io, ctx, store, out }: StoreRun): Promise<ExitCode> {
  const progress = new Progress(io, out.isJson);
  try {
    const result = await store.rekey(ctx, {
      onProgress: ({ namespace, looked, rewritten }) =>
        progress.show(
          `${plural(looked, "value")} looked at, ${rewritten} rewritten${placeText(namespace)}`,
          undefined,
        ),
    });
    progress.end();
    const { looked, rewritten, unreadable, outrun, problems } = result;
    if (!out.isJson) {
      for (const { reason, message } of problems) await out.line(`5003 ${reason}: ${printable(message)}`);
    }
    const left = unreadable === 0 ? "" : `, ${unreadable} left that do not open`;
    await out.answer(`${plural(looked, "value")} looked at, ${rewritten} rewritten${left}`, result);
    if (outrun) out.note(OUTRUN);
    return rekeyExitCode(result);
  } finally {
    progress.end();
  }
}

function placeText(namespace: string): string {
  return namespace === "" ? "" : ` in ${printableName(namespace)}`;
}
