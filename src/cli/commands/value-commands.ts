import type { Command } from "commander";
import { CliError, notFound, usageError } from "../cli-error.js";
import { useChosen, type CommandGroup, type StoreRun } from "../command-runner.js";
import { EXIT } from "../exit-codes.js";
import { absence } from "../failure-report.js";
import { durationArgument } from "../option-parsers.js";
import { plural } from "../plural.js";
import { addValueOptions, readValue, type ValueOptions } from "../value-input.js";
import { textOf } from "../value-text.js";

interface GetOptions {
  readonly bytes?: boolean;
}

interface SetOptions extends ValueOptions {
  readonly ttl?: string;
}

/** One key and its value: get, set, delete, exists, type. */
export const valueCommands: CommandGroup = (program, runner) => {
  program
    .command("get")
    .argument("<key>")
    .description("show a value: text as it is, anything else as JSON")
    .option("--bytes", "write bytes or text exactly as stored, for a file or another program")
    .action((key: string, options: GetOptions, command: Command) =>
      runner.onStore(command, "read", (run) => show(run, key, options)),
    );
  addValueOptions(program.command("set"))
    .argument("<key>")
    .argument("[value]", "JSON, or else text; - reads standard input")
    .description("store a value")
    .option("--ttl <duration>", "expire after this time", durationArgument)
    .action(async (key: string, argument: string | undefined, options: SetOptions, command: Command) => {
      await runner.run(command, async (run) => {
        // Before the store is opened: whoever types it in takes their time.
        const value = await readValue(argument, options, run.io);
        await useChosen(run, "write", ({ ctx, storage }) => storage.set(ctx, key, value, options.ttl));
      });
    });
  program
    .command("delete")
    .argument("<key...>")
    .description("remove keys, all of them at one moment")
    .action((keys: readonly string[], _options: unknown, command: Command) =>
      runner.onStore(command, "write", (run) => remove(run, keys)),
    );
  program
    .command("exists")
    .argument("<key>")
    .description("say yes or no, and exit with 0 or 1")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        const exists = await storage.exists(ctx, key);
        await out.answer(exists ? "yes" : "no", exists);
        return exists ? EXIT.done : EXIT.notFound;
      }),
    );
  program
    .command("type")
    .argument("<key>")
    .description("show what a key holds: value, list, hash or blob")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out, options }) => {
        const type = await storage.type(ctx, key);
        if (type === undefined) throw notFound(absence(key, options.namespace));
        await out.answer(type, type);
      }),
    );
};

async function show({ ctx, storage, out }: StoreRun, key: string, { bytes }: GetOptions): Promise<void> {
  if (bytes === true && out.isJson) {
    throw usageError("--bytes writes the value as it is stored, and --json as JSON; give one of them");
  }
  const value = await storage.get(ctx, key);
  if (bytes !== true) return out.answerValue(textOf(value, out.toTerminal), value);
  if (typeof value === "string" || value instanceof Uint8Array) return out.raw(value);
  throw new CliError("the value is neither bytes nor text; leave --bytes out to see it as JSON", {
    exitCode: EXIT.failed,
  });
}

async function remove({ ctx, storage, out, options }: StoreRun, keys: readonly string[]): Promise<void> {
  const deleted = await storage.deleteBatch(ctx, keys);
  if (deleted === 0) {
    const [only] = keys;
    throw notFound(
      keys.length === 1 ? absence(only, options.namespace) : "nothing is stored under any of these keys",
    );
  }
  await out.answer(`deleted ${plural(deleted, "key")}`, { deleted });
}
