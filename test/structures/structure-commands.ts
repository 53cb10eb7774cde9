import fc from "fast-check";

/** A call of a structure, or of its key. */
export type Call =
  | { readonly verb: "push"; readonly key: string; readonly left: boolean; readonly values: unknown[] }
  | { readonly verb: "pop"; readonly key: string; readonly left: boolean }
  | { readonly verb: "range" | "trim"; readonly key: string; readonly start: number; readonly end: number }
  | { readonly verb: "index"; readonly key: string; readonly index: number }
  | { readonly verb: "setIndex"; readonly key: string; readonly index: number; readonly value: unknown }
  | { readonly verb: "remove"; readonly key: string; readonly count: number; readonly value: unknown }
  | { readonly verb: "setFields"; readonly key: string; readonly fields: [string, unknown][] }
  | { readonly verb: "deleteFields"; readonly key: string; readonly fields: string[] }
  | { readonly verb: "fields"; readonly key: string }
  | { readonly verb: "addToField"; readonly key: string; readonly field: string; readonly by: number }
  | { readonly verb: "add"; readonly key: string; readonly by: number }
  | { readonly verb: "set"; readonly key: string; readonly value: unknown }
  | { readonly verb: "delete" | "expire" | "persist"; readonly key: string };

export type Command =
  | { readonly kind: "call"; readonly call: Call }
  /** Calls in one transaction, which is then committed or rolled back. */
  | { readonly kind: "transaction"; readonly calls: Call[]; readonly commits: boolean }
  /** Calls that are made at once. */
  | { readonly kind: "together"; readonly calls: Call[] }
  | { readonly kind: "reopen" };

const key = fc.constantFrom("a", "b");
const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("1", null, true, { n: [1] }));
const field = fc.constantFrom("x", "y", "__proto__");
const index = fc.integer({ min: -7, max: 7 });
const by = fc.constantFrom(1, -1, 0.5, 10);

const listCall: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      verb: fc.constant("push" as const),
      key,
      left: fc.boolean(),
      values: fc.array(value, { maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ verb: fc.constant("pop" as const), key, left: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constantFrom("range" as const, "trim" as const),
      key,
      start: index,
      end: index,
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("index" as const), key, index }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("setIndex" as const), key, index, value }) },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant("remove" as const),
      key,
      count: fc.integer({ min: -2, max: 2 }),
      value,
    }),
  },
);

const hashCall: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constant("setFields" as const),
      key,
      fields: fc.uniqueArray(fc.tuple(field, value), { maxLength: 3, selector: ([name]) => name }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constant("deleteFields" as const),
      key,
      fields: fc.uniqueArray(field, { maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("fields" as const), key }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("addToField" as const), key, field, by }) },
);

const keyCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ verb: fc.constant("add" as const), key, by }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant("set" as const), key, value }) },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: fc.constantFrom("delete" as const, "delete" as const, "expire" as const, "persist" as const),
      key,
    }),
  },
);

const call = fc.oneof(
  { weight: 5, arbitrary: listCall },
  { weight: 4, arbitrary: hashCall },
  { weight: 2, arbitrary: keyCall },
);

export const anyCommands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ kind: fc.constant("call" as const), call }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("transaction" as const),
        calls: fc.array(call, { maxLength: 8 }),
        commits: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("together" as const),
        calls: fc.array(call, { maxLength: 6 }),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
  ),
  { minLength: 5, maxLength: 60, size: "max" },
);
