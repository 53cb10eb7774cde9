import { StorageFault, type CorruptionReason } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import type { EntryHash } from "../../core/range-digest.js";
import type { VerifyProblem } from "../backend.js";
import { checkChanges } from "./change-rows.js";
import { readEntry, textOf } from "./entry-row.js";
import { findNamespace, type NamespaceRow } from "./namespace-row.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { Row } from "./sqlite-database.js";
import { sqliteFault } from "./sqlite-errors.js";

/** Rows read in one statement. */
const ROWS = 64;

const FIRST_NAME = "SELECT CAST(min(name) AS BLOB) AS name FROM namespaces";
const NEXT_NAME = "SELECT CAST(min(name) AS BLOB) AS name FROM namespaces WHERE name > ?";
const ENTRIES = `SELECT key, expires, hash_hi, hash_lo, head, data FROM entries WHERE ns = ? AND key > ?
  ORDER BY key LIMIT ${ROWS}`;
/** The first generation after one, of which there are entries. */
const GENERATIONS = "SELECT min(ns) AS ns FROM entries WHERE ns > ?";
const IS_KNOWN = `SELECT EXISTS (SELECT 1 FROM namespaces WHERE gen = ?)
  OR EXISTS (SELECT 1 FROM dropped WHERE gen = ?) AS known`;

export interface Verified {
  entries: number;
  readonly problems: VerifyProblem[];
}

/** Reads every row of a store, and checks it; yields after every slice of work. */
export function* verifyRows(connection: SqliteConnection, hash: EntryHash): Generator<void, Verified> {
  const found: Verified = { entries: 0, problems: [] };
  // A page of the file may be damaged so that SQLite cannot go on: then the rest is lost to it.
  try {
    for (let name = nameAfter(connection); name !== undefined; name = nameAfter(connection, name)) {
      const space = findNamespace(connection, name) as NamespaceRow;
      yield* verifyEntries(connection, name, space.gen, hash, found);
      yield* verifyLog(connection, name, space, found);
    }
    yield* findOrphans(connection, found);
  } catch (error) {
    found.problems.push({ reason: "checksum", message: sqliteFault(error, "reading the database").message });
  }
  return found;
}

function nameAfter(connection: SqliteConnection, name?: string): string | undefined {
  const row = name === undefined ? connection.get(FIRST_NAME) : connection.get(NEXT_NAME, [name]);
  const next = row?.[0] as Uint8Array | null | undefined;
  return next === null || next === undefined ? undefined : textOf(next);
}

function* verifyEntries(
  connection: SqliteConnection,
  namespace: string,
  gen: number,
  hash: EntryHash,
  found: Verified,
): Generator<void, void> {
  for (let after: Uint8Array = Buffer.alloc(0); ; yield) {
    const rows = connection.all(ENTRIES, [gen, after]);
    for (const row of rows) {
      found.entries += 1;
      after = row[0] as Uint8Array;
      const key = textOf(after);
      const problem = problemOf(namespace, key, row, hash);
      if (problem !== undefined) found.problems.push({ ...problem, namespace, key });
    }
    if (rows.length < ROWS) return;
  }
}

function problemOf(namespace: string, key: StoredKey, row: Row, hash: EntryHash): VerifyProblem | undefined {
  const [, expires, hi, lo, head, data] = row as readonly [
    Uint8Array,
    number | null,
    number,
    number,
    Uint8Array,
    Uint8Array,
  ];
  try {
    const { version, expiresAt } = readEntry(namespace, key, head, data);
    const halves = new Uint32Array(2);
    hash(key, version, halves);
    if (halves[0] !== hi || halves[1] !== lo) {
      return { reason: "checksum", message: "the hash of an entry is not that of its key and version" };
    }
    if ((expiresAt ?? null) === expires) return undefined;
    return { reason: "checksum", message: "the deadline of an entry is not the one it was written with" };
  } catch (error) {
    if (!(error instanceof StorageFault)) throw error;
    return { reason: error.reason as CorruptionReason, message: error.message };
  }
}

function* verifyLog(
  connection: SqliteConnection,
  namespace: string,
  space: NamespaceRow,
  { problems }: Verified,
): Generator<void, void> {
  for (const fault of checkChanges(connection, space)) {
    if (fault !== undefined) {
      problems.push({
        reason: "checksum",
        message: `the change log is damaged: ${fault.message}`,
        namespace,
      });
    }
    yield;
  }
}

function* findOrphans(connection: SqliteConnection, { problems }: Verified): Generator<void, void> {
  for (let gen = -1; ; yield) {
    const next = connection.get(GENERATIONS, [gen])?.[0] as number | null | undefined;
    if (next === null || next === undefined) return;
    gen = next;
    if (connection.number(IS_KNOWN, [gen, gen]) === 0) {
      problems.push({ reason: "orphan", message: `entries of the generation ${gen} belong to no namespace` });
    }
  }
}
