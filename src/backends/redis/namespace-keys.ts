/** The keys of one namespace at the server, all in one slot of a cluster. */
export interface NamespaceKeys {
  readonly meta: string;
  readonly headers: string;
  readonly values: string;
  readonly index: string;
  readonly deadlines: string;
  readonly log: string;
  readonly fences: string;
  /** All seven, in the order that scripts take them. */
  readonly all: readonly string[];
  /** Where commits are announced. */
  readonly channel: string;
}

/** The tag is never empty, not even for the root: a cluster takes `{}` as no tag and would scatter the keys. */
export function namespaceKeys(prefix: string, namespace: string): NamespaceKeys {
  const base = `${prefix}{h${Buffer.from(namespace).toString("hex")}}:`;
  const [meta, headers, values, index, deadlines, log, fences] = [
    `${base}meta`,
    `${base}headers`,
    `${base}values`,
    `${base}index`,
    `${base}deadlines`,
    `${base}log`,
    `${base}fences`,
  ];
  const all = [meta, headers, values, index, deadlines, log, fences];
  return { meta, headers, values, index, deadlines, log, fences, all, channel: `${base}changes` };
}

/** The sorted set of the names of all namespaces ever written. Its tag is no namespace's. */
export function registryKey(prefix: string): string {
  return `${prefix}{names}`;
}
