import { Argument, type Command } from "commander";
import { defaultBackends } from "../../index.js";
import type { CommandGroup } from "../command-runner.js";
import { completionScript, type Shell } from "../completion-script.js";

/** completion: the script that lets a shell complete what is typed. */
export const completionCommand: CommandGroup = (program, runner) => {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh"]))
    .description("show a script for the shell: source <(holdfast completion bash)")
    .action((shell: Shell, _options: unknown, command: Command) =>
      runner.run(command, ({ out }) => {
        const script = completionScript(program, shell, defaultBackends().names);
        return out.isJson ? out.answer("", script) : out.raw(script);
      }),
    );
};
