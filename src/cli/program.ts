import { Option, type Command } from "commander";
import type { CliIo } from "./cli-io.js";
import type { CommandGroup, CommandRunner } from "./command-runner.js";
import { backupCommands } from "./commands/backup-commands.js";
import { compactCommand } from "./commands/compact-command.js";
import { completionCommand } from "./commands/completion-command.js";
import { counterCommands } from "./commands/counter-commands.js";
import { configCommands } from "./commands/config-commands.js";
import { copyCommand } from "./commands/copy-command.js";
import { doctorCommand } from "./commands/doctor-command.js";
import { expiryCommands } from "./commands/expiry-commands.js";
import { hashCommands } from "./commands/hash-commands.js";
import { insightCommands } from "./commands/insight-commands.js";
import { listCommands } from "./commands/list-commands.js";
import { listingCommands } from "./commands/listing-commands.js";
import { namespaceCommands } from "./commands/namespace-commands.js";
import { valueCommands } from "./commands/value-commands.js";
import { verifyCommand } from "./commands/verify-command.js";
import { watchCommand } from "./commands/watch-command.js";
import { collected, durationArgument } from "./option-parsers.js";
import { packageManifest } from "./package-facts.js";
import { ProgramCommand } from "./program-command.js";

/** In the order in which help and docs/guides/cli.md list them. A new group is one module and one line here. */
const GROUPS: readonly CommandGroup[] = [
  valueCommands,
  listingCommands,
  expiryCommands,
  listCommands,
  hashCommands,
  counterCommands,
  namespaceCommands,
  watchCommand,
  insightCommands,
  verifyCommand,
  compactCommand,
  copyCommand,
  backupCommands,
  configCommands,
  doctorCommand,
  completionCommand,
];

/** The whole command tree. What the parser has to say it writes to `io`, and throws instead of ending the process. */
export function buildProgram(io: CliIo, runner: CommandRunner): Command {
  const program = new ProgramCommand("holdfast")
    .description("Looks into a store, changes it and takes care of it, whatever its backend.")
    .usage("<command> [options]")
    .version(packageManifest().version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show help for a command")
    .helpCommand("help [command]", "show help for a command")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // A failure is told in one place, as every other one.
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => io.stdout.columns || 100,
      getErrHelpWidth: () => io.stderr.columns || 100,
    })
    .configureHelp({ showGlobalOptions: true });
  addGlobalOptions(program);
  for (const addTo of GROUPS) addTo(program, runner);
  return program;
}

function addGlobalOptions(program: Command): void {
  program
    .option("-c, --config <file>", "the configuration; storage.yaml or config/storage.yaml when one is there")
    .option("--backend <name>", "a backend; without --config no file is read")
    .option(
      "--set <option=value>",
      "an option of the configuration, such as file.path=./data/store.json",
      collected,
    )
    .addOption(new Option("-n, --namespace <name>", "the namespace").default("", "the root"))
    .option("--json", "answer with a JSON text on each line, failures on standard error too")
    .option("-y, --yes", "do not ask before something that cannot be undone")
    .option("--timeout <duration>", "give up after this time: 500ms, 30s, 5m", durationArgument);
}
