import type { Payload } from "./entry.js";
import { ofKey } from "./errors.js";
import { checkKey } from "./key.js";

/** Several keys with their values: an object's own fields, or a Map. */
export type BatchData = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

/** The entries of a batch, every key checked. @throws TypeError for anything else than a Map or an object of fields. */
export function entriesOf(data: BatchData): [string, unknown][] {
  // Other collections have no fields of their own, and would be taken for an empty batch.
  const isMap = data instanceof Map;
  if (typeof data !== "object" || data === null || (!isMap && Symbol.iterator in data)) {
    throw new TypeError("setBatch takes an object or a Map of keys to values");
  }
  const entries = isMap ? [...(data as ReadonlyMap<string, unknown>)] : Object.entries(data);
  for (const [key] of entries) checkKey(key);
  return entries;
}

/** Encodes every value of a batch, all in this step unless `encode` waits for something. A fault names the key. */
export function encodeEach(
  entries: readonly (readonly [string, unknown])[],
  encode: (value: unknown) => Payload | Promise<Payload>,
): Promise<Payload[]> {
  return Promise.all(
    entries.map(async ([key, value]) => {
      try {
        return await encode(value);
      } catch (error) {
        throw ofKey(error, key);
      }
    }),
  );
}
