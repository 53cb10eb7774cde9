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

/** What `validate` makes of a value. @throws StorageFault `invalid-value` naming the first places that are wrong. */
export async function checkValue(schema: StandardSchema, value: unknown): Promise<unknown> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return result.value;
  throw new StorageFault(
    "invalid-value",
    `the value does not fit the namespace's schema at ${places(result.issues)}`,
  );
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
