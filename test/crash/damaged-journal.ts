import { DamageFault } from "../../src/backends/file/damage-fault.js";
import { encodeFrame, frameSeed } from "../../src/backends/file/journal-frame.js";
import { encodeJournalHeader, type JournalHeader } from "../../src/backends/file/journal-header.js";
import { encodeCommits } from "../../src/backends/file/journal-record.js";
import { replay, startOfJournal, type ReplayPoint } from "../../src/backends/file/journal-replay.js";
import { localEntry } from "../../src/backends/local/local-entry.js";
import { SeededRandom } from "./seeded-random.js";

export const HEADER: JournalHeader = { store: "abcdefghijkl", epoch: 7, follows: 6, after: 41, late: false };
export const SEED = frameSeed(HEADER.store, HEADER.epoch);
export const FILE = "storage.json.journal-7";

/** A journal in memory and the places between its frames, the header's end first. */
export interface SampleJournal {
  readonly bytes: Buffer;
  readonly points: readonly ReplayPoint[];
}

export interface DamageTotals {
  readonly rounds: number;
  /** What was not as it should be, enough to repeat it. */
  readonly failures: readonly string[];
  /** Flips after the last frame that were dropped with the unfinished write they look like; nothing was lost by it. */
  readonly harmless: number;
}

/** @param tailBytes zeros after the last frame. */
export function sampleJournal(minBytes: number, tailBytes: number, seed: number): SampleJournal {
  const random = new SeededRandom(seed);
  const frames = [encodeFrame(encodeJournalHeader(HEADER), SEED)];
  let offset = (frames[0] as Buffer).length;
  const points: ReplayPoint[] = [{ offset, sequence: HEADER.after }];
  while (offset < minBytes) {
    const sequence = HEADER.after + points.length;
    const frame = encodeFrame(encodeCommits(sequence, [sampleCommit(sequence, random)]), SEED);
    frames.push(frame);
    offset += frame.length;
    points.push({ offset, sequence });
  }
  return { bytes: Buffer.concat([...frames, Buffer.alloc(tailBytes)]), points };
}

/** A commit of some puts. */
export function sampleCommit(sequence: number, random: SeededRandom) {
  const id = `AbCdEfGhIjk${sequence}`;
  const writes = Array.from({ length: 1 + random.below(3) }, () => {
    const data = JSON.stringify({
      name: `name ${random.below(1000)}`,
      tags: ["é", " @*J"],
      n: random.below(1e9),
    });
    const entry = localEntry({ key: `user:${random.below(1000)}`, version: id, type: 1, codec: 1, data });
    return { kind: "put", entry } as const;
  });
  const position = { ordinal: sequence, id };
  return {
    namespace: "users",
    id,
    position,
    previous: `AbCdEfGhIjk${sequence - 1}`,
    now: 1.9e12 + 0.25,
    writes,
  };
}

/** Cuts a journal at every length: what remains must be exactly the frames that are whole. */
export function tryTruncations({ bytes, points }: SampleJournal): DamageTotals {
  const failures: string[] = [];
  let frame = -1;
  for (let length = 0; length <= bytes.length; length++) {
    // A frame whose newline alone is missing is whole.
    while (frame + 1 < points.length && length >= (points[frame + 1] as ReplayPoint).offset - 1) frame += 1;
    const found = framesBefore(bytes.subarray(0, length), points, Math.max(0, frame - 1));
    const expected = frame === -1 ? "unborn" : String(frame);
    if (found !== expected) failures.push(`cut after ${length} bytes: ${found} and not ${expected} frames`);
  }
  return { rounds: bytes.length + 1, failures, harmless: 0 };
}

/** The number of whole frames, read on from the point before the one in question. */
function framesBefore(bytes: Buffer, points: readonly ReplayPoint[], from: number): string {
  try {
    if (from === 0 && startOfJournal(bytes, FILE, HEADER.store, HEADER.epoch).kind === "unborn")
      return "unborn";
    return String(from + [...replay(bytes, FILE, HEADER, points[from] as ReplayPoint)].length);
  } catch (error) {
    return String(error);
  }
}

/**
 * Flips every bit of a journal, one at a time. One in a frame or its newline must be reported where it is. One in the
 * zeros after the last frame may also be taken for an interrupted write, when it stands at the start of a sector: then
 * every frame must be there.
 */
export function tryFlips(journal: SampleJournal): DamageTotals {
  const limit = Error.stackTraceLimit;
  // Millions of faults are made, and nobody looks at where.
  Error.stackTraceLimit = 0;
  try {
    return flipAll(journal);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function flipAll({ bytes, points }: SampleJournal): DamageTotals {
  const failures: string[] = [];
  let harmless = 0;
  const framesEnd = (points.at(-1) as ReplayPoint).offset;
  let frame = 0;
  for (let at = 0; at < bytes.length; at++) {
    while (frame < points.length && at >= (points[frame] as ReplayPoint).offset) frame += 1;
    for (let bit = 0; bit < 8; bit++) {
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const verdict = verdictOnFlip(bytes, points, frame);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      if (verdict === "reported") continue;
      if (verdict === "dropped" && at >= framesEnd) harmless += 1;
      else failures.push(`bit ${bit} of byte ${at}: ${verdict}`);
    }
  }
  return { rounds: bytes.length * 8, failures, harmless };
}

/** @param frame the number of the damaged frame, 0 for the header; one past the last for the zeros behind it. */
function verdictOnFlip(bytes: Buffer, points: readonly ReplayPoint[], frame: number): string {
  try {
    if (frame === 0) return `begins with ${startOfJournal(bytes, FILE, HEADER.store, HEADER.epoch).kind}`;
    const next = replay(bytes, FILE, HEADER, points[frame - 1] as ReplayPoint).next();
    return next.done === true ? (next.value.torn ? "dropped" : "not noticed") : "read";
  } catch (error) {
    const end = (points[frame] ?? points.at(-1))?.offset ?? 0;
    if (error instanceof DamageFault && error.offset <= end) return "reported";
    return String(error);
  }
}
