import { StorageFault } from "../core/errors.js";

/**
 * A schema of any library that follows the Standard Schema specification, version 1 (standardschema.dev): zod, valibot,
 * arktype and others. Only what is used here is declared.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * What the schema makes of a value, or a promise of it where the schema waits for something. The value is checked and
 * taken in one step unless it does; one that waits must not be changed meanwhile.
 *
 * @throws StorageFault `invalid-value` naming the first places that are wrong.
 */
export function checkValue(schema: StandardSchema, value: unknown): unknown {
  const result = validate(schema, value);
  return isPromise(result) ? Promise.resolve(result).then(accepted, failed) : accepted(result);
}

function validate(schema: StandardSchema, value: unknown): ReturnType<Validate> {
  try {
    return schema["~standard"].validate(value);
  } catch (error) {
    return failed(error);
  }
}

type Validate = StandardSchema["~standard"]["validate"];

function isPromise(result: ReturnType<Validate>): result is Promise<SchemaResult<unknown>> {
  return typeof (result as { readonly then?: unknown }).then === "function";
}

function accepted(result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  throw new StorageFault(
    "invalid-value",
    `the value does not fit the namespace's schema at ${places(result.issues)}`,
  );
}

// What a schema throws may quote the value as well: it is kept as the cause only.
function failed(cause: unknown): never {
  throw new StorageFault("invalid-value", "the namespace's schema threw an error instead of an answer", {
    cause,
  });
}

const MOST_PLACES = 5;

// Messages of schema libraries may quote the value, which must not reach an error: only places are named.
function places(issues: readonly SchemaIssue[]): string {
  const shown = issues.slice(0, MOST_PLACES).map(({ path }) => placeOf(path ?? []));
  return issues.length > MOST_PLACES
    ? `${shown.join(", ")} and ${issues.length - MOST_PLACES} more`
    : shown.join(", ");
}

function placeOf(path: NonNullable<SchemaIssue["path"]>): string {
  const steps = path.map((step) => String(typeof step === "object" ? step.key : step));
  return steps.length === 0 ? "its top" : steps.join(".").slice(0, 64);
}

/** @throws TypeError unless it is a Standard Schema. */
export function requireSchema(schema: unknown): asserts schema is StandardSchema {
  const standard = (schema as Partial<StandardSchema> | null | undefined)?.["~standard"];
  if (typeof standard?.validate !== "function") {
    throw new TypeError(
      "a namespace's schema must follow the Standard Schema specification (zod, valibot, arktype, …)",
    );
  }
}
