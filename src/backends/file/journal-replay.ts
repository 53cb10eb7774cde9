import type { LocalCommit } from "../local/local-commit.js";
import { DamageFault } from "./damage-fault.js";
import { frameAt, frameSeed, isFrame } from "./journal-frame.js";
import { decodeJournalHeader, JOURNAL_FORMAT, type JournalHeader } from "./journal-header.js";
import { decodeCommits } from "./journal-record.js";

/** A place between two frames of a journal, from which its reading can go on. */
export interface ReplayPoint {
  /** The first byte after the last frame read. */
  readonly offset: number;
  /** That frame's number. */
  readonly sequence: number;
}

export interface ReplayedFrame {
  readonly point: ReplayPoint;
  readonly commits: readonly LocalCommit[];
}

/** How a journal begins: with its header, or not at all because writing it was interrupted. */
export type JournalStart =
  | { readonly kind: "header"; readonly header: JournalHeader; readonly point: ReplayPoint }
  | { readonly kind: "unborn" };

/**
 * Reads the header of a journal.
 *
 * @throws DamageFault `foreign`, `newer-format` or `checksum`, naming the file and the offset.
 */
export function startOfJournal(bytes: Buffer, file: string, store: string, epoch: number): JournalStart {
  const first = frameAt(bytes, 0, frameSeed(store, epoch), false);
  if (first.kind === "end") return { kind: "unborn" };
  if (first.kind === "rotten") throw headerFault(bytes, file, store, first.flaw);
  const header = decodeJournalHeader(first.text);
  if (header === undefined)
    throw new DamageFault("checksum", file, 0, "it does not begin with a journal's header");
  if (header.format > JOURNAL_FORMAT) throw newerFault(file, header.format);
  return { kind: "header", header, point: { offset: first.next, sequence: header.after } };
}

/**
 * The frames of a journal after a point, one by one; returns whether an interrupted write was dropped at the end.
 * Pure: what it yields depends on the bytes and the point only.
 *
 * @throws DamageFault `checksum` at the first frame that is damaged rather than unfinished.
 */
export function* replay(
  bytes: Buffer,
  file: string,
  header: JournalHeader,
  from: ReplayPoint,
): Generator<ReplayedFrame, { readonly torn: boolean }> {
  const seed = frameSeed(header.store, header.epoch);
  for (let { offset, sequence } = from; ; ) {
    const found = frameAt(bytes, offset, seed, header.late);
    if (found.kind === "end") return { torn: found.torn };
    if (found.kind === "rotten") throw new DamageFault("checksum", file, offset, found.flaw);
    const frame = decode(found.text, file, offset);
    if (frame.sequence !== sequence + 1) throw gapFault(file, offset, sequence + 1, frame.sequence);
    offset = found.next;
    sequence = frame.sequence;
    yield { point: { offset, sequence }, commits: frame.commits };
  }
}

function decode(text: string, file: string, offset: number): ReturnType<typeof decodeCommits> {
  try {
    return decodeCommits(text);
  } catch (error) {
    throw new DamageFault("decode", file, offset, "a frame with a right checksum cannot be read", {
      cause: error,
    });
  }
}

/** A file counts as another store's only when it is whole as that: a flipped bit in the id of ours is damage. */
function headerFault(bytes: Buffer, file: string, store: string, flaw: string): DamageFault {
  const newline = Math.max(0, bytes.indexOf(0x0a));
  const header = decodeJournalHeader(bytes.toString("utf8", 0, newline));
  if (header !== undefined && header.format > JOURNAL_FORMAT) return newerFault(file, header.format);
  const isForeign =
    header !== undefined &&
    header.store !== store &&
    isFrame(bytes, 0, newline, frameSeed(header.store, header.epoch));
  if (isForeign) return new DamageFault("foreign", file, 0, "it belongs to another store");
  return new DamageFault("checksum", file, 0, flaw);
}

function newerFault(file: string, format: number): DamageFault {
  const flaw = `it has format ${format} and this version reads up to ${JOURNAL_FORMAT}`;
  return new DamageFault("newer-format", file, 0, flaw);
}

function gapFault(file: string, offset: number, expected: number, found: number): DamageFault {
  return new DamageFault(
    "checksum",
    file,
    offset,
    `frame ${expected} is missing, frame ${found} stands there`,
  );
}
