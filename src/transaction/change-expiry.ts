import type { Expiry } from "../backends/backend.js";
import { headKey } from "../core/key.js";
import { DELETED } from "./write-buffer.js";
import { isSeen, plainValue, type Seen, type TransactionCore } from "./transaction-core.js";

/** Writes what a key holds once more with another expiry; false when it is absent. */
export async function changeExpiry(core: TransactionCore, key: string, ttlMs: number): Promise<boolean> {
  return putAgain(core, key, await core.read(key), ttlMs === 0 ? undefined : { in: ttlMs });
}

/** Removes the expiry of a key; false when it is absent or has none. */
export async function removeExpiry(core: TransactionCore, key: string): Promise<boolean> {
  const seen = await core.read(key);
  return expires(seen) && putAgain(core, key, seen, undefined);
}

function putAgain(core: TransactionCore, key: string, seen: Seen, expiry: Expiry): boolean {
  const value = plainValue(core, seen);
  if (value !== undefined) core.put(headKey(key), core.services.encoder.encode(value), expiry);
  return value !== undefined;
}

function expires(seen: Seen): boolean {
  if (!isSeen(seen) || seen === DELETED) return false;
  return "kind" in seen ? seen.expiry !== undefined : seen.expiresAt !== Infinity;
}
