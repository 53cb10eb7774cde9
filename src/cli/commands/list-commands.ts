import type { Command } from "commander";
import { notFound } from "../cli-error.js";
import { useChosen, type CommandGroup, type StoreRun } from "../command-runner.js";
import { EXIT } from "../exit-codes.js";
import { absence } from "../failure-report.js";
import { indexArgument } from "../option-parsers.js";
import { addValueOptions, readValue, readValues, type ValueOptions } from "../value-input.js";
import { lineOf, textOf } from "../value-text.js";

/** Items read at once, so that a long list takes no more memory than a short one. */
const PAGE_ITEMS = 500;

/** Lists, by the names that they have in Redis: list rpush, list lrange and their siblings. */
export const listCommands: CommandGroup = (program, runner) => {
  const list = program.command("list").description("lists: values in the order they were pushed");
  addEnds(list, runner);
  addReads(list, runner);
  addChanges(list, runner);
};

/** What works at the ends of a list: lpush, rpush, lpop, rpop. */
const addEnds: CommandGroup = (list, runner) => {
  for (const [verb, end] of [
    ["lpush", "before the first item, each in turn"],
    ["rpush", "after the last item"],
  ] as const) {
    addValueOptions(list.command(verb))
      .argument("<key>")
      .argument("[value...]", "JSON, or else text; - reads standard input")
      .description(`put values ${end}; shows the length`)
      .action((key: string, args: readonly string[], options: ValueOptions, command: Command) =>
        runner.run(command, async (run) => {
          const values = await readValues(args, options, run.io);
          await useChosen(run, "write", async ({ ctx, storage, out }) => {
            const length = await storage.list(key)[verb](ctx, ...values);
            await out.answer(String(length), length);
          });
        }),
      );
  }
  for (const [verb, which] of [
    ["lpop", "first"],
    ["rpop", "last"],
  ] as const) {
    list
      .command(verb)
      .argument("<key>")
      .description(`take the ${which} item off and show it`)
      .action((key: string, _options: unknown, command: Command) =>
        runner.onStore(command, "write", async (run) =>
          showItem(run, key, await run.storage.list(key)[verb](run.ctx)),
        ),
      );
  }
};

/** What only looks: lrange, llen, lindex. */
const addReads: CommandGroup = (list, runner) => {
  list
    .command("lrange")
    .argument("<key>")
    .argument("[start]", "the first place; 0 is the first item, -1 the last", indexArgument, 0)
    .argument("[end]", "the last place, itself included", indexArgument, -1)
    .description("show items, each as JSON on a line of its own")
    .action((key: string, start: number, end: number, _options: unknown, command: Command) =>
      runner.onStore(command, "read", (run) => showRange(run, key, start, end)),
    );
  list
    .command("llen")
    .argument("<key>")
    .description("show the number of items; 0 when there is no list")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        const length = await storage.list(key).llen(ctx);
        await out.answer(String(length), length);
      }),
    );
  list
    .command("lindex")
    .argument("<key>")
    .argument("<index>", "0 is the first item, -1 the last", indexArgument)
    .description("show one item")
    .action((key: string, index: number, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async (run) =>
        showItem(run, key, await run.storage.list(key).lindex(run.ctx, index)),
      ),
    );
};

/** What changes a list elsewhere than at its ends: lset, lrem, ltrim. */
const addChanges: CommandGroup = (list, runner) => {
  addValueOptions(list.command("lset"))
    .argument("<key>")
    .argument("<index>", "0 is the first item, -1 the last", indexArgument)
    .argument("[value]", "JSON, or else text; - reads standard input")
    .description("replace one item")
    .action(
      (key: string, index: number, argument: string | undefined, options: ValueOptions, command: Command) =>
        runner.run(command, async (run) => {
          const value = await readValue(argument, options, run.io);
          await useChosen(run, "write", async (opened) => {
            const isThere = await opened.storage.list(key).lset(opened.ctx, index, value);
            if (!isThere) throw noItem(opened, key);
          });
        }),
    );
  addValueOptions(list.command("lrem"))
    .argument("<key>")
    .argument("<count>", "0 for all, 2 for the first two, -2 for the last two", indexArgument)
    .argument("[value]", "JSON, or else text; - reads standard input")
    .description("remove items that equal a value; shows how many")
    .action(
      (key: string, count: number, argument: string | undefined, options: ValueOptions, command: Command) =>
        runner.run(command, async (run) => {
          const value = await readValue(argument, options, run.io);
          return useChosen(run, "write", async ({ ctx, storage, out }) => {
            const removed = await storage.list(key).lrem(ctx, count, value);
            await out.answer(String(removed), removed);
            return removed === 0 ? EXIT.notFound : EXIT.done;
          });
        }),
    );
  list
    .command("ltrim")
    .argument("<key>")
    .argument("<start>", "the first place to keep; negative ones count from the end", indexArgument)
    .argument("<end>", "the last place to keep", indexArgument)
    .description("keep a range of items and remove the others")
    .action((key: string, start: number, end: number, _options: unknown, command: Command) =>
      runner.onStore(command, "write", ({ ctx, storage }) => storage.list(key).ltrim(ctx, start, end)),
    );
};

async function showItem(run: StoreRun, key: string, item: unknown): Promise<void> {
  if (item === undefined) throw noItem(run, key);
  await run.out.answerValue(textOf(item, run.out.toTerminal), item);
}

function noItem({ options }: StoreRun, key: string): Error {
  return notFound(absence(key, options.namespace, "its list has no item there"));
}

/** Page by page; items that are pushed before the first one meanwhile move the others on. */
async function showRange({ ctx, storage, out }: StoreRun, key: string, start: number, end: number) {
  const list = storage.list(key);
  const length = await list.llen(ctx);
  const first = Math.max(0, start < 0 ? length + start : start);
  const last = Math.min(length - 1, end < 0 ? length + end : end);
  for (let at = first; at <= last; at += PAGE_ITEMS) {
    const items = await list.lrange(ctx, at, Math.min(last, at + PAGE_ITEMS - 1));
    for (const item of items) await out.answerValue(lineOf(item), item);
  }
}
