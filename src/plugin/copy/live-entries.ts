import type { Context } from "../../core/context.js";
import type { StoredEntry } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { asSequence } from "../../core/operation.js";
import type { KeyRange } from "../../core/range.js";
import { entryChunks } from "../entry-chunks.js";
import type { CopySide } from "./copy-side.js";

/** An entry as it was read, with its deadline in the local monotonic time of its store. */
export interface LiveEntry {
  readonly entry: StoredEntry;
  /** Never later than the backend's deadline; Infinity when there is none. */
  readonly endsAt: number;
}

/** Which entries of a namespace are meant. */
export interface EntryScope {
  readonly namespace: string;
  readonly range: KeyRange;
  readonly matches: (key: StoredKey) => boolean;
}

/**
 * The entries of a scope in key order, in pages that may be empty. Headers are scanned first and values read by their
 * sizes, because a backend may bound its pages by their number of entries alone.
 */
export function liveEntries(
  side: CopySide,
  ctx: Context,
  scope: EntryScope,
): AsyncGenerator<readonly LiveEntry[]> {
  return asSequence(side.details(scope.namespace), () => generate(side, ctx, scope));
}

async function* generate(
  side: CopySide,
  ctx: Context,
  { namespace, range, matches }: EntryScope,
): AsyncGenerator<readonly LiveEntry[]> {
  const pages = side.slot.stack.backend.scan(ctx, namespace, range, { want: "headers" });
  for await (const { entries } of pages) {
    for (const keys of entryChunks(entries.filter(({ key }) => matches(key)))) {
      yield await readEntries(side, ctx, namespace, keys);
    }
  }
}

/** Those of `keys` that are still there. */
async function readEntries(
  side: CopySide,
  ctx: Context,
  namespace: string,
  keys: readonly StoredKey[],
): Promise<readonly LiveEntry[]> {
  return side.call(namespace, async ({ backend, runtime }) => {
    const sentAt = runtime.clock.monotonic();
    const { entries, now } = await backend.read(ctx, namespace, keys, { once: true });
    return entries.flatMap((entry) => {
      if (entry === undefined) return [];
      const endsAt = entry.expiresAt === undefined ? Infinity : sentAt + (entry.expiresAt - now);
      // One that does not open throws here, where it becomes an error of its side.
      void entry.data;
      return [{ entry, endsAt }];
    });
  });
}
