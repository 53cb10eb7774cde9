import type { VersionSource } from "../../core/version.js";
import type { ChangedWrite } from "../backend.js";
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
 * @returns whether there was anything to remove
 */
export async function sweepExpired(
  view: LmdbView,
  call: CommitCall,
  ids: VersionSource,
  now: number,
): Promise<boolean> {
  const found = [...dueAt(view, now, SWEPT_AT_ONCE)];
  for (const { noted } of found) view.tables.deadlines.remove(noted);
  for (const [namespace, writes] of removeEntries(view, found)) {
    call.expire(namespace, ids.next(), writes, call.now(namespace));
  }
  await call.finish();
  return found.length > 0;
}

function removeEntries(view: LmdbView, found: readonly Due[]): ReadonlyMap<string, ChangedWrite[]> {
  const expired = new Map<string, ChangedWrite[]>();
  for (const { namespace, header } of found) {
    if (header === undefined) continue;
    view.tables.entries.remove(placeOf(namespace, header.key));
    const writes = expired.get(namespace) ?? [];
    expired.set(namespace, writes);
    writes.push(removal("expire", header));
  }
  return expired;
}
