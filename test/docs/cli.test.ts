import { expect } from "chai";
import type { Command } from "commander";
import { EXIT_MEANINGS } from "../../src/cli/exit-codes.js";
import { buildProgram } from "../../src/cli/program.js";
import { CliSandbox } from "../cli/cli-sandbox.js";
import { codeBlocks, readMarkdown } from "./markdown.js";

const PAGE = readMarkdown("docs/guides/cli.md");

interface Step {
  readonly command: string;
  /** `…` stands for anything on its line. */
  readonly expected: string;
}

describe("the transcript in docs/guides/cli.md", function () {
  // Some forty programs, one after another.
  this.timeout(300_000);
  const steps = codeBlocks(PAGE).flatMap(({ language, code }) =>
    language === "console" ? stepsOf(code) : [],
  );
  let outputs: readonly string[];

  before(async () => {
    const box = new CliSandbox();
    try {
      const { stdout } = await box.shell(`exec 2>&1\n${steps.map(scriptOf).join("")}`);
      outputs = stdout.split(END).slice(0, -1);
    } finally {
      box.remove();
    }
  });

  it("is long enough to be the first ten minutes", () => {
    expect(steps.length).to.be.greaterThan(30);
    expect(outputs).to.have.length(steps.length);
  });

  for (const [index, { command, expected }] of steps.entries()) {
    it(`tells what happens: ${command.split("\n", 1)[0]}`, () => {
      const output = outputs[index] ?? "";
      if (!patternOf(expected).test(output)) expect(output).to.equal(expected);
    });
  }
});

const END = "\u0001\n";

/** Keeps what `$?` says for the next step. */
function scriptOf({ command }: Step): string {
  return `${command}\ncode=$?; printf '\\001\\n'; (exit $code)\n`;
}

/** Commands stand behind `$ `, further lines of them behind `> `; what they print follows. */
function stepsOf(code: string): Step[] {
  return code.split(/^\$ /m).flatMap((text) => {
    if (text === "") return [];
    const lines = text.split("\n");
    const length = 1 + lines.slice(1).findIndex((line) => !line.startsWith("> "));
    const command = lines.slice(0, length).map((line, i) => (i === 0 ? line : line.slice(2)));
    return [{ command: command.join("\n"), expected: lines.slice(length).join("\n") }];
  });
}

function patternOf(expected: string): RegExp {
  const parts = expected.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".+")}$`);
}

describe("the reference in docs/guides/cli.md", () => {
  // Nothing of it is run.
  const program = buildProgram(...([{}, {}] as unknown as Parameters<typeof buildProgram>));

  it("lists the exit codes", () => {
    const rows = [...EXIT_MEANINGS].map(([code, says]) => `| ${code} | ${says} |`);
    expect(tableOf("| exit code | says |")).to.deep.equal(rows);
  });

  it("lists every command with its arguments, in the order of the help", () => {
    const rows = leaves(program, []).map(([usage, does]) => `| \`${cell(usage)}\` | ${cell(does)} |`);
    expect(rows.length).to.be.greaterThan(20);
    expect(tableOf("| command | does |")).to.deep.equal(rows);
  });

  it("lists the options of every command", () => {
    const rows = program.options
      .filter(({ long }) => long !== "--version")
      .map(({ flags, description }) => `| \`${flags}\` | ${cell(description)} |`);
    expect(tableOf("| option | says |")).to.deep.equal(rows);
  });
});

/** The rows below this head. */
function tableOf(head: string): string[] {
  const [, rest = ""] = PAGE.split(`${head}\n|---|---|\n`);
  return rest.slice(0, rest.indexOf("\n\n")).split("\n");
}

function cell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|");
}

/** Every command that does something, with what it takes. */
function leaves(command: Command, path: readonly string[]): (readonly [usage: string, does: string])[] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((each) => leaves(each, [...path, each.name()]));
  }
  const own = command.options.length > 0 ? ["[options]"] : [];
  const taken = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const named = [...path.slice(0, -1), [command.name(), ...command.aliases()].join("|")];
  return [[[...named, ...own, ...taken].join(" "), command.description()]];
}
