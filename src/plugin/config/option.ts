import type { OptionType } from "./option-type.js";

/** How an option is written in YAML. */
export type WrittenValue = string | number | boolean;

/**
 * One option of a store. Validation, the JSON Schema and the check of config/storage.yaml all follow from the table
 * in options.ts, so an option that is not in it does not exist.
 */
export interface Option<T> {
  readonly type: OptionType<T>;
  /** One or two sentences: what it does, and its default where `default` cannot say it. */
  readonly description: string;
  /** As it would be written; absent when leaving the option out means something no value says. */
  readonly default?: WrittenValue;
  /** A value that may be written, where there is no default. */
  readonly example?: WrittenValue;
  /** The option that this one is another name of. */
  readonly aliasOf?: string;
}

/** An option that always has a value. */
export interface DefaultedOption<T> extends Option<T> {
  readonly default: WrittenValue;
}

export function defaulted<T>(
  type: OptionType<T>,
  value: WrittenValue,
  description: string,
): DefaultedOption<T> {
  return { type, default: value, description };
}

export function optional<T>(type: OptionType<T>, example: WrittenValue, description: string): Option<T> {
  return { type, example, description };
}

export function alias<T>(type: OptionType<T>, aliasOf: string): Option<T> {
  return { type, aliasOf, description: `Another name for ${aliasOf}.` };
}
