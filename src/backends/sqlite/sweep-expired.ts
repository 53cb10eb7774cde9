import type { StoredHeader } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { VersionSource } from "../../core/version.js";
import { removal, type CommitCall } from "./commit-call.js";
import { readHeader, textOf } from "./entry-row.js";
import type { SqliteConnection } from "./sqlite-connection.js";

/** What is known of an entry that expired. */
type Expired = Pick<StoredHeader, "key" | "incarnation">;

/** Rows looked at or removed in one transaction. */
const SWEPT_AT_ONCE = 512;

const DUE =
  "SELECT EXISTS (SELECT 1 FROM entries WHERE expires <= ?) OR EXISTS (SELECT 1 FROM dropped) AS due";
const EXPIRED = `SELECT e.ns AS ns, e.key AS key, e.head AS head, length(e.data) AS bytes, CAST(n.name AS BLOB) AS name
  FROM (SELECT ns, key, head, data FROM entries WHERE expires <= ? ORDER BY expires LIMIT ${SWEPT_AT_ONCE}) e
  LEFT JOIN namespaces n ON n.gen = e.ns`;
const DELETE = "DELETE FROM entries WHERE ns = ? AND key = ?";
const DROPPED = "SELECT gen FROM dropped LIMIT 1";
const DELETE_DROPPED = `DELETE FROM entries WHERE ns = ? AND key IN
  (SELECT key FROM entries WHERE ns = ? ORDER BY key LIMIT ${SWEPT_AT_ONCE})`;
const IS_LEFT = "SELECT EXISTS (SELECT 1 FROM entries WHERE ns = ?) AS more";
const FORGET = "DELETE FROM dropped WHERE gen = ?";

/** Whether there is anything to remove. */
export function hasDue(connection: SqliteConnection, now: number): boolean {
  return connection.number(DUE, [now]) !== 0;
}

/**
 * Removes entries whose deadline has passed, in one commit of each namespace, and some of what emptied namespaces left
 * behind. Inside a write transaction.
 *
 * @returns what expired, by namespace
 */
export function sweepExpired(
  connection: SqliteConnection,
  call: CommitCall,
  ids: VersionSource,
  now: number,
): ReadonlyMap<string, readonly Expired[]> {
  const expired = removeExpired(connection, now);
  for (const [namespace, headers] of expired) {
    const space = call.open(namespace);
    space.prepareWriting();
    space.note(
      ids.next(),
      headers.map((header) => removal("expire", header)),
    );
  }
  call.finish();
  removeDropped(connection);
  return expired;
}

function removeExpired(connection: SqliteConnection, now: number): ReadonlyMap<string, Expired[]> {
  const expired = new Map<string, Expired[]>();
  for (const row of connection.all(EXPIRED, [now])) {
    const [ns, key, head, bytes, name] = row as readonly [
      number,
      Uint8Array,
      Uint8Array,
      number,
      Uint8Array | null,
    ];
    connection.run(DELETE, [ns, key]);
    // What an emptied namespace left behind was deleted before.
    if (name === null) continue;
    const namespace = textOf(name);
    const headers = expired.get(namespace) ?? [];
    expired.set(namespace, headers);
    headers.push(headerOf(namespace, textOf(key), head, bytes));
  }
  return expired;
}

/** Of a damaged entry only the key is known. */
function headerOf(namespace: string, key: string, head: Uint8Array, bytes: number): Expired {
  try {
    return readHeader(namespace, key, head, bytes);
  } catch (error) {
    if (error instanceof StorageFault) return { key };
    throw error;
  }
}

function removeDropped(connection: SqliteConnection): void {
  const gen = connection.get(DROPPED)?.[0] as number | undefined;
  if (gen === undefined) return;
  connection.run(DELETE_DROPPED, [gen, gen]);
  if (connection.number(IS_LEFT, [gen]) === 0) connection.run(FORGET, [gen]);
}
