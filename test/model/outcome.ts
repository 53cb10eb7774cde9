import { background } from "../../src/core/context.js";
import { StorageError } from "../../src/index.js";
import type { Call } from "./model-commands.js";
import { ModelError } from "./model-error.js";

/** What a call came to, in a form that can be compared. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly error: readonly [code: number, reason: string] };

type Method = (...parameters: readonly unknown[]) => unknown;

/** Calls a namespace, or a transaction, which takes no context; both are called alike on stores and on the model. */
export async function outcomeOf(target: object, call: Call, versions: VersionNames): Promise<Outcome> {
  const method = (target as Record<string, Method>)[call.kind] as Method;
  const context = "commit" in target ? [] : [background()];
  return await settled(async () => {
    const given = argumentsOf(call);
    const result = await collected(method.apply(target, [...context, ...given]));
    const outcome = comparable(result, versions);
    for (const value of given) vandalise(value);
    vandalise(result);
    return outcome;
  });
}

export async function settled(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await run() };
  } catch (error) {
    if (error instanceof StorageError || error instanceof ModelError)
      return { error: [error.code, error.reason] };
    throw error;
  }
}

/** Copies of what the call names, so that each store is given its own. */
function argumentsOf(call: Call): unknown[] {
  switch (call.kind) {
    case "set":
      return [call.key, structuredClone(call.value), call.ttlMs];
    case "setBatch":
      return [structuredClone(new Map(call.data)), call.ttlMs];
    case "expire":
      return [call.key, call.ttlMs];
    case "getOr":
      return [call.key, "fallback"];
    case "getBatch":
    case "deleteBatch":
      return [[...call.keys]];
    case "find":
    case "keys":
    case "scan":
      return [call.pattern, { ...call.options }];
    case "count":
      return [call.pattern];
    case "size":
    case "clear":
    case "entries":
      return [];
    default:
      return [call.key];
  }
}

async function collected(result: unknown): Promise<unknown> {
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return await result;
  const items: unknown[] = [];
  for await (const item of result as AsyncIterable<unknown>) items.push(item);
  return items;
}

/** A copy in which the order of a Map counts and versions have names that mean the same everywhere. */
function comparable(result: unknown, versions: VersionNames): unknown {
  const copy: unknown = structuredClone(result);
  if (copy instanceof Map) return [...copy];
  for (const entry of Array.isArray(copy) ? copy : [copy]) {
    if (isEntry(entry)) entry.version = versions.nameOf(entry.version);
  }
  return copy;
}

function isEntry(value: unknown): value is { version: unknown } {
  return typeof value === "object" && value !== null && "version" in value && "key" in value;
}

/** Numbers versions in the order in which they are seen: equal histories give equal numbers. */
export class VersionNames {
  readonly #names = new Map<unknown, number>();

  nameOf(version: unknown): number {
    const name = this.#names.get(version) ?? this.#names.size;
    this.#names.set(version, name);
    return name;
  }
}

/** Changes whatever can be changed in a value that was handed in or out; nobody else may notice. */
function vandalise(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Map) {
    for (const item of value.values()) vandalise(item);
    value.set("vandal", true);
  } else if (value instanceof Set) value.add("vandal");
  else if (value instanceof Uint8Array) value.fill(0xee);
  else if (value instanceof Date) value.setTime(0);
  else if (Array.isArray(value)) {
    for (const item of value) vandalise(item);
    value.push("vandal");
  } else {
    for (const item of Object.values(value)) vandalise(item);
    (value as Record<string, unknown>)["vandal"] = true;
  }
}
