import { checkKey } from "./key.js";

/** Several keys with their values: an object's own fields, or a Map. */
export type BatchData = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/** The entries of a batch, every key checked. @throws TypeError for anything else than a Map or an object. */
export function entriesOf(data: BatchData): [string, unknown][] {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new TypeError("setBatch takes an object or a Map of keys to values");
  }
  const entries = data instanceof Map ? [...(data as ReadonlyMap<string, unknown>)] : Object.entries(data);
  for (const [key] of entries) checkKey(key);
  return entries;
}
