import { isSection, namesIn, optionAt, OPTIONS, type OptionPath } from "../src/plugin/config/options.js";
import type { Option, WrittenValue } from "../src/plugin/config/option.js";

const WIDTH = 100;

const HEADER = `# yaml-language-server: $schema=./storage.schema.json
#
# Every option of the storage plugin with its default. What stands behind a "#" has none and is an example.
# Written from the table in src/plugin/config/options.ts by scripts/write-config.ts.
#
# Times are milliseconds or text ("250ms", "30s", "5m", "1h30m", "7d"), sizes bytes or text ("64MiB", "1GiB").
# \${NAME} and \${NAME:-default} are filled in from the environment; $\${ is a plain \${.
`;

/** The text of config/storage.yaml. */
export function referenceText(): string {
  return [HEADER, "storage:", ...sectionLines("", "  ")].join("\n").concat("\n");
}

function sectionLines(section: string, indent: string): readonly string[] {
  return namesIn(section).flatMap((name, index) => {
    const path = section === "" ? name : `${section}.${name}`;
    const option = optionAt(path);
    const gap = index === 0 ? [] : [""];
    if (option !== undefined && !isSection(path)) return [...gap, ...optionLines(name, option, indent)];
    const comment = option === undefined ? [] : commentLines(option, indent);
    return [...gap, ...comment, ...sectionHead(path, name, indent), ...sectionLines(path, `${indent}  `)];
  });
}

/** A section that holds nothing but examples would be empty, which YAML has no good way to write. */
function sectionHead(path: string, name: string, indent: string): readonly string[] {
  const holdsSomething = Object.entries(OPTIONS).some(
    ([option, { default: value }]: readonly [string, Option<unknown>]) =>
      option.startsWith(`${path}.`) && value !== undefined,
  );
  return [`${indent}${name}:${holdsSomething ? "" : " # nothing given"}`];
}

function optionLines(name: string, option: Option<unknown>, indent: string): readonly string[] {
  const written =
    option.default === undefined
      ? `${indent}# ${name}: ${exampleOf(option)}`
      : `${indent}${name}: ${scalar(option.default)}`;
  return [...commentLines(option, indent), written];
}

function commentLines({ description }: Option<unknown>, indent: string): readonly string[] {
  return wrap(description, WIDTH - indent.length - 2).map((line) => `${indent}# ${line}`);
}

/** Text that YAML would read as a mapping stands in quotes. */
function scalar(value: WrittenValue): string {
  return typeof value === "string" && value.endsWith(":") ? JSON.stringify(value) : String(value);
}

function exampleOf(option: Option<unknown>): string {
  const target: Option<unknown> =
    option.aliasOf === undefined ? option : OPTIONS[option.aliasOf as OptionPath];
  return String(target.default ?? target.example);
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
