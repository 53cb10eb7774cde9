import type { Command } from "commander";
import { checkKeys, chooseSettings } from "../chosen-settings.js";
import type { CommandGroup, CommandRun } from "../command-runner.js";
import { effectiveOptions } from "../effective-options.js";
import { configurationSchema } from "../package-facts.js";
import { settingsObject, settingsYaml } from "../settings-yaml.js";

/** The configuration, without opening the store: config check, print, schema. */
export const configCommands: CommandGroup = (program, runner) => {
  const config = program
    .command("config")
    .description("look at the configuration, without opening the store");
  config
    .command("check")
    .description(
      "tell whether it is right, the keys of encryption included, and every problem with its place",
    )
    .action((_options: unknown, command: Command) => runner.run(command, check));
  config
    .command("print")
    .description("show what is in force, as YAML: what was given with its place, defaults, secrets masked")
    .action((_options: unknown, command: Command) => runner.run(command, print));
  config
    .command("schema")
    .description("show the JSON Schema of the configuration, for editors")
    .action((_options: unknown, command: Command) =>
      runner.run(command, ({ out }) => {
        const schema = configurationSchema();
        return out.isJson ? out.answer("", JSON.parse(schema)) : out.raw(schema);
      }),
    );
};

async function check({ io, options, out }: CommandRun): Promise<void> {
  const chosen = await chooseSettings(options, io.environment);
  checkKeys(chosen, io.environment);
  const { source, resolved } = chosen;
  await out.answer(`${source}: right, backend ${resolved.backend}`, { source, backend: resolved.backend });
}

async function print({ io, options, out }: CommandRun): Promise<void> {
  const chosen = await chooseSettings(options, io.environment);
  const effective = effectiveOptions(chosen, chosen.resolved.backend);
  if (out.isJson) await out.answer("", settingsObject(effective));
  else for (const line of settingsYaml(effective)) await out.line(line);
}
