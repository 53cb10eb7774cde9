/** Environment variables by name, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What stands in the way of filling in a text: completes "`path`: …". */
export class ExpansionFlaw extends Error {
  override readonly name = "ExpansionFlaw";
}

const REFERENCE = /\$(\$?)\{([^{}]*)(\}?)/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const MAX_LENGTH = 64 * 1024;

/**
 * Fills in `${NAME}` and `${NAME:-default}` in a text; the default also stands for an empty variable. What was
 * filled in is not looked at again. `$${` is a plain `${`.
 *
 * @throws ExpansionFlaw when a variable without default is not set, or a reference is malformed.
 */
export function expandVariables(text: string, environment: Environment): string {
  const expanded = text.replace(REFERENCE, (whole, escape: string, inside: string, end: string) => {
    if (escape !== "") return whole.slice(1);
    if (end === "")
      throw new ExpansionFlaw(`"\${" without "}"; close it, or write "$\${" for the plain characters`);
    return lookUp(inside, environment);
  });
  if (expanded.length > MAX_LENGTH) {
    throw new ExpansionFlaw(`longer than ${MAX_LENGTH} characters once filled in; give less`);
  }
  return expanded;
}

function lookUp(inside: string, environment: Environment): string {
  const [, name, fallback] = NAME_AND_DEFAULT.exec(inside) ?? [];
  if (name === undefined) {
    throw new ExpansionFlaw(
      `"\${${inside.slice(0, 64)}}" is no reference; write \${NAME} or \${NAME:-default}`,
    );
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (fallback !== undefined) return value || fallback;
  if (value === undefined) {
    throw new ExpansionFlaw(`environment variable ${name} is not set; set it, or write \${${name}:-default}`);
  }
  return value;
}
