import fc from "fast-check";
import { setField } from "../../src/core/set-field.js";

const LONE_SURROGATES = fc.constantFrom("\ud800", "a\udc00b", "\udfff\ud800");
const FIELD_NAMES = fc.oneof(
  fc.constantFrom(
    "$date",
    "$bytes",
    "$map",
    "$set",
    "$bigint",
    "$number",
    "$undefined",
    "$",
    "$$date",
    "$$$",
  ),
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "0", "", "\u2028"),
  fc.string({ unit: "binary", maxLength: 6 }),
);

/** Values in stored form: everything that a codec must bring back exactly. */
export const storedValues: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const value = tie("value");
  const leaf = fc.oneof(
    fc.constantFrom(null, true, false, undefined, -0, Number.NaN, Infinity, -Infinity, "", "$", "\\u0024"),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: "binary" }),
    LONE_SURROGATES,
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
  );
  return {
    value: fc.oneof(
      { maxDepth: 5, depthIdentifier: "value" },
      leaf,
      fc.array(value, { maxLength: 5, depthIdentifier: "value" }),
      fc
        .uniqueArray(fc.tuple(FIELD_NAMES, value), {
          maxLength: 4,
          selector: ([name]) => name,
          depthIdentifier: "value",
        })
        .map(objectOf),
      fc
        .array(fc.tuple(value, value), { maxLength: 3, depthIdentifier: "value" })
        .map((pairs) => new Map(pairs)),
      fc.array(value, { maxLength: 3, depthIdentifier: "value" }).map((members) => new Set(members)),
    ),
  };
}).value;

/** As {@link storedValues}, without undefined at the top, which cannot be stored by itself. */
export const storableValues = storedValues.filter((value) => value !== undefined);

function objectOf(fields: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, value] of fields) setField(object, name, value);
  return object;
}
