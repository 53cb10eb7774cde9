import { maskSecrets } from "../observability/mask-secrets.js";
import { isMapping } from "../plugin/config/mapping.js";
import type { OptionShape } from "../plugin/config/option-type.js";
import { OptionValues } from "../plugin/config/option-values.js";
import {
  BUILT_IN_BACKENDS,
  OPTION_PATHS,
  OPTIONS,
  optionAt,
  type OptionPath,
} from "../plugin/config/options.js";
import type { FoundSettings } from "./chosen-settings.js";
import { durationText } from "./duration-text.js";
import { sizeText } from "./size-text.js";

/** An option as it is in force. */
export interface EffectiveOption {
  readonly path: OptionPath;
  /** As it would be written in YAML, secrets masked. */
  readonly value: unknown;
  /** What was masked. */
  readonly secret?: unknown;
  /** Where it was written; undefined when it is a default. */
  readonly where?: string;
}

/**
 * The options that count, in the order of config/storage.yaml: the general ones and those of the backend. What is neither given
 * nor has a default is left out.
 */
export function effectiveOptions({ section }: FoundSettings, backend: string): EffectiveOption[] {
  const values = new OptionValues(section, new Set());
  return OPTION_PATHS.flatMap((path) => {
    const [top = ""] = path.split(".", 1);
    const counts = top === backend || !BUILT_IN_BACKENDS.includes(top);
    const value = values.get(path);
    if (optionAt(path)?.aliasOf !== undefined || !counts || value === undefined) return [];
    return [optionOf(section, path, value)];
  });
}

function optionOf(section: FoundSettings["section"], path: OptionPath, value: unknown): EffectiveOption {
  const written = writtenForm(OPTIONS[path].type.shape, value);
  const name = path.split(".").at(-1) ?? "";
  const masked = maskSecrets({ [name]: written })[name];
  const isMasked = JSON.stringify(masked) !== JSON.stringify(written);
  const place = placeOf(section.value, path);
  const where = place === undefined ? undefined : section.locate(place.split("."));
  return {
    path,
    value: masked,
    ...(isMasked && { secret: written }),
    ...(where !== undefined && { where }),
  };
}

function writtenForm({ kind }: OptionShape, value: unknown): unknown {
  // None is written as a number: text without a unit would be refused.
  if (kind === "duration") return value === 0 ? 0 : durationText(value as number);
  return kind === "size" ? sizeText(value as number) : value;
}

/** The name under which an option was given: its own or an alias. */
function placeOf(content: unknown, path: OptionPath): OptionPath | undefined {
  const names = [path, ...OPTION_PATHS.filter((other) => optionAt(other)?.aliasOf === path)];
  return names.find((name) => {
    let at = content;
    for (const step of name.split(".")) at = isMapping(at) && Object.hasOwn(at, step) ? at[step] : undefined;
    return at !== undefined && at !== null;
  });
}
