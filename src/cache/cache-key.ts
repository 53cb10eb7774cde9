/**
 * One text for a namespace and a user's key. Keys hold no U+0000, so root keys, which stand alone and cost nothing,
 * never meet another namespace's.
 */
export function cacheKey(namespace: string, key: string): string {
  return namespace === "" ? key : `${namespace}\0${key}`;
}

/** The namespace that a cache key belongs to. */
export function namespaceOfCacheKey(key: string): string {
  const separator = key.indexOf("\0");
  return separator === -1 ? "" : key.slice(0, separator);
}
