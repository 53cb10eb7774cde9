import { compareKeys } from "../../core/key.js";
import type { CopyRun } from "./copy-run.js";
import { liveEntries, type EntryScope, type LiveEntry } from "./live-entries.js";

/** What both stores hold under one key; at least one of them holds something. */
export interface EntryPair {
  readonly found: LiveEntry | undefined;
  readonly held: LiveEntry | undefined;
}

/**
 * The entries of a scope in the source (`found`) and in the target (`held`), side by side in key order. Neither store
 * is held still: what is written behind the walk is not seen.
 */
export async function* entryPairs(run: CopyRun, scope: EntryScope): AsyncGenerator<EntryPair> {
  const source = new EntryCursor(liveEntries(run.source, run.ctx, scope));
  const target = new EntryCursor(liveEntries(run.target, run.ctx, scope));
  try {
    for (;;) {
      const found = await source.peek();
      const held = await target.peek();
      const order = orderOf(found, held);
      if (order === undefined) return;
      if (order <= 0) source.skip();
      if (order >= 0) target.skip();
      yield { found: order <= 0 ? found : undefined, held: order >= 0 ? held : undefined };
    }
  } finally {
    await Promise.allSettled([source.close(), target.close()]);
  }
}

/** Which comes first; undefined when both are at their end. */
function orderOf(found: LiveEntry | undefined, held: LiveEntry | undefined): number | undefined {
  if (found === undefined) return held === undefined ? undefined : 1;
  return held === undefined ? -1 : compareKeys(found.entry.key, held.entry.key);
}

class EntryCursor {
  readonly #pages: AsyncGenerator<readonly LiveEntry[]>;
  #page: readonly LiveEntry[] = [];
  #at = 0;

  constructor(pages: AsyncGenerator<readonly LiveEntry[]>) {
    this.#pages = pages;
  }

  /** The entry it stands at; undefined at the end. */
  async peek(): Promise<LiveEntry | undefined> {
    while (this.#at === this.#page.length) {
      const next = await this.#pages.next();
      if (next.done === true) return undefined;
      this.#page = next.value;
      this.#at = 0;
    }
    return this.#page[this.#at];
  }

  skip(): void {
    this.#at += 1;
  }

  async close(): Promise<void> {
    await this.#pages.return(undefined);
  }
}
