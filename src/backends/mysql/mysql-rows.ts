import type { EntryType } from "../../core/entry.js";
import { START } from "../backend.js";
import type { CommitEffects, ExpiredRow, LogRow } from "../sql/log-row.js";
import type {
  CommitRow,
  EntryRow,
  HeaderRow,
  NamespaceState,
  NumberedRow,
  RecalledBatch,
} from "../sql/sql-store.js";
import type { MysqlField, MysqlRow } from "./mysql-driver.js";

function bytesOf(field: MysqlField | undefined): Buffer {
  return Buffer.isBuffer(field) ? field : Buffer.from(String(field ?? ""));
}

export function textOf(field: MysqlField | undefined): string {
  return bytesOf(field).toString();
}

function textOrNull(field: MysqlField | undefined): string | null {
  return field == null ? null : textOf(field);
}

function numberOrNull(field: MysqlField | undefined): number | null {
  return field == null ? null : Number(field);
}

/** Clock, ordinal, id, as they follow each other in every answer. */
export function stateOf([now, ordinal, id]: MysqlRow): NamespaceState {
  return { now: Number(now), ordinal: Number(ordinal ?? START.ordinal), id: textOf(id) };
}

/** Of the first row of an answer about entries, in whose columns it stands. */
export function stateOfFirst([, id = null, , , now = null, ordinal = null]: MysqlRow): NamespaceState {
  return stateOf([now, ordinal, id]);
}

/** Of the first row of an answer about entries. */
export function generationOf([, , generation]: MysqlRow): number {
  return Number(generation ?? 0);
}

/** How many entries a page could have held, or a range holds; in the last column. */
export function candidatesOf(row: MysqlRow | undefined): number {
  return Number(row?.[7] ?? 0);
}

/** Version, type, incarnation, expiry, bytes. */
function headerOf([version, type, incarnation, expiresAt, bytes]: MysqlRow): HeaderRow {
  return {
    version: textOf(version),
    type: Number(type) as EntryType,
    incarnation: textOrNull(incarnation),
    expiresAt: numberOrNull(expiresAt),
    sealedBytes: Number(bytes),
  };
}

/** A header and then the value. */
function entryOf(row: MysqlRow): Omit<EntryRow, "key"> {
  return { ...headerOf(row), value: row[5] == null ? null : bytesOf(row[5]) };
}

/** A number, then an entry. */
export function numberedRow([number, ...entry]: MysqlRow): NumberedRow {
  return { number: Number(number), ...entryOf(entry) };
}

/** A key, then an entry. */
export function entryRow([key, ...entry]: MysqlRow): EntryRow {
  return { key: textOf(key), ...entryOf(entry) };
}

export function expiredRow([namespace, key, version, incarnation]: MysqlRow): ExpiredRow {
  return {
    namespace: textOf(namespace),
    key: textOf(key),
    version: textOf(version),
    incarnation: textOrNull(incarnation),
  };
}

export function logRow([ordinal, id, previous, now, record, effects]: MysqlRow): LogRow {
  return {
    ordinal: Number(ordinal),
    id: textOf(id),
    previous: textOf(previous),
    now: Number(now),
    record: bytesOf(record),
    effects: effectsOf(effects),
  };
}

function effectsOf(field: MysqlField | undefined): CommitEffects | undefined {
  return field == null ? undefined : (JSON.parse(textOf(field)) as CommitEffects);
}

/** A row of the commit procedure: kind, two numbers or one, then what the kind needs. */
export function commitRow([kind, number, item, ...rest]: MysqlRow): CommitRow {
  const batch = Number(number);
  switch (kind) {
    case "s":
      return { kind: "state", namespace: batch, state: stateOf([item as MysqlField, ...rest]) };
    case "c":
      return {
        kind: "conflict",
        batch,
        check: Number(item),
        current: rest[0] == null ? undefined : entryOf(rest),
      };
    case "r":
      return { kind: "range", batch, range: Number(item) };
    case "w":
      return { kind: "replaced", batch, write: Number(item), header: headerOf(rest) };
    default:
      return { kind: "removed", batch, count: Number(item) };
  }
}

/** A row of the recall procedure about a batch: kind, number, ordinal, clock, effects. */
export function recalledBatch([, batch, ordinal, now, effects]: MysqlRow): RecalledBatch {
  return { batch: Number(batch), ordinal: Number(ordinal), now: Number(now), effects: effectsOf(effects) };
}

/** A row of the recall procedure about a namespace; undefined where its log is empty. */
export function recalledNamespace(row: MysqlRow | undefined) {
  if (row === undefined) return { state: { now: 0, ...START }, oldest: 0 };
  const [, , now = null, ordinal = null, id = null, oldest] = row;
  return { state: stateOf([now, ordinal, id]), oldest: Number(oldest) };
}
