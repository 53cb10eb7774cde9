import { setTimeout as delay } from "node:timers/promises";
import { START } from "../../src/backends/backend.js";
import { background, withTimeout } from "../../src/index.js";
import type { FreshStore } from "../support/stores.js";
import { openTapped } from "../support/tapped-store.js";
import { storedCount } from "./stored-counts.js";

const ctx = background();
const BATCH = 1000;
/** Long enough for the last batch to be there before the first has gone. */
const TTL_MS_PER_BATCH = 50;
const PAGE = 100;

export interface Reclaimed {
  /** Keys that were there before the first expired. */
  readonly written: number;
  /** Keys of which the log tells that they expired. */
  readonly expired: number;
  /** What the engine keeps in the end; undefined where it cannot be counted from outside. */
  readonly left: number | undefined;
  /** From the last deadline until nothing was left. */
  readonly afterMs: number;
}

/**
 * Writes keys with a time to live, touches none of them again, and waits until they are gone from the engine and the log
 * tells of each.
 */
export async function reclaim(
  { settings }: FreshStore,
  { keys, withinMs }: { readonly keys: number; readonly withinMs: number },
): Promise<Reclaimed> {
  const all = {
    ...settings,
    ttl_cleanup_interval: "100ms",
    changes: { retain: { count: 10 * keys, age: "1h" } },
    cache_size: 0,
  };
  const { storage, backend } = await openTapped(all);
  try {
    const ttlMs = 2000 + TTL_MS_PER_BATCH * Math.ceil(keys / BATCH);
    const written = await fill(storage, keys, ttlMs);
    await delay(ttlMs);
    const due = performance.now();
    const [limit] = withTimeout(ctx, withinMs);
    const expired = new Set<string>();
    let after = START;
    let left = await storedCount(storage, settings);
    while ((expired.size < keys || (left ?? 0) > 0) && limit.err() === undefined) {
      const page = await backend.changes(ctx, "", after, { limit: PAGE });
      if (page.lost) throw new Error("the log does not reach back to its beginning");
      for (const write of page.changes.flatMap(({ writes }) => writes)) {
        if (write.kind !== "expire") continue;
        if (expired.has(write.key)) throw new Error(`${write.key} expired twice`);
        expired.add(write.key);
      }
      after = page.position;
      if (page.changes.length > 0) continue;
      left = await storedCount(storage, settings);
      await delay(50);
    }
    return { written, expired: expired.size, left, afterMs: performance.now() - due };
  } finally {
    await storage.stop();
  }
}

async function fill(
  storage: Awaited<ReturnType<typeof openTapped>>["storage"],
  keys: number,
  ttlMs: number,
): Promise<number> {
  for (let at = 0; at < keys; at += BATCH) {
    const count = Math.min(BATCH, keys - at);
    const batch = Array.from({ length: count }, (_, i) => [`key:${at + i}`, at + i] as const);
    await storage.setBatch(ctx, new Map(batch), ttlMs);
  }
  return await storage.count(ctx);
}
