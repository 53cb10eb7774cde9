import type { EntryType } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { LocalCommit, LocalWrite } from "../local/local-commit.js";
import { localEntry, type LocalEntry } from "../local/local-entry.js";
import { valueData, valueForm, valueText, type ValueForm } from "./value-text.js";

/** One put, as it stands in a frame; its value stands at the end of the frame, after a tab. */
type PutRecord = readonly [
  kind: "put",
  key: string,
  type: EntryType,
  codec: number,
  form: ValueForm,
  expiresAt?: number | null,
  incarnation?: string,
];
type WriteRecord =
  | PutRecord
  | readonly [kind: "delete" | "expire", key: string]
  | readonly [kind: "delete-range", start: string, end?: string];
type CommitRecord = readonly [
  namespace: string,
  id: string,
  ordinal: number,
  previous: string,
  now: number,
  writes: readonly WriteRecord[],
];

const VALUES = ',"values":[';
const TAB = "\t";

/** The body of a frame: commits first, then the values that they put, each on its own after a tab. */
export function encodeCommits(sequence: number, commits: readonly LocalCommit[]): string {
  const values: string[] = [];
  const records = commits.map((commit) => commitRecord(commit, values));
  const head = `"seq":${sequence},"commits":${JSON.stringify(records)}`;
  return values.length === 0 ? head : `${head}${VALUES}${TAB}${values.join(`,${TAB}`)}]`;
}

/** The frame's number and commits. `text` is a whole frame whose checksum was right. */
export function decodeCommits(text: string): { readonly sequence: number; readonly commits: LocalCommit[] } {
  const tab = text.indexOf(TAB);
  const head = tab === -1 ? text : `${text.slice(0, tab - VALUES.length)}}`;
  const values = tab === -1 ? [] : text.slice(tab + 1, -2).split(`,${TAB}`);
  const { seq, commits } = JSON.parse(head) as { seq: number; commits: CommitRecord[] };
  let next = 0;
  const nextValue = () => values[next++];
  return { sequence: seq, commits: commits.map((record) => commitOf(record, nextValue)) };
}

function commitRecord(commit: LocalCommit, values: string[]): CommitRecord {
  const { namespace, id, position, previous, now, writes } = commit;
  return [namespace, id, position.ordinal, previous, now, writes.map((write) => writeRecord(write, values))];
}

function writeRecord(write: LocalWrite, values: string[]): WriteRecord {
  if (write.kind === "put") return putRecord(write.entry, values);
  if (write.kind !== "delete-range") return [write.kind, write.key];
  const { start, end } = write.range;
  return end === undefined ? [write.kind, start] : [write.kind, start, end];
}

function putRecord(entry: LocalEntry, values: string[]): PutRecord {
  const { key, type, codec, data, expiresAt, incarnation } = entry;
  const form = valueForm(entry);
  values.push(valueText(data, form));
  if (incarnation !== undefined) return ["put", key, type, codec, form, expiresAt ?? null, incarnation];
  return expiresAt === undefined
    ? ["put", key, type, codec, form]
    : ["put", key, type, codec, form, expiresAt];
}

function commitOf(record: CommitRecord, nextValue: () => string | undefined): LocalCommit {
  const [namespace, id, ordinal, previous, now, writes] = record;
  return {
    namespace,
    id,
    position: { ordinal, id },
    previous,
    now,
    writes: writes.map((write) => writeOf(write, id, nextValue)),
  };
}

function writeOf(record: WriteRecord, version: string, nextValue: () => string | undefined): LocalWrite {
  if (record[0] === "put") return { kind: "put", entry: entryOf(record, version, nextValue()) };
  if (record[0] !== "delete-range") return { kind: record[0], key: record[1] };
  const [kind, start, end] = record;
  return { kind, range: end === undefined ? { start } : { start, end } };
}

function entryOf(record: PutRecord, version: string, value: string | undefined): LocalEntry {
  if (value === undefined) throw new StorageFault("decode", "a frame holds fewer values than it puts");
  const [, key, type, codec, form, expiresAt, incarnation] = record;
  const data = valueData(value, form);
  return localEntry({ key, version, type, codec, data, expiresAt: expiresAt ?? undefined, incarnation });
}
