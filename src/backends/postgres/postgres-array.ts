/** Numbers as an array of PostgreSQL. */
export function numberArray(values: readonly (number | string | null)[]): string {
  // A comma between nothing and nothing is how JavaScript joins null, and no array of PostgreSQL.
  return values.includes(null)
    ? `{${values.map((value) => value ?? "NULL").join(",")}}`
    : `{${values.join(",")}}`;
}

const PLAIN = /^[A-Za-z0-9_-]+$/;

/** Texts as an array of PostgreSQL. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map(textElement).join(",")}}`;
}

function textElement(value: string | null): string {
  if (value === null) return "NULL";
  // Ids are plain; "null" in any case would stand for NULL.
  if (PLAIN.test(value) && value.toLowerCase() !== "null") return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
