import type { StoredKey } from "../../core/key.js";
import type { BackendSetup, ExpiredHead } from "../backend.js";

interface ExpiredEntry {
  readonly key: StoredKey;
  readonly incarnation?: string | null;
}

/** Tells of the heads of structures among expired entries that were removed. */
export function tellExpired(
  told: BackendSetup["expired"],
  namespace: string,
  entries: readonly ExpiredEntry[],
): void {
  if (told === undefined) return;
  const heads: ExpiredHead[] = [];
  for (const { key, incarnation } of entries) {
    if (typeof incarnation === "string") heads.push({ key, incarnation });
  }
  if (heads.length > 0) told(namespace, heads);
}
