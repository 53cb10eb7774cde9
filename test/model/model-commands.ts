import fc from "fast-check";
import type { ListOptions } from "../../src/index.js";
import { HOSTILE_KEYS } from "../../src/testing/backend-suite/hostile-keys.js";

/** A call on a namespace or in a transaction. */
export type Call =
  | { readonly kind: "get" | "getOr" | "exists" | "ttl" | "delete" | "persist"; readonly key: string }
  | { readonly kind: "getEntry" | "type"; readonly key: string }
  | { readonly kind: "set"; readonly key: string; readonly value: unknown; readonly ttlMs: number }
  | { readonly kind: "expire"; readonly key: string; readonly ttlMs: number }
  | { readonly kind: "getBatch" | "deleteBatch"; readonly keys: readonly string[] }
  | {
      readonly kind: "setBatch";
      readonly data: readonly (readonly [string, unknown])[];
      readonly ttlMs: number;
    }
  | { readonly kind: "find" | "keys" | "scan"; readonly pattern: string; readonly options: ListOptions }
  | { readonly kind: "count"; readonly pattern: string }
  | { readonly kind: "size" | "clear" | "entries" };

export type Command =
  | { readonly kind: "call"; readonly namespace: string; readonly call: Call }
  | { readonly kind: "begin"; readonly namespace: string; readonly slot: number }
  | { readonly kind: "within"; readonly slot: number; readonly call: Call }
  | { readonly kind: "commit" | "rollback"; readonly slot: number }
  | {
      readonly kind: "transact";
      readonly namespace: string;
      readonly calls: readonly Call[];
      readonly changesMind: boolean;
    }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "reopen" | "clearCache" | "listNamespaces" };

/** The root more often, so that enough comes together in one place. */
const NAMESPACES = ["", "", "", "user", "user2", "__proto__"];
/** Transactions open at a time. */
const SLOTS = 2;

/** Few keys, so that commands meet; each run has others. */
const anyKeys = fc.uniqueArray(fc.constantFrom(...HOSTILE_KEYS.map(([, key]) => key)), {
  minLength: 3,
  maxLength: 6,
});

const plainValue = fc.oneof(
  fc.constantFrom<unknown>(null, false, 0, -0, "", Number.NaN, Number.POSITIVE_INFINITY, [], {}),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes)),
);
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: plainValue, weight: 3 },
  { arbitrary: fc.array(plainValue, { maxLength: 3 }), weight: 1 },
  {
    arbitrary: fc.array(fc.tuple(fc.string(), plainValue), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    weight: 1,
  },
  { arbitrary: fc.array(fc.integer(), { maxLength: 3 }).map((items) => new Set(items)), weight: 1 },
  { arbitrary: fc.record({ name: fc.string(), nested: fc.record({ item: plainValue }) }), weight: 1 },
);

const anyTtl = fc.oneof(
  { arbitrary: fc.constant(0), weight: 2 },
  { arbitrary: fc.constantFrom(1, 10, 50, 1000), weight: 1 },
);
const PATTERNS = [
  "*",
  "?",
  "a*",
  "*a*",
  "[a-z]*",
  "[!a]*",
  "\\*",
  "*/*",
  "..*",
  "*\\*",
  "__*__",
  "k?*",
  "😀*",
  "[A-c]*",
];

function anyOptions(key: fc.Arbitrary<string>): fc.Arbitrary<ListOptions> {
  return fc.record({ limit: fc.nat(4), after: key, reverse: fc.boolean() }, { requiredKeys: [] });
}

function callsOn(key: fc.Arbitrary<string>): { inside: fc.Arbitrary<Call>; outside: fc.Arbitrary<Call> } {
  const keys = fc.array(key, { maxLength: 4 });
  const pattern = fc.oneof(fc.constantFrom(...PATTERNS), key.map(escaped));
  const data = fc.array(fc.tuple(key, anyValue), { maxLength: 4 });
  const inside: fc.Arbitrary<Call>[] = [
    fc.record({
      kind: fc.constantFrom("get" as const, "getOr" as const, "exists" as const, "ttl" as const),
      key,
    }),
    fc.record({ kind: fc.constant("set" as const), key, value: anyValue, ttlMs: anyTtl }),
    fc.record({ kind: fc.constantFrom("delete" as const, "persist" as const), key }),
    fc.record({ kind: fc.constant("expire" as const), key, ttlMs: anyTtl }),
    fc.record({ kind: fc.constantFrom("getBatch" as const, "deleteBatch" as const), keys }),
    fc.record({ kind: fc.constant("setBatch" as const), data, ttlMs: anyTtl }),
    fc.record({
      kind: fc.constantFrom("find" as const, "keys" as const, "scan" as const),
      pattern,
      options: anyOptions(key),
    }),
    fc.record({ kind: fc.constant("count" as const), pattern }),
  ];
  // Without enough in the store the other calls have nothing to see.
  const [read, set] = inside as [fc.Arbitrary<Call>, fc.Arbitrary<Call>];
  inside.push(set, set, set, read, read);
  const outside: fc.Arbitrary<Call>[] = [
    ...inside,
    fc.record({ kind: fc.constantFrom("getEntry" as const, "type" as const), key }),
    fc.record({ kind: fc.constantFrom("size" as const, "entries" as const) }),
  ];
  const clear = fc.record({ kind: fc.constant("clear" as const) });
  return {
    inside: fc.oneof(...inside),
    outside: fc.oneof({ arbitrary: fc.oneof(...outside), weight: 30 }, { arbitrary: clear, weight: 1 }),
  };
}

function escaped(key: string): string {
  return key.replace(/[*?[\\]/g, "\\$&");
}

function commandsOn(keys: readonly string[]): fc.Arbitrary<Command> {
  const { inside, outside } = callsOn(fc.constantFrom(...keys));
  const namespace = fc.constantFrom(...NAMESPACES);
  const slot = fc.nat(SLOTS - 1);
  return fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant("call" as const), namespace, call: outside }), weight: 30 },
    { arbitrary: fc.record({ kind: fc.constant("within" as const), slot, call: inside }), weight: 20 },
    { arbitrary: fc.record({ kind: fc.constant("begin" as const), namespace, slot }), weight: 6 },
    {
      arbitrary: fc.record({
        kind: fc.constantFrom("commit" as const, "commit" as const, "rollback" as const),
        slot,
      }),
      weight: 6,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant("transact" as const),
        namespace,
        calls: fc.array(inside, { maxLength: 4 }),
        changesMind: fc.boolean(),
      }),
      weight: 4,
    },
    {
      arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(1, 9, 50, 2000) }),
      weight: 4,
    },
    {
      arbitrary: fc.record({ kind: fc.constantFrom("clearCache" as const, "listNamespaces" as const) }),
      weight: 2,
    },
    { arbitrary: fc.record({ kind: fc.constant("reopen" as const) }), weight: 1 },
  );
}

/** Runs of commands over a handful of hostile keys. */
export function anyCommands(maxLength: number): fc.Arbitrary<Command[]> {
  return anyKeys.chain((keys) => fc.array(commandsOn(keys), { minLength: maxLength / 2, maxLength }));
}

/** The same without what depends on a clock that the test cannot set: no pauses, and nothing expires. */
export function withoutTime(commands: readonly Command[]): Command[] {
  return commands.flatMap((command): Command[] => {
    if (command.kind === "advance") return [];
    if (command.kind === "transact") return [{ ...command, calls: command.calls.map(unexpiring) }];
    return "call" in command ? [{ ...command, call: unexpiring(command.call) }] : [command];
  });
}

function unexpiring(call: Call): Call {
  return "ttlMs" in call ? { ...call, ttlMs: 0 } : call;
}
