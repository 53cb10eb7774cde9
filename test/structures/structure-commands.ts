import fc from "fast-check";

/** A call of a structure, or of its key. */
export type Call =
  | {
      readonly verb: "push";
      readonly key: string;
      readonly left: boolean;
      readonly values: readonly unknown[];
    }
  | { readonly verb: "pop"; readonly key: string; readonly left: boolean }
  | { readonly verb: "range" | "trim"; readonly key: string; readonly start: number; readonly end: number }
  | { readonly verb: "index"; readonly key: string; readonly index: number }
  | { readonly verb: "setIndex"; readonly key: string; readonly index: number; readonly value: unknown }
  | { readonly verb: "remove"; readonly key: string; readonly count: number; readonly value: unknown }
  | {
      readonly verb: "setFields";
      readonly key: string;
      readonly fields: readonly (readonly [string, unknown])[];
    }
  | { readonly verb: "deleteFields"; readonly key: string; readonly fields: readonly string[] }
  | { readonly verb: "fields"; readonly key: string }
  | { readonly verb: "addToField"; readonly key: string; readonly field: string; readonly by: number }
  | { readonly verb: "add"; readonly key: string; readonly by: number }
  | { readonly verb: "set"; readonly key: string; readonly value: unknown }
  | { readonly verb: "delete" | "expire" | "persist"; readonly key: string };

export type Command =
  | { readonly kind: "call"; readonly call: Call }
  /** Calls in one transaction, which is then committed or rolled back. */
  | { readonly kind: "transaction"; readonly calls: readonly Call[]; readonly commits: boolean }
  /** Calls that are made at once. */
  | { readonly kind: "together"; readonly calls: readonly Call[] }
  | { readonly kind: "reopen" };

const smallValue = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("1", null, true, { n: [1] }));
const field = fc.constantFrom("x", "y", "__proto__");
const index = fc.integer({ min: -7, max: 7 });
/** Often the whole list. */
const first = fc.oneof(fc.constant(0), index);
const last = fc.oneof(fc.constant(-1), index);
const by = fc.constantFrom(1, -1, 0.5, 10);

/** What calls are made of. */
interface Parts {
  readonly list: fc.Arbitrary<string>;
  readonly hash: fc.Arbitrary<string>;
  readonly counter: fc.Arbitrary<string>;
  readonly value: fc.Arbitrary<unknown>;
  /** How many times as often as changes things are looked at. */
  readonly looks: number;
}

function anyCall({ list, hash, counter, value, looks }: Parts): fc.Arbitrary<Call> {
  return fc.oneof(
    { weight: 5, arbitrary: anyListCall(list, value, looks) },
    { weight: 4, arbitrary: anyHashCall(hash, value, looks) },
    { weight: 1, arbitrary: fc.record({ verb: fc.constant("add" as const), key: counter, by }) },
    { weight: 1, arbitrary: anyKeyCall(fc.oneof(list, hash, counter), value) },
  );
}

function anyListCall(
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<unknown>,
  looks: number,
): fc.Arbitrary<Call> {
  const one = <V extends string>(...verbs: V[]) => fc.constantFrom(...verbs);
  const values = fc.array(value, { maxLength: 4 });
  const count = fc.integer({ min: -2, max: 2 });
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ verb: one("push"), key, left: fc.boolean(), values }) },
    { weight: 4, arbitrary: fc.record({ verb: one("pop"), key, left: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ verb: one("trim"), key, start: first, end: last }) },
    { weight: 2 * looks, arbitrary: fc.record({ verb: one("range"), key, start: first, end: last }) },
    { weight: 2 * looks, arbitrary: fc.record({ verb: one("index"), key, index }) },
    { weight: 2, arbitrary: fc.record({ verb: one("setIndex"), key, index, value }) },
    { weight: 3, arbitrary: fc.record({ verb: one("remove"), key, count, value }) },
  );
}

function anyHashCall(
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<unknown>,
  looks: number,
): fc.Arbitrary<Call> {
  const one = <V extends string>(...verbs: V[]) => fc.constantFrom(...verbs);
  const pairs = fc.uniqueArray(fc.tuple(field, value), { maxLength: 3, selector: ([name]) => name });
  const names = fc.uniqueArray(field, { maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ verb: one("setFields"), key, fields: pairs }) },
    { weight: 3, arbitrary: fc.record({ verb: one("deleteFields"), key, fields: names }) },
    { weight: 2 * looks, arbitrary: fc.record({ verb: one("fields"), key }) },
    { weight: 2, arbitrary: fc.record({ verb: one("addToField"), key, field, by }) },
  );
}

function anyKeyCall(key: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>): fc.Arbitrary<Call> {
  const verb = fc.constantFrom("delete" as const, "delete" as const, "expire" as const, "persist" as const);
  return fc.oneof(
    { weight: 1, arbitrary: fc.record({ verb: fc.constant("set" as const), key, value }) },
    { weight: 3, arbitrary: fc.record({ verb, key }) },
  );
}

const eitherKey = fc.constantFrom("a", "b");
/** Any structure under any of two keys: most calls meet another type sooner or later. */
const call = anyCall({ list: eitherKey, hash: eitherKey, counter: eitherKey, value: smallValue, looks: 1 });

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
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
    arbitrary: fc.record({ kind: fc.constant("together" as const), calls: fc.array(call, { maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
);

/** Runs of five commands and more. */
export function anyCommands(longest: number): fc.Arbitrary<Command[]> {
  return fc.array(anyCommand, { minLength: 5, maxLength: longest, size: "max" });
}

/** One call, or the calls of one transaction. */
export interface Step {
  readonly calls: readonly Call[];
  readonly isTransaction: boolean;
}

/** Nearly always the key of its own structure. */
function mostly(key: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(key) },
    { weight: 1, arbitrary: fc.constantFrom("list", "hash", "counter") },
  );
}

/** Values that are nearly all different, so that whoever has taken one is known. */
const ownValue = fc.oneof({ weight: 1, arbitrary: smallValue }, { weight: 3, arbitrary: fc.nat(999_999) });
const meetingCall = anyCall({
  list: mostly("list"),
  hash: mostly("hash"),
  counter: mostly("counter"),
  value: ownValue,
  looks: 3,
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ calls: fc.tuple(meetingCall), isTransaction: fc.constant(false) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      calls: fc.array(meetingCall, { minLength: 1, maxLength: 4 }),
      isTransaction: fc.constant(true),
    }),
  },
);

/** What a client does to one list, one hash and one counter; the same for the same seed. */
export function stepsOf(seed: number, count: number): readonly Step[] {
  return fc.sample(anyStep, { seed, numRuns: count });
}
