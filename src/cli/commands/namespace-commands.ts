import type { Command } from "commander";
import { confirm } from "../confirm.js";
import type { CommandGroup, StoreRun } from "../command-runner.js";
import { plural } from "../plural.js";
import { printableName, quoted } from "../printable.js";
import { worksOnWholeStore } from "../whole-store.js";

/** Whole namespaces: namespaces, clear. */
export const namespaceCommands: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("namespaces"), "for one namespace: keys --namespace NAME")
    .description('list the namespaces that hold keys, with their number; "" is the root')
    .action((_options: unknown, command: Command) => runner.onStore(command, "read", list));
  program
    .command("clear")
    .description("remove every key of one namespace: of the root unless --namespace is given")
    .action((_options: unknown, command: Command) => runner.onStore(command, "write", clear));
};

async function list({ ctx, store, out }: StoreRun): Promise<void> {
  for (const namespace of await store.listNamespaces(ctx)) {
    const keys = await store.namespace(namespace).size(ctx);
    await out.answer(`${out.paint("cyan", printableName(namespace))}\t${keys}`, { namespace, keys });
  }
}

async function clear({ io, ctx, storage, out, options, chosen }: StoreRun): Promise<void> {
  const { namespace, yes } = options;
  const which = namespace === "" ? "the root namespace" : `namespace ${quoted(namespace)}`;
  const size = yes === true ? undefined : await storage.size(ctx);
  const what = size === undefined ? "all keys" : size === 1 ? "the one key" : `all ${size} keys`;
  await confirm(io, `remove ${what} of ${which} of the store of ${chosen.source}`, yes);
  const removed = await storage.clear(ctx);
  await out.answer(`removed ${plural(removed, "key")}`, { removed });
}
