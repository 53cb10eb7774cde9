import type { Backend, Change, Position } from "../../backends/backend.js";
import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { inRange, type KeyRange } from "../../core/range.js";

/** Commits asked for at once, and writes held at once, give or take the last commit. */
const PAGE_COMMITS = 64;
const MAX_WRITES = 8192;

/** A stretch of a namespace's change log. */
export interface LogPage {
  readonly changes: readonly Change[];
  /** Where it ends. */
  readonly position: Position;
  /** It goes as far as was asked; false when it was cut because it is long. */
  readonly isWhole: boolean;
}

/**
 * The changes after a position: as far as the log went when it was asked, and at least to `until`.
 *
 * @throws StorageFault `outrun` when the log does not reach back to `after`.
 */
export async function readLog(
  backend: Backend,
  ctx: Context,
  namespace: string,
  after: Position,
  until: Position = after,
): Promise<LogPage> {
  const changes: Change[] = [];
  let position = after;
  let writes = 0;
  for (;;) {
    const page = await backend.changes(ctx, namespace, position, { limit: PAGE_COMMITS });
    if (page.lost) throw logLost(namespace);
    changes.push(...page.changes);
    for (const change of page.changes) writes += change.writes.length;
    position = page.position;
    const isWhole = page.changes.length < PAGE_COMMITS && position.ordinal >= until.ordinal;
    // An empty page before `until` is another history than the one that `until` is of.
    if (page.changes.length === 0 && !isWhole) throw logLost(namespace);
    if (isWhole || writes > MAX_WRITES) return { changes, position, isWhole };
  }
}

export function logLost(namespace: string): StorageFault {
  const message =
    "the change log forgot commits before the backup had read them; raise changes.retain (age and count), or back up at a quieter time";
  return new StorageFault("outrun", message, { namespace });
}

/** What commits wrote to: keys, and ranges that they emptied. */
export class Touched {
  readonly keys = new Set<StoredKey>();
  readonly ranges: KeyRange[] = [];

  constructor(changes: Iterable<Change>) {
    for (const { writes } of changes) {
      for (const write of writes) {
        if (write.kind === "delete-range") this.ranges.push(write.range);
        else this.keys.add(write.key);
      }
    }
  }

  has(key: StoredKey): boolean {
    return this.keys.has(key) || this.ranges.some((range) => inRange(key, range));
  }
}
