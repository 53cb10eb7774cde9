import type { Expiry } from "../backends/backend.js";
import { headKey } from "../core/key.js";
import { headOf, type Head } from "./head.js";
import type { TransactionCore } from "./transaction-core.js";

/** Writes what a key holds once more with another expiry; false when it is absent. */
export async function changeExpiry(core: TransactionCore, key: string, ttlMs: number): Promise<boolean> {
  const head = await currentHead(core, key);
  if (head !== undefined) putAgain(core, key, head, ttlMs === 0 ? undefined : { in: ttlMs });
  return head !== undefined;
}

/** Removes the expiry of a key; false when it is absent or has none. */
export async function removeExpiry(core: TransactionCore, key: string): Promise<boolean> {
  const head = await currentHead(core, key);
  if (head?.expiry === undefined) return false;
  putAgain(core, key, head, undefined);
  return true;
}

/** What the transaction sees at the end of the wait: another call of it may have written the key meanwhile. */
async function currentHead(core: TransactionCore, key: string): Promise<Head | undefined> {
  const seen = await core.read(key);
  return headOf(core.services.source, core.known(key) ?? seen);
}

function putAgain(core: TransactionCore, key: string, head: Head, expiry: Expiry): void {
  core.put(headKey(key), core.services.encoder.encode(head.content()), expiry, head);
}
