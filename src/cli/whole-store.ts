import type { Command } from "commander";
import { usageError } from "./cli-error.js";

/**
 * Says of a command that it works on the whole store: on its command line `--namespace` is refused, as it would say
 * something that the command does not do.
 *
 * @param forOne what to do instead for one namespace.
 */
export function worksOnWholeStore(command: Command, forOne = "leave --namespace out"): Command {
  return command.hook("preAction", () => {
    if (command.getOptionValueSourceWithGlobals("namespace") !== "cli") return;
    throw usageError(`${command.name()} works on the whole store; ${forOne}`);
  });
}
