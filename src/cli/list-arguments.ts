import type { Command } from "commander";
import type { ListOptions } from "../index.js";
import { countArgument } from "./option-parsers.js";

/** Gives a command the options of a listing. */
export function addListOptions(command: Command): Command {
  return command
    .option("--limit <count>", "most entries to show", countArgument)
    .option("--after <key>", "begin after this key")
    .option("--reverse", "against the order of keys");
}

/** The options of a listing among those of a command. */
export function listOptionsOf({ limit, after, reverse }: ListOptions): ListOptions {
  return {
    ...(limit !== undefined && { limit }),
    ...(after !== undefined && { after }),
    ...(reverse !== undefined && { reverse }),
  };
}
