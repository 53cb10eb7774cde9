import type { Command } from "commander";
import {
  fromSignal,
  withTimeout,
  background,
  type Context,
  type Storage,
  type StoragePlugin,
} from "../index.js";
import {
  checkKeys,
  chooseSettings,
  isFleeting,
  type ChosenSettings,
  type StoreChoice,
} from "./chosen-settings.js";
import type { CliIo } from "./cli-io.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { Output } from "./output.js";
import { openChosen, type Access } from "./store-opening.js";

/** Options that every command takes. */
export interface GlobalOptions extends StoreChoice {
  /** "" is the root. */
  readonly namespace: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  /** A duration, already checked. */
  readonly timeout?: string;
}

/** A command at work, before any store is open. */
export interface CommandRun {
  readonly io: CliIo;
  readonly options: GlobalOptions;
  readonly out: Output;
  /** Over when the user interrupts, or when `--timeout` has passed. */
  readonly ctx: Context;
}

/** A command at work on an open store, which is closed after it. */
export interface StoreRun extends CommandRun {
  readonly store: StoragePlugin;
  /** The namespace that `--namespace` names. */
  readonly storage: Storage;
  readonly chosen: ChosenSettings;
  readonly isReadOnly: boolean;
  /** The process that holds the store, which can only be read then; undefined when none does. */
  readonly heldBy?: string;
}

/** What a command answers with; nothing means done. */
export type Ending = Promise<ExitCode | void>;

/** Adds commands to the program. */
export type CommandGroup = (program: Command, runner: CommandRunner) => void;

/** The longest that closing a store may take when nothing answers. */
const CLOSE_TIMEOUT = "10s";

/** Runs the bodies of commands: reads the options that all have, opens and closes the store. */
export class CommandRunner {
  exitCode: ExitCode = EXIT.done;
  readonly #io: CliIo;

  constructor(io: CliIo) {
    this.#io = io;
  }

  /** Runs a command that opens no store, or opens stores by itself. */
  async run(command: Command, body: (run: CommandRun) => Ending): Promise<void> {
    const options = command.optsWithGlobals<GlobalOptions>();
    const out = new Output(this.#io, options.json === true);
    const [interruptible] = fromSignal(this.#io.interrupt);
    const [ctx, cancel] =
      options.timeout === undefined ? [interruptible, NOTHING] : withTimeout(interruptible, options.timeout);
    try {
      this.exitCode = (await body({ io: this.#io, options, out, ctx })) ?? EXIT.done;
    } finally {
      cancel();
      await out.flush();
    }
  }

  async onStore(command: Command, access: Access, body: (run: StoreRun) => Ending): Promise<void> {
    await this.run(command, (run) => useChosen(run, access, body));
  }
}

const NOTHING = (): void => undefined;

/** Opens the store that the command line names for the time of `body`. */
export async function useChosen<R>(
  run: CommandRun,
  access: Access,
  body: (run: StoreRun) => Promise<R>,
): Promise<R> {
  return useStore(run, await chooseSettings(run.options, run.io.environment), access, body);
}

/** Opens a store for the time of `body`, and says so when it can only be read. */
export async function useStore<R>(
  run: CommandRun,
  chosen: ChosenSettings,
  access: Access,
  body: (run: StoreRun) => Promise<R>,
): Promise<R> {
  const { io, ctx, options, out } = run;
  // Opening reads them too, and knows nothing of their places.
  checkKeys(chosen, io.environment);
  const { store, isReadOnly, heldBy } = await openChosen(ctx, chosen, access, (message) => out.note(message));
  if (heldBy !== undefined) out.note(`${heldBy}; it is read as it is now, without waiting for that process`);
  const opened = { ...run, chosen, store, isReadOnly, storage: store.namespace(options.namespace) };
  let result: R;
  try {
    result = await body({ ...opened, ...(heldBy !== undefined && { heldBy }) });
  } catch (error) {
    // What went wrong first is what the user has to know.
    await close(store).catch((failed: unknown) => out.note(`closing failed, too: ${String(failed)}`));
    throw error;
  }
  await close(store);
  if (access === "write" && isFleeting(chosen)) out.note(FLEETING);
  return result;
}

const FLEETING =
  "this store is kept in memory and is gone when this command ends; another backend, or sqlite with a path, keeps it";

async function close(store: StoragePlugin): Promise<void> {
  const [ctx, cancel] = withTimeout(background(), CLOSE_TIMEOUT);
  try {
    await store.stop(ctx);
  } finally {
    cancel();
  }
}
