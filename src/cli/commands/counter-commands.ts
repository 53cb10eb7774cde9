import type { Command } from "commander";
import type { CommandGroup } from "../command-runner.js";
import { numberArgument } from "../option-parsers.js";

/** Counters: numbers under a key that several may change at once. */
export const counterCommands: CommandGroup = (program, runner) => {
  const counter = program.command("counter").description("counters: numbers that many may change at once");
  for (const [verb, what] of [
    ["incr", "add to"],
    ["decr", "take off"],
  ] as const) {
    counter
      .command(verb)
      .argument("<key>")
      .argument("[by]", "how much", numberArgument, 1)
      .description(`${what} a number; shows what it is then`)
      .action((key: string, by: number, _options: unknown, command: Command) =>
        runner.onStore(command, "write", async ({ ctx, storage, out }) => {
          const now = await storage.counter(key)[verb](ctx, by);
          await out.answer(String(now), now);
        }),
      );
  }
  counter
    .command("get")
    .argument("<key>")
    .description("show the number; 0 when there is none")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out }) => {
        const now = await storage.counter(key).get(ctx);
        await out.answer(String(now), now);
      }),
    );
};
