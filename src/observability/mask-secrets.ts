const SECRET_NAME = /pass|secret|token|credential|key$|private/i;
/** Up to the last "@": a password may hold one that nobody escaped. */
const URL_CREDENTIALS = /^(\s*[a-z][a-z0-9+.-]*:\/\/)\S*@/i;
/** In the query of a URL, and in the "name=value" text that drivers take. */
const NAMED_SECRET = /([\w-]*(?:pass|secret|token|credential|key|private)[\w-]*=)[^\s&#]*/gi;
const MASK = "***";

/** A copy of a configuration in which passwords, tokens, keys and the credentials inside URLs are masked. */
export function maskSecrets(configuration: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(configuration).map(([name, value]) => [name, mask(name, value)]));
}

function mask(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (SECRET_NAME.test(name)) return MASK;
  if (typeof value === "string") return maskText(value);
  if (Array.isArray(value)) return value.map((item) => mask("", item));
  return typeof value === "object" ? maskSecrets(value as Record<string, unknown>) : value;
}

function maskText(text: string): string {
  return text.replace(URL_CREDENTIALS, `$1${MASK}@`).replace(NAMED_SECRET, `$1${MASK}`);
}
