import type * as FastCheck from "fast-check";
import { ENTRY_TYPE, type EntryType } from "../../core/entry.js";
import { compareKeys, headKey, KIND, type StoredKey } from "../../core/key.js";
import { prefixRange, successor, type KeyRange } from "../../core/range.js";
import { HOSTILE_KEYS } from "../backend-suite/hostile-keys.js";

/** The module fast-check, however it was imported. */
export type FastCheckFunctions = Omit<typeof FastCheck, "default">;

/** A write of the model, before it has an id and a clock. */
export type ModelWrite =
  | {
      readonly kind: "put";
      readonly key: StoredKey;
      readonly type: EntryType;
      readonly data: string;
      readonly ttlMs: number;
    }
  | { readonly kind: "delete"; readonly key: StoredKey };

/** What a checked version is taken from: what the model holds, or something that never was. */
export interface ModelCheck {
  readonly key: StoredKey;
  readonly as: "current" | "absent" | "stale";
}

/** One call in the life of a store. */
export type ModelStep =
  | {
      readonly kind: "commit";
      readonly namespace: string;
      readonly checks: readonly ModelCheck[];
      readonly ranges: readonly { readonly range: KeyRange; readonly as: "current" | "stale" }[];
      readonly drops: readonly KeyRange[];
      readonly writes: readonly ModelWrite[];
    }
  | { readonly kind: "read"; readonly namespace: string; readonly keys: readonly StoredKey[] }
  | {
      readonly kind: "scan";
      readonly namespace: string;
      readonly range: KeyRange;
      readonly reverse: boolean;
      readonly limit: number | undefined;
    }
  | { readonly kind: "count"; readonly namespace: string; readonly range: KeyRange }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "reopen" };

/** Arbitrary lives of a store, weighted towards commits on few keys, so that steps meet. */
export function modelSteps(
  fc: FastCheckFunctions,
  { reopens, time }: { readonly reopens: boolean; readonly time: "fake" | "real" },
): FastCheck.Arbitrary<readonly ModelStep[]> {
  const namespace = fc.constantFrom("", "a", "ab", "__proto__");
  const key = storedKeys(fc);
  const range = keyRanges(fc, key);
  const few = <T>(arbitrary: FastCheck.Arbitrary<T>, maxLength: number) => fc.array(arbitrary, { maxLength });
  const commit = fc.record({
    kind: fc.constant("commit" as const),
    namespace,
    checks: few(fc.record({ key, as: fc.constantFrom("current", "current", "absent", "stale") }), 3),
    ranges: few(fc.record({ range, as: fc.constantFrom("current", "current", "stale") }), 2),
    drops: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: few(range, 2) }),
    writes: fc.uniqueArray(modelWrites(fc, key), { maxLength: 8, selector: (write) => write.key }),
  });
  const step: FastCheck.Arbitrary<ModelStep> = fc.oneof(
    { weight: 12, arbitrary: commit },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), namespace, keys: few(key, 8) }) },
    { weight: 4, arbitrary: scans(fc, namespace, range) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("count" as const), namespace, range }) },
    {
      weight: time === "fake" ? 2 : 0,
      arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 4000 }) }),
    },
    { weight: reopens ? 1 : 0, arbitrary: fc.constant({ kind: "reopen" as const }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 60, size: "max" });
}

function scans(
  fc: FastCheckFunctions,
  namespace: FastCheck.Arbitrary<string>,
  range: FastCheck.Arbitrary<KeyRange>,
) {
  const limit = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined });
  return fc.record({ kind: fc.constant("scan" as const), namespace, range, reverse: fc.boolean(), limit });
}

function modelWrites(
  fc: FastCheckFunctions,
  key: FastCheck.Arbitrary<StoredKey>,
): FastCheck.Arbitrary<ModelWrite> {
  const type = fc.constantFrom(...Object.values(ENTRY_TYPE));
  const ttlMs = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 5000 }) },
  );
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("put" as const), key, type, data: fc.string(), ttlMs }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  );
}

function storedKeys(fc: FastCheckFunctions): FastCheck.Arbitrary<StoredKey> {
  const hostile = fc.constantFrom(...HOSTILE_KEYS.map(([, key]) => key));
  const near = fc.string({
    unit: fc.constantFrom("a", "b", "\ud7ff", "\ue000", "\uffff", "\u{10000}"),
    minLength: 1,
    maxLength: 3,
  });
  return fc.oneof(
    { weight: 3, arbitrary: near.map(headKey) },
    { weight: 2, arbitrary: hostile.map(headKey) },
    { weight: 1, arbitrary: near.map((key) => KIND.item + key) },
  );
}

function keyRanges(
  fc: FastCheckFunctions,
  key: FastCheck.Arbitrary<StoredKey>,
): FastCheck.Arbitrary<KeyRange> {
  const ordered = fc
    .tuple(key, key)
    .map(([a, b]) => (compareKeys(a, b) < 0 ? { start: a, end: b } : { start: b, end: a }));
  return fc.oneof(
    ordered,
    key.map((start) => ({ start })),
    key.map((end) => ({ start: "", end })),
    key.map((only) => ({ start: only, end: successor(only) })),
    key.map((prefix) => prefixRange(prefix)),
    fc.tuple(key, key).map(([start, end]) => ({ start, end })),
    fc.constant({ start: "" }),
  );
}
