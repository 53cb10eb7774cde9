import type { EffectiveOption } from "./effective-options.js";

/** Options as a YAML file that gives them again, each with the place where it was written. */
export function settingsYaml(options: readonly EffectiveOption[]): string[] {
  const lines = ["storage:"];
  let open: readonly string[] = [];
  for (const { path, value, where } of options) {
    const steps = path.split(".");
    const sections = steps.slice(0, -1);
    const kept = sections.findIndex((name, i) => name !== open[i]);
    const from = kept === -1 ? sections.length : kept;
    for (let i = from; i < sections.length; i++) lines.push(`${indent(i)}${sections[i]}:`);
    open = sections;
    const origin = where === undefined ? "" : ` # ${where}`;
    lines.push(`${indent(sections.length)}${steps.at(-1)}: ${scalar(value)}${origin}`);
  }
  return lines;
}

/** The same as an object. */
export function settingsObject(options: readonly EffectiveOption[]): Readonly<Record<string, unknown>> {
  const storage: Section = new Map();
  for (const { path, value } of options) put(storage, path.split("."), value);
  return { storage: fieldsOf(storage) };
}

type Section = Map<string, unknown>;

function put(section: Section, [name = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) section.set(name, value);
  else {
    const inner = (section.get(name) as Section | undefined) ?? new Map<string, unknown>();
    section.set(name, inner);
    put(inner, rest, value);
  }
}

function fieldsOf(section: Section): Record<string, unknown> {
  const fields = [...section].map(([name, value]) => [name, value instanceof Map ? fieldsOf(value) : value]);
  return Object.fromEntries(fields) as Record<string, unknown>;
}

function indent(depth: number): string {
  return "  ".repeat(depth + 1);
}

const PLAIN = /^[A-Za-z0-9_./][A-Za-z0-9_./+-]*$/;
const NO_TEXT = /^(?:true|false|null|[-+.\d][\d_.eE+-]*)$/i;

/** JSON is YAML; text that YAML reads as text needs no quotes. */
function scalar(value: unknown): string {
  if (typeof value === "string" && PLAIN.test(value) && !NO_TEXT.test(value)) return value;
  // What looks like a reference to the environment was filled in already.
  return JSON.stringify(value).replaceAll("${", () => "$${");
}
