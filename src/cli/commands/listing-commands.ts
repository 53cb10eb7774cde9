import type { Command } from "commander";
import type { ListOptions } from "../../index.js";
import type { CommandGroup, StoreRun } from "../command-runner.js";
import { addListOptions, listOptionsOf } from "../list-arguments.js";
import { printableName } from "../printable.js";
import { jsonOf, lineOf } from "../value-text.js";

const PAGE_KEYS = 1000;

/** Many keys: keys, find, count. What they show is read page by page. */
export const listingCommands: CommandGroup = (program, runner) => {
  addListOptions(program.command("keys"))
    .argument("[pattern]", "with * ? [a-z] and \\", "*")
    .description("list keys, in their order")
    .action((pattern: string, options: ListOptions, command: Command) =>
      runner.onStore(command, "read", (run) => listKeys(run, pattern, listOptionsOf(options))),
    );
  addListOptions(program.command("find"))
    .argument("<pattern>", "with * ? [a-z] and \\")
    .description("list keys with their values, a tab between them; plain values alone")
    .action((pattern: string, options: ListOptions, command: Command) =>
      runner.onStore(command, "read", (run) => listEntries(run, pattern, listOptionsOf(options))),
    );
  program
    .command("count")
    .argument("[pattern]", "with * ? [a-z] and \\", "*")
    .description("count keys")
    .action((pattern: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        const count = await storage.count(ctx, pattern);
        await out.answer(String(count), count);
      }),
    );
};

async function listKeys(
  { ctx, storage, out }: StoreRun,
  pattern: string,
  options: ListOptions,
): Promise<void> {
  let left = options.limit ?? Infinity;
  let { after } = options;
  do {
    const limit = Math.min(PAGE_KEYS, left);
    const page = await storage.keys(ctx, pattern, {
      ...options,
      limit,
      ...(after !== undefined && { after }),
    });
    for (const key of page) await out.answer(printableName(key), key);
    left = page.length < limit ? 0 : left - page.length;
    after = page.at(-1);
  } while (left > 0);
}

async function listEntries(
  { ctx, storage, out }: StoreRun,
  pattern: string,
  options: ListOptions,
): Promise<void> {
  for await (const { key, value, expiresAt } of storage.scan(ctx, pattern, options)) {
    if (!out.isJson) await out.line(`${out.paint("cyan", printableName(key))}\t${lineOf(value)}`);
    else {
      const expiry = expiresAt === undefined ? "" : `,"expiresAt":${Math.ceil(expiresAt)}`;
      await out.line(`{"key":${JSON.stringify(key)},"value":${jsonOf(value)}${expiry}}`);
    }
  }
}
