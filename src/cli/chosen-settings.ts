import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ConfigError, defaultBackends, defaultCodecs, type StorageSettings } from "../index.js";
import { loadSection } from "../plugin/config/load-settings.js";
import { isMapping } from "../plugin/config/mapping.js";
import { readKeys } from "../plugin/config/read-keys.js";
import { resolveSettings } from "../plugin/config/resolve-settings.js";
import { usageError } from "./cli-error.js";
import type { CliIo } from "./cli-io.js";

/** Where a configuration is looked for when none is named. */
export const DEFAULT_FILES: readonly string[] = ["storage.yaml", "config/storage.yaml"];

/** How the command line says which store is meant. */
export interface StoreChoice {
  readonly config?: string;
  readonly backend?: string;
  /** Each as `option.path=value`. */
  readonly set?: readonly string[];
}

type Section = Exclude<Parameters<typeof resolveSettings>[0], StorageSettings>;

/** A configuration that was found, its options not looked at yet. */
export interface FoundSettings {
  /** For people: the file, and that something was put over it. */
  readonly source: string;
  /** The file that was read; undefined when there was none. */
  readonly file?: string;
  readonly section: Section;
}

/** A configuration that is right. */
export interface ChosenSettings extends FoundSettings {
  readonly settings: StorageSettings;
  readonly resolved: ReturnType<typeof resolveSettings>;
}

/**
 * The settings of the store that is meant: those of a file (the one named, or the one that lies where it is looked for)
 * with `--backend` and `--set` put over them. A `--backend` without `--config` begins with nothing.
 *
 * @throws ConfigError with every problem where it was written: in the file, or on the command line.
 */
export async function chooseSettings(
  choice: StoreChoice,
  environment: CliIo["environment"],
): Promise<ChosenSettings> {
  const found = await findSettings(choice, environment);
  const known = { backends: defaultBackends().names, codecs: defaultCodecs().names };
  const resolved = resolveSettings(found.section, known);
  return { ...found, settings: (found.section.value ?? {}) as StorageSettings, resolved };
}

/** Reads the keys of encryption, which no store opens without. @throws ConfigError with the place of each that cannot be had. */
export function checkKeys(
  { section, resolved: { encryption } }: ChosenSettings,
  environment: CliIo["environment"],
): void {
  readKeys(encryption, section, environment);
}

/** @throws ConfigError when there is no file, or it is no YAML; CliError when `--set` is not well formed. */
export async function findSettings(
  choice: StoreChoice,
  environment: CliIo["environment"],
): Promise<FoundSettings> {
  const overrides = overridesOf(choice);
  const path = choice.config ?? (choice.backend === undefined ? defaultFile() : undefined);
  if (path === undefined) return { source: "the command line", section: overlaid(NOTHING, overrides) };
  const section = await loadSection(path, environment);
  if (overrides.size === 0) return { source: path, file: path, section };
  const source = `${path} and the command line`;
  return { source, file: path, section: overlaid(section, overrides) };
}

/** Whether both mean one store: the same options of the same backend, which keeps what it holds. */
export function isSameStore(here: ChosenSettings, there: ChosenSettings): boolean {
  const sameOptions = isDeepStrictEqual(placedOptions(here), placedOptions(there));
  return here.resolved.backend === there.resolved.backend && !isFleeting(here) && sameOptions;
}

/** The options of the backend, with a path that does not depend on how it was written. */
function placedOptions({ resolved: { backendOptions } }: ChosenSettings): Readonly<Record<string, unknown>> {
  const { path } = backendOptions;
  return typeof path === "string" ? { ...backendOptions, path: resolve(path) } : backendOptions;
}

/** Whether the store ends with the process that has it open. */
export function isFleeting({ resolved: { backend, backendOptions } }: ChosenSettings): boolean {
  return backend === "memory" || (backend === "sqlite" && backendOptions["path"] === undefined);
}

const NOTHING: Section = { value: undefined, locate: () => undefined };

function defaultFile(): string {
  const found = DEFAULT_FILES.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const message =
    `neither ${DEFAULT_FILES.join(" nor ")} is here; ` +
    "give --config FILE, or --backend NAME with --set, or begin with: holdfast config print --backend file --set file.path=./data/store.json > storage.yaml";
  throw new ConfigError([{ path: "", message }]);
}

type Overrides = ReadonlyMap<string, { readonly flag: string; readonly value: unknown }>;

function overridesOf({ backend, set = [] }: StoreChoice): Overrides {
  const named: readonly (readonly [string, { flag: string; value: unknown }])[] =
    backend === undefined ? [] : [["backend", { flag: "--backend", value: backend }]];
  return new Map([...named, ...set.map(parseOverride)]);
}

function parseOverride(text: string) {
  const [, path, written = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined)
    throw usageError(
      `--set ${text}: give an option and its value, such as --set file.path=./data/store.json`,
    );
  return [path, { flag: `--set ${path}`, value: readWritten(written) }] as const;
}

const NOT_TEXT = /^(?:true|false|-?\d+(?:\.\d+)?|\[.*\]|\{.*\})$/s;

/** Numbers, truth values, lists and sections as JSON writes them; anything else is text. */
function readWritten(written: string): unknown {
  if (!NOT_TEXT.test(written)) return written;
  try {
    return JSON.parse(written) as unknown;
  } catch {
    return written;
  }
}

/** A section with some options replaced, which say themselves where they were written. */
function overlaid(section: Section, overrides: Overrides): Section {
  let { value } = section;
  for (const [path, override] of overrides) value = withOption(value, path.split("."), override.value);
  return {
    value,
    locate: (path) =>
      flagOf(overrides, path) ??
      (isWritten(section.value, path) ? undefined : flagBelow(overrides, path)) ??
      section.locate(path),
  };
}

/** What on the command line gave an option, or a section that it is in. */
function flagOf(overrides: Overrides, path: readonly (string | number)[]): string | undefined {
  const names = path.map((_step, i) => path.slice(0, path.length - i).join("."));
  return names.map((name) => overrides.get(name)?.flag).find((flag) => flag !== undefined);
}

/** What on the command line gave something inside a section. */
function flagBelow(overrides: Overrides, path: readonly (string | number)[]): string | undefined {
  const inside = `${path.join(".")}.`;
  return [...overrides].find(([name]) => name.startsWith(inside))?.[1].flag;
}

function isWritten(content: unknown, path: readonly (string | number)[]): boolean {
  let at = content;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return false;
    at = (at as Readonly<Record<string | number, unknown>>)[step];
  }
  return true;
}

function withOption(content: unknown, path: readonly string[], value: unknown): unknown {
  const [name = "", ...rest] = path;
  const fields = new Map(Object.entries(isMapping(content) ? content : {}));
  fields.set(name, rest.length === 0 ? value : withOption(fields.get(name), rest, value));
  return Object.fromEntries(fields);
}
