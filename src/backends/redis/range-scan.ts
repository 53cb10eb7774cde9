import type { Context } from "../../core/context.js";
import type { StoredKey } from "../../core/key.js";
import { isEmptyRange, rangeBeyond, type KeyRange } from "../../core/range.js";
import type { Position, ScanOptions, ScanPage, ScanWant, Wanted } from "../backend.js";
import { MOST_EXPIRED } from "./committer.js";
import { openEntry, openHeader } from "./entry-header.js";
import { sweepWhole, type SweepSetup } from "./expiry-sweep.js";
import type { Limited } from "./limited.js";
import { isLive } from "./read-gatherer.js";
import { scriptAnswer } from "./redis-errors.js";
import { SCRIPTS } from "./redis-script.js";
import type { Space } from "./spaces.js";

/** Entries of a page: half a millisecond of the server's time. Keys alone cost a fifth of that. */
const PAGE_ENTRIES = 512;
const PAGE_KEYS = 2048;
const PAGE_BYTES = 4 * 1024 * 1024;

/** What scripts/scan.lua answers. */
type ScanAnswer = readonly [
  now: number,
  ordinal: number,
  id: Buffer,
  keys: readonly Buffer[],
  headers: readonly (Buffer | null)[],
  values: readonly (Buffer | null)[],
  more: number,
];

/** The pages of a scan that wants more than a count. `limited` runs the asking for each page. */
export async function* scanRange<W extends ScanWant>(
  { connection }: SweepSetup,
  limited: Limited,
  ctx: Context,
  space: Space,
  range: KeyRange,
  { limit = Infinity, reverse = false, want = "values" as W }: ScanOptions<W>,
): AsyncGenerator<ScanPage<W>> {
  const { meta, headers, values, index, deadlines } = space.keys;
  let left = limit;
  let rest: KeyRange | undefined = range;
  while (left > 0 && rest !== undefined && !isEmptyRange(rest)) {
    const most = Math.min(left, want === "keys" ? PAGE_KEYS : PAGE_ENTRIES);
    const args = [want, ...bounds(rest), reverse ? "REV" : "", String(most), String(PAGE_BYTES)];
    const answer = (await limited(ctx, (until) =>
      connection.read(until, SCRIPTS.scan, [meta, headers, values, index, deadlines], args),
    )) as ScanAnswer;
    const keys = answer[3].map(String);
    const entries = liveEntries(space.name, want, keys, answer) as unknown as Wanted<W>[];
    const last = keys.at(-1);
    rest = answer[6] === 1 && last !== undefined ? rangeBeyond(rest, last, reverse) : undefined;
    left -= entries.length;
    if (entries.length > 0) {
      yield { entries, count: entries.length, now: answer[0], position: positionOf(answer) };
    }
  }
}

/** The one page of a count. Where too much has expired to be told apart in one step, it is swept first. */
export async function countRange(
  setup: SweepSetup,
  limit: Context,
  space: Space,
  range: KeyRange,
  most = Infinity,
): Promise<ScanPage<"count">> {
  const { meta, index, deadlines } = space.keys;
  const { start, end = "" } = isEmptyRange(range) ? NO_KEYS : range;
  const args = [start, end, String(MOST_EXPIRED)];
  for (;;) {
    try {
      const answer = (await setup.connection.read(limit, SCRIPTS.count, [meta, index, deadlines], args)) as [
        now: number,
        ordinal: number,
        id: Buffer,
        count: number,
      ];
      const count = Math.min(most, answer[3]);
      return { entries: [], count, now: answer[0], position: positionOf(answer) };
    } catch (error) {
      if (scriptAnswer(error) !== "BEHIND") throw error;
      await sweepWhole(setup, limit, space);
    }
  }
}

const NO_KEYS = { start: "\u0001", end: "\u0001" };

/** As ZRANGE takes them. */
function bounds({ start, end }: KeyRange): [string, string] {
  return [start === "" ? "-" : `[${start}`, end === undefined ? "+" : `(${end}`];
}

/** Where the namespace stood, by the second and third part of an answer. */
export function positionOf(answer: readonly [unknown, number, Buffer, ...unknown[]]): Position {
  return { ordinal: answer[1], id: answer[2].toString("latin1") };
}

function liveEntries(
  namespace: string,
  want: ScanWant,
  keys: readonly StoredKey[],
  [now, , , , headers, values]: ScanAnswer,
): unknown[] {
  // Nothing has expired, so nothing but keys was sent.
  if (want === "keys" && headers.length === 0) return keys.map((key) => ({ key }));
  const live: unknown[] = [];
  for (const [i, key] of keys.entries()) {
    const header = headers[i];
    // An index entry without an entry is what verify reports.
    if (header === null || header === undefined) continue;
    const entry = want === "values" ? openEntry(namespace, key, header, values[i]) : openHeader(key, header);
    if (isLive(entry, now)) live.push(want === "keys" ? { key } : entry);
  }
  return live;
}
