import type { Command } from "commander";
import { notFound } from "../cli-error.js";
import type { CommandGroup } from "../command-runner.js";
import { roundDurationText } from "../duration-text.js";
import { absence } from "../failure-report.js";
import { durationArgument } from "../option-parsers.js";

const FOREVER = -1;
const ABSENT = -2;

/** Times to live: ttl, expire, persist. */
export const expiryCommands: CommandGroup = (program, runner) => {
  program
    .command("ttl")
    .argument("<key>")
    .description("show how long a key still lives")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "read", async ({ ctx, storage, out, options }) => {
        const left = await storage.ttl(ctx, key);
        if (left === ABSENT) throw notFound(absence(key, options.namespace));
        await out.answer(left === FOREVER ? "does not expire" : roundDurationText(left), {
          key,
          ttlMs: left === FOREVER ? null : left,
        });
      }),
    );
  program
    .command("expire")
    .argument("<key>")
    .argument("<ttl>", "such as 30s, 5m, 1h30m, 7d", durationArgument)
    .description("give a key a new time to live")
    .action((key: string, ttl: string, _options: unknown, command: Command) =>
      runner.onStore(command, "write", async ({ ctx, storage, options }) => {
        if (!(await storage.expire(ctx, key, ttl))) throw notFound(absence(key, options.namespace));
      }),
    );
  program
    .command("persist")
    .argument("<key>")
    .description("let a key live for ever")
    .action((key: string, _options: unknown, command: Command) =>
      runner.onStore(command, "write", async ({ ctx, storage, options }) => {
        if (await storage.persist(ctx, key)) return;
        // False also says that it lived for ever before, which is what was wanted.
        if (!(await storage.exists(ctx, key))) throw notFound(absence(key, options.namespace));
      }),
    );
};
