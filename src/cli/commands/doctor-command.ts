import type { Command } from "commander";
import { checkKeys, chooseSettings, type ChosenSettings } from "../chosen-settings.js";
import type { CommandGroup, CommandRun } from "../command-runner.js";
import { checkDriver, checkNode } from "../doctor/check-installation.js";
import { checkSecrets } from "../doctor/check-permissions.js";
import { checkStore } from "../doctor/check-store.js";
import { ok, problem, type Finding } from "../doctor/finding.js";
import { effectiveOptions } from "../effective-options.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { failureReport } from "../failure-report.js";
import type { Output } from "../output.js";
import { plural } from "../plural.js";
import { printable } from "../printable.js";
import { worksOnWholeStore } from "../whole-store.js";

/** doctor: the whole way from Node to the stored data. */
export const doctorCommand: CommandGroup = (program, runner) => {
  worksOnWholeStore(program.command("doctor"))
    .description("look at everything between Node and the stored data, and say what is wrong and what to do")
    .action((_options: unknown, command: Command) => runner.run(command, examine));
};

async function examine(run: CommandRun): Promise<ExitCode> {
  const { out } = run;
  const findings: Finding[] = [];
  for await (const finding of lookAtAll(run)) {
    findings.push(finding);
    if (!out.isJson) await show(out, finding);
  }
  const problems = findings.filter(({ level }) => level === "problem").length;
  const warnings = findings.filter(({ level }) => level === "warning").length;
  await out.answer(verdict(problems, warnings), { ok: problems === 0, problems, warnings, findings });
  return problems === 0 ? EXIT.done : EXIT.failed;
}

async function* lookAtAll(run: CommandRun): AsyncGenerator<Finding> {
  yield checkNode(process.versions.node);
  const { chosen, findings } = await configuration(run);
  yield* findings;
  if (chosen === undefined) return;
  const { backend } = chosen.resolved;
  yield* await checkSecrets(chosen.file, effectiveOptions(chosen, backend));
  const driver = checkDriver(backend);
  yield driver;
  if (driver.level === "ok") yield* checkStore(run, chosen);
}

interface Configuration {
  readonly chosen?: ChosenSettings;
  readonly findings: readonly Finding[];
}

async function configuration({ options, io }: CommandRun): Promise<Configuration> {
  try {
    const chosen = await chooseSettings(options, io.environment);
    checkKeys(chosen, io.environment);
    return {
      chosen,
      findings: [ok("configuration", `${chosen.source}, backend ${chosen.resolved.backend}`)],
    };
  } catch (error) {
    return { findings: failureReport(error).lines.map((line) => problem("configuration", line)) };
  }
}

const MARKS = {
  ok: ["green", "ok     "],
  warning: ["yellow", "warning"],
  problem: ["red", "PROBLEM"],
} as const;

async function show(out: Output, { level, topic, message, advice }: Finding): Promise<void> {
  const [style, mark] = MARKS[level];
  await out.line(`${out.paint(style, mark)}  ${topic}: ${printable(message)}`);
  if (advice !== undefined) await out.line(`         → ${printable(advice)}`);
}

function verdict(problems: number, warnings: number): string {
  const warned = warnings === 0 ? "" : `, ${plural(warnings, "warning")}`;
  if (problems === 0) return `everything works${warned}`;
  return `${plural(problems, "problem")}${warned}`;
}
