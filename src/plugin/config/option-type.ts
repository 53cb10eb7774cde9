import { parseDuration } from "../../core/duration.js";
import { isRedisPrefix, REDIS_ADDRESS, type AddressForm } from "../../core/server-address.js";
import { parseSize } from "../../core/size.js";
import { isTableName, TABLE_NAME_RULE } from "../../core/table-name.js";
import { isMapping } from "./mapping.js";

/** What an option accepts. `shape` is what a JSON Schema is made from. */
export interface OptionType<T> {
  readonly shape: OptionShape;
  /** Completes "give …" in messages. */
  readonly expected: string;
  /** The value in the product's own units, or undefined when it is not acceptable. */
  parse(value: unknown): T | undefined;
  /** What is written may be a secret: messages do not repeat it. */
  readonly isSecret?: true;
}

export type OptionShape =
  | { readonly kind: "duration"; readonly positive: boolean }
  | { readonly kind: "size" }
  | { readonly kind: "count"; readonly atLeast: number }
  | { readonly kind: "flag" }
  | { readonly kind: "text" }
  | { readonly kind: "nodes" }
  | { readonly kind: "mapping" }
  | { readonly kind: "mappings" }
  | { readonly kind: "choice"; readonly choices: readonly (string | boolean)[] };

/** A span of time, in milliseconds once parsed. */
export function duration(limits: { readonly positive: boolean }): OptionType<number> {
  const zero = limits.positive ? "above 0" : "or 0 for none";
  return {
    shape: { kind: "duration", ...limits },
    expected: `milliseconds or text such as "250ms", "30s", "5m", "1h30m", ${zero}`,
    parse(value) {
      const ms = durationOf(value);
      return ms === 0 && limits.positive ? undefined : ms;
    },
  };
}

function durationOf(value: unknown): number | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}

/** A number of bytes. */
export function size(): OptionType<number> {
  return {
    shape: { kind: "size" },
    expected: `bytes or text such as "512KiB", "64MiB", "1GiB", above 0`,
    parse(value) {
      if (typeof value !== "number" && typeof value !== "string") return undefined;
      return parseSize(value) || undefined;
    },
  };
}

/** A whole number. */
export function count(limits: { readonly atLeast: number }): OptionType<number> {
  return {
    shape: { kind: "count", ...limits },
    expected: `a whole number, ${limits.atLeast} or more`,
    parse: (value) =>
      Number.isSafeInteger(value) && (value as number) >= limits.atLeast ? (value as number) : undefined,
  };
}

/** Yes or no. */
export function flag(): OptionType<boolean> {
  return {
    shape: { kind: "flag" },
    expected: "true or false",
    parse: (value) => (typeof value === "boolean" ? value : undefined),
  };
}

/** Any text but the empty one. */
export function text(): OptionType<string> {
  return {
    shape: { kind: "text" },
    expected: "text",
    parse: (value) => (typeof value === "string" && value !== "" ? value : undefined),
  };
}

/** Where a file or folder is. No system takes a NUL in it. */
export function pathText(example: string): OptionType<string> {
  const isPath = (value: unknown): value is string =>
    typeof value === "string" && value !== "" && !value.includes("\0");
  return {
    shape: { kind: "text" },
    expected: `a path such as ${example}`,
    parse: (value) => (isPath(value) ? value : undefined),
  };
}

/** Text that messages do not repeat. */
export function secret(): OptionType<string> {
  return { ...text(), isSecret: true };
}

/** The url of a server, in which a password may stand. */
export function serverUrl(form: AddressForm): OptionType<string> {
  return {
    shape: { kind: "text" },
    isSecret: true,
    expected: form.example,
    parse: (value) => (form.accepts(value) ? value : undefined),
  };
}

/** The name of a store's table on a server of SQL. */
export function tableName(): OptionType<string> {
  return {
    shape: { kind: "text" },
    expected: TABLE_NAME_RULE,
    parse: (value) => (isTableName(value) ? value : undefined),
  };
}

/** What the keys of a store at a server of redis begin with. */
export function keyPrefix(): OptionType<string> {
  return {
    shape: { kind: "text" },
    expected: "text without braces",
    parse: (value) => (typeof value === "string" && isRedisPrefix(value) ? value : undefined),
  };
}

/** true, false, or a list of addresses of redis. */
export function nodes(): OptionType<boolean | readonly string[]> {
  return {
    shape: { kind: "nodes" },
    isSecret: true,
    expected: "true, false, or a list of addresses such as [10.0.0.1:6379, 10.0.0.2:6379]",
    parse(value) {
      if (typeof value === "boolean") return value;
      const isList =
        Array.isArray(value) && value.length > 0 && value.every((one) => REDIS_ADDRESS.accepts(one));
      return isList ? Object.freeze([...value]) : undefined;
    },
  };
}

/** Options of somebody else's, handed on as they are. */
export function mapping(): OptionType<Readonly<Record<string, unknown>>> {
  return {
    shape: { kind: "mapping" },
    isSecret: true,
    expected: "a section of options",
    parse: (value) => (isMapping(value) ? value : undefined),
  };
}

/** A list of sections, each checked by whoever uses it. */
export function mappings(): OptionType<readonly Readonly<Record<string, unknown>>[]> {
  return {
    shape: { kind: "mappings" },
    isSecret: true,
    expected: "a list of sections",
    parse: (value) =>
      Array.isArray(value) && value.length > 0 && value.every(isMapping)
        ? Object.freeze([...value])
        : undefined,
  };
}

/** One of a few words. */
export function choice<const C extends readonly (string | boolean)[]>(...choices: C): OptionType<C[number]> {
  return {
    shape: { kind: "choice", choices },
    expected: choices.slice(0, -1).join(", ") + (choices.length > 1 ? " or " : "") + String(choices.at(-1)),
    parse: (value) => choices.find((one) => one === value),
  };
}
