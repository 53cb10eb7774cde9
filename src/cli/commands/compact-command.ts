import type { Command } from "commander";
import type { CommandGroup } from "../command-runner.js";
import { worksOnWholeStore } from "../whole-store.js";

/** compact: gives up the space of dead data. */
export const compactCommand: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("compact"))
    .alias("vacuum")
    .description("give up the space of dead data")
    .action((_options: unknown, command: Command) =>
      runner.onStore(command, "write", async ({ ctx, store, out }) => {
        await store.compact(ctx);
        await out.answer("compacted", { compacted: true });
      }),
    );
};
