import { createHash } from "node:crypto";
import { START } from "../../src/backends/backend.js";
import { withCancel, background, type Storage } from "../../src/index.js";
import { formatPosition } from "../../src/plugin/watch-position.js";

/** What a watcher of a change log has seen from its beginning on. */
export interface WatchedLog {
  readonly commits: number;
  /** Of every change in its order: equal where two have seen the same. */
  readonly digest: string;
  /** What must not be: commits seen twice, out of order, or missed. */
  readonly problems: readonly string[];
}

/**
 * Follows the log of a store until it has seen so many commits of one put each, and a moment longer: one seen twice
 * would come then.
 */
export async function watchLog(
  storage: Storage,
  commits: number,
  onSeen: () => void = () => undefined,
): Promise<WatchedLog> {
  const [ctx, cancel] = withCancel(background());
  const hash = createHash("sha256");
  const versions = new Set<string>();
  const problems: string[] = [];
  let ordinal = 0;
  let seen = 0;
  try {
    for await (const change of storage.watch(ctx, "*", { after: formatPosition(START) })) {
      if (change.type !== "set") {
        problems.push(`a ${change.type} at ${change.position}`);
        break;
      }
      seen += 1;
      onSeen();
      const next = Number(change.position.split(".")[0]);
      if (next !== ordinal + 1) problems.push(`${change.position} after ordinal ${ordinal}`);
      ordinal = next;
      if (versions.has(change.version as string)) problems.push(`version ${change.version} a second time`);
      versions.add(change.version as string);
      hash.update(`${change.position} ${change.key} ${change.version}\n`);
      if (seen === commits) setTimeout(cancel, 200);
    }
  } catch (error) {
    if (seen < commits) throw error;
  }
  return { commits: seen, digest: hash.digest("hex"), problems: problems.slice(0, 10) };
}
