import { Command, type HelpContext } from "commander";
import { didYouMean } from "../plugin/config/nearest-name.js";
import { usageError } from "./cli-error.js";

/** A command that names what it does not know when it is asked for help on it; the parser would show all of its own help. */
export class ProgramCommand extends Command {
  override createCommand(name?: string): ProgramCommand {
    return new ProgramCommand(name);
  }

  override help(context?: HelpContext): never;
  override help(change?: (text: string) => string): never;
  override help(context?: HelpContext | ((text: string) => string)): never {
    const [verb, asked] = this.args;
    const isFailure = typeof context === "object" && context.error;
    if (isFailure && verb === "help" && asked !== undefined) {
      const names = this.commands.map((command) => command.name());
      throw usageError(`unknown command '${asked}'${didYouMean(asked, names)}`);
    }
    return super.help(context as HelpContext);
  }
}
