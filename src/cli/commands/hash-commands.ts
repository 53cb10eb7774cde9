import type { Command } from "commander";
import { notFound, usageError } from "../cli-error.js";
import type { CliIo } from "../cli-io.js";
import { useChosen, type CommandGroup, type StoreRun } from "../command-runner.js";
import { EXIT } from "../exit-codes.js";
import { absence } from "../failure-report.js";
import { numberArgument } from "../option-parsers.js";
import { plural } from "../plural.js";
import { printableName } from "../printable.js";
import { addValueOptions, readValues, type ValueOptions } from "../value-input.js";
import { jsonOf, lineOf, textOf } from "../value-text.js";

/** Hashes, by the names that they have in Redis: hash hset, hash hgetall and their siblings. */
export const hashCommands: CommandGroup = (program, runner) => {
  const hash = program.command("hash").description("hashes: fields with values under one key");
  addWrites(hash, runner);
  addReads(hash, runner);
};

/** What changes fields: hset, hdel, hincrby. */
const addWrites: CommandGroup = (hash, runner) => {
  addValueOptions(hash.command("hset"))
    .argument("<key>")
    .argument(
      "<field-and-value...>",
      "a field and its value, and so on; JSON, or else text; - reads standard input",
    )
    .description("set fields, all of them at one moment; shows how many are new")
    .action((key: string, args: readonly string[], options: ValueOptions, command: Command) =>
      runner.run(command, async (run) => {
        const fields = await fieldsOf(args, options, run.io);
        await useChosen(run, "write", async ({ ctx, storage, out }) => {
          const added = await storage.hash(key).hset(ctx, fields);
          await out.answer(String(added), added);
        });
      }),
    );
  hash
    .command("hdel")
    .argument("<key>")
    .argument("<field...>")
    .description("remove fields")
    .action((key: string, fields: readonly string[], _options: unknown, command: Command) =>
      runner.onStore(command, "write", async (run) => {
        const deleted = await run.storage.hash(key).hdel(run.ctx, ...fields);
        if (deleted === 0) throw noField(run, key);
        await run.out.answer(`deleted ${plural(deleted, "field")}`, { deleted });
      }),
    );
  hash
    .command("hincrby")
    .argument("<key>")
    .argument("<field>")
    .argument("[by]", "what to add", numberArgument, 1)
    .description("add to the number in a field; shows the sum")
    .action((key: string, field: string, by: number, _options: unknown, command: Command) =>
      runner.onStore(command, "write", async ({ ctx, storage, out }) => {
        const sum = await storage.hash(key).hincrby(ctx, field, by);
        await out.answer(String(sum), sum);
      }),
    );
};

/** What only looks: hget, hexists, hgetall, hkeys, hvals, hlen. */
const addReads: CommandGroup = (hash, runner) => {
  hash
    .command("hget")
    .argument("<key>")
    .argument("<field>")
    .description("show the value of a field")
    .action((key: string, field: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async (run) => {
        const value = await run.storage.hash(key).hget(run.ctx, field);
        if (value === undefined) throw noField(run, key);
        await run.out.answerValue(textOf(value, run.out.toTerminal), value);
      }),
    );
  hash
    .command("hexists")
    .argument("<key>")
    .argument("<field>")
    .description("say yes or no, and exit with 0 or 1")
    .action((key: string, field: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        const exists = await storage.hash(key).hexists(ctx, field);
        await out.answer(exists ? "yes" : "no", exists);
        return exists ? EXIT.done : EXIT.notFound;
      }),
    );
  addListings(hash, runner);
};

const addListings: CommandGroup = (hash, runner) => {
  hash
    .command("hgetall")
    .argument("<key>")
    .description("list fields with their values, in the order they were set, a tab between them")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        for (const [field, value] of await storage.hash(key).hgetall(ctx)) {
          if (out.isJson) await out.line(`{"field":${JSON.stringify(field)},"value":${jsonOf(value)}}`);
          else await out.line(`${out.paint("cyan", printableName(field))}\t${lineOf(value)}`);
        }
      }),
    );
  hash
    .command("hkeys")
    .argument("<key>")
    .description("list fields")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        for (const field of await storage.hash(key).hkeys(ctx)) {
          await out.answer(printableName(field), field);
        }
      }),
    );
  hash
    .command("hvals")
    .argument("<key>")
    .description("list values, each as JSON on a line of its own")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        for (const value of await storage.hash(key).hvals(ctx)) {
          await out.answerValue(lineOf(value), value);
        }
      }),
    );
  hash
    .command("hlen")
    .argument("<key>")
    .description("show the number of fields; 0 when there is no hash")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        const length = await storage.hash(key).hlen(ctx);
        await out.answer(String(length), length);
      }),
    );
};

/** With `--file` it is one field, whose value the file holds. */
async function fieldsOf(
  args: readonly string[],
  options: ValueOptions,
  io: CliIo,
): Promise<ReadonlyMap<string, unknown>> {
  const [first = ""] = args;
  if (options.file !== undefined) {
    if (args.length !== 1) throw usageError("--file gives the value of one field; give that field alone");
    const [value] = await readValues([], options, io);
    return new Map([[first, value]]);
  }
  if (args.length % 2 !== 0) throw usageError("give each field its value: FIELD VALUE, and so on");
  const names = args.filter((_argument, i) => i % 2 === 0);
  const written = args.filter((_argument, i) => i % 2 === 1);
  const values = await readValues(written, options, io);
  return new Map(names.map((name, i) => [name, values[i]]));
}

function noField({ options }: StoreRun, key: string): Error {
  return notFound(absence(key, options.namespace, "its hash has no such field"));
}
