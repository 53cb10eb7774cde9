const SECRET_NAME = /pass|secret|token|credential|(?:^|_)key$|private/i;
const URL_CREDENTIALS = /^([a-z][a-z0-9+.-]*:\/\/)([^/@\s]*)@/i;
const MASK = "***";

/** A copy of a configuration in which passwords, tokens, keys and the credentials inside URLs are masked. */
export function maskSecrets(configuration: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(configuration).map(([name, value]) => [name, mask(name, value)]));
}

function mask(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (SECRET_NAME.test(name)) return MASK;
  if (typeof value === "string") return value.replace(URL_CREDENTIALS, `$1${MASK}@`);
  if (Array.isArray(value)) return value.map((item) => mask("", item));
  return typeof value === "object" ? maskSecrets(value as Record<string, unknown>) : value;
}
