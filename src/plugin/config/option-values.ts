import { inspect } from "node:util";
import { quoteName } from "../../core/errors.js";
import type { ConfigSection } from "../plugin.js";
import type { ConfigProblem } from "./config-error.js";
import { isMapping } from "./mapping.js";
import { didYouMean } from "./nearest-name.js";
import {
  isSection,
  namesIn,
  OPTION_PATHS,
  optionAt,
  OPTIONS,
  type OptionPath,
  type OptionValue,
} from "./options.js";

/** Reads the options out of a configuration, collecting every problem on the way. */
export class OptionValues {
  /** The sections of backends that are not ours, as written. */
  readonly foreignSections: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly problems: ConfigProblem[] = [];
  readonly #refused = new Set<OptionPath>();
  readonly #section: ConfigSection;
  readonly #foreign = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #given = new Map<OptionPath, unknown>();

  /** @param foreignBackends names that may stand as sections of their own. */
  constructor(section: ConfigSection, foreignBackends: ReadonlySet<string>) {
    this.#section = section;
    this.foreignSections = this.#foreign;
    this.#readSection("", section.value ?? {}, foreignBackends);
    for (const path of OPTION_PATHS) this.#mergeAlias(path);
  }

  /** The value given for an option or an alias of it, or its default. */
  get<P extends OptionPath>(path: P): OptionValue<P> {
    return (this.given(path) ?? defaultOf(path)) as OptionValue<P>;
  }

  /** The value given for an option or an alias of it; undefined when it was left out. */
  given<P extends OptionPath>(path: P): OptionValue<P> | undefined {
    return this.#given.get(path) as OptionValue<P> | undefined;
  }

  /** Notes a problem with an option, at the place it was written. */
  report(path: string, message: string): void {
    const where = this.#section.locate(path === "" ? [] : path.split("."));
    const shown = path === "" ? "storage" : `storage.${path}`;
    this.problems.push({ ...(where !== undefined && { where }), path: shown, message });
  }

  #readSection(section: string, content: unknown, foreign: ReadonlySet<string>): void {
    if (!isMapping(content)) {
      this.report(section, `${show(content)} is not a section; give options below it, or leave it out`);
      return;
    }
    for (const [name, value] of Object.entries(content)) {
      const path = section === "" ? name : `${section}.${name}`;
      if (name.includes("."))
        this.report(path, "unknown option; write each part of it as a section of its own");
      else if (value === undefined || value === null) this.#acceptName(section, name, path, foreign);
      else if (isMapping(value) && isSection(path)) this.#readSection(path, value, foreign);
      else if (optionAt(path) !== undefined) this.#readOption(path as OptionPath, value);
      else if (isSection(path)) this.#readSection(path, value, foreign);
      else if (this.#acceptName(section, name, path, foreign)) this.#readForeign(name, value);
    }
  }

  /** Nothing written after a name means: left out. */
  #acceptName(section: string, name: string, path: string, foreign: ReadonlySet<string>): boolean {
    if (optionAt(path) !== undefined || isSection(path)) return true;
    if (section === "" && foreign.has(name)) return true;
    if (section === "" && name === "storage") {
      this.report(path, "the options stand here already; give them without another storage around them");
      return false;
    }
    this.report(path, `unknown option${didYouMean(name, namesIn(section)) || elsewhere(name)}`);
    return false;
  }

  #readOption(path: OptionPath, value: unknown): void {
    const { type } = OPTIONS[path];
    const parsed = type.parse(value);
    if (parsed !== undefined) {
      this.#given.set(path, parsed);
      return;
    }
    this.#refused.add(path);
    const shown = type.isSecret ? "what is written" : show(value);
    this.report(path, `${shown} is not accepted; give ${type.expected}${meantChoice(path, value)}`);
  }

  /** Whether nothing was given for an option: neither what was accepted nor what was refused, which is a problem already. */
  lacks(path: OptionPath): boolean {
    const isRefused = [...this.#refused].some((each) => each === path || optionAt(each)?.aliasOf === path);
    return this.#given.get(path) === undefined && !isRefused;
  }

  #readForeign(name: string, value: unknown): void {
    if (isMapping(value)) this.#foreign.set(name, Object.freeze({ ...value }));
    else
      this.report(name, `${show(value)} is not a section; give the options of the backend ${name} below it`);
  }

  #mergeAlias(alias: OptionPath): void {
    const target = optionAt(alias)?.aliasOf as OptionPath | undefined;
    const value = this.#given.get(alias);
    if (target === undefined || value === undefined) return;
    const existing = this.#given.get(target);
    if (existing === undefined) this.#given.set(target, value);
    else if (existing !== value) {
      this.report(alias, `differs from ${target}, which is the same option; keep one of them`);
    }
  }
}

/** What an option is when it was left out; undefined when it has no default. */
export function defaultOf(path: OptionPath): unknown {
  const option = optionAt(path);
  return option?.default === undefined ? undefined : option.type.parse(option.default);
}

function elsewhere(name: string): string {
  const path = OPTION_PATHS.find((option) => option.endsWith(`.${name}`));
  return path === undefined
    ? `; remove it, or check its spelling in config/storage.yaml`
    : `; did you mean "${path}"`;
}

function meantChoice(path: OptionPath, value: unknown): string {
  const { shape } = OPTIONS[path].type;
  if (shape.kind !== "choice" || typeof value !== "string") return "";
  return didYouMean(
    value,
    shape.choices.filter((one) => typeof one === "string"),
  );
}

function show(value: unknown): string {
  if (typeof value === "string") return quoteName(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "function" ? "a function" : inspect(value);
}
