import type { StoredHeader } from "../../core/entry.js";
import type { VersionSource } from "../../core/version.js";
import { removal, type CommitCall } from "./commit-call.js";
import { dueAt, type Due } from "./noted-deadlines.js";
import { placeOf } from "./lmdb-key.js";
import type { LmdbView } from "./lmdb-view.js";

/** Deadlines looked at in one commit. */
const SWEPT_AT_ONCE = 512;

/**
 * Removes entries whose deadline has passed, in one commit of each namespace, and what is noted of others that are
 * gone; at most a slice. Inside a write transaction.
 *
 * @returns what expired, by namespace; undefined when there was nothing to remove
 */
export async function sweepExpired(
  view: LmdbView,
  call: CommitCall,
  ids: VersionSource,
  now: number,
): Promise<ReadonlyMap<string, readonly StoredHeader[]> | undefined> {
  const found = [...dueAt(view, now, SWEPT_AT_ONCE)];
  for (const { noted } of found) view.tables.deadlines.remove(noted);
  const expired = removeEntries(view, found);
  for (const [namespace, headers] of expired) {
    const writes = headers.map((header) => removal("expire", header));
    call.expire(namespace, ids.next(), writes, call.now(namespace));
  }
  await call.finish();
  return found.length > 0 ? expired : undefined;
}

function removeEntries(view: LmdbView, found: readonly Due[]): ReadonlyMap<string, StoredHeader[]> {
  const expired = new Map<string, StoredHeader[]>();
  for (const { namespace, header } of found) {
    if (header === undefined) continue;
    view.tables.entries.remove(placeOf(namespace, header.key));
    const headers = expired.get(namespace) ?? [];
    expired.set(namespace, headers);
    headers.push(header);
  }
  return expired;
}
