import { crc32 } from "node:zlib";
import { backupDamage } from "./backup-damage.js";

/**
 * The lines of a backup's files are JSON objects whose first member is a checksum: CRC32 over the rest of the line,
 * going on from the checksum of the line before. So a line that was changed, moved, repeated or left out is named.
 */
const OPENING = '{"crc":';
const LONGEST_OPENING = OPENING.length + 11;
const FIRST = /^\{"crc":(\d{1,10}),/;
const NEWLINE = 0x0a;

/** Makes lines out of JSON objects that have at least one member. */
export class LineSealer {
  #crc = 0;

  /** The line, with newline. */
  seal(json: string): Buffer {
    const rest = Buffer.from(json.slice(1));
    this.#crc = crc32(rest, this.#crc);
    return Buffer.concat([Buffer.from(`${OPENING}${this.#crc},`), rest, Buffer.of(NEWLINE)]);
  }
}

export interface CheckedLine {
  /** From 1. */
  readonly number: number;
  /** JSON of an object, without the checksum. */
  readonly json: string;
}

/** What the lines of a file may be; what goes past it is refused before memory is taken for it. */
export interface LineLimits {
  /** Longest line, in bytes. */
  readonly longest: number;
  /** A line begins before this byte of the file. */
  readonly lastStart: number;
}

/**
 * The lines of a file, each checked before it is given.
 *
 * @throws StorageFault `checksum`, `truncated`, or `decode` past the limits, with the number of the line.
 */
export function* checkedLines(
  bytes: Buffer,
  file: string,
  { longest, lastStart }: LineLimits,
): Generator<CheckedLine> {
  let crc = 0;
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    number += 1;
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) throw backupDamage("truncated", file, "it ends inside a line", { line: number });
    if (end - start > longest)
      throw backupDamage("decode", file, "the line is longer than any that was written", { line: number });
    if (start >= lastStart)
      throw backupDamage("decode", file, "there are more lines than were ever written", { line: number });
    const opening = FIRST.exec(bytes.toString("latin1", start, Math.min(end, start + LONGEST_OPENING)));
    const rest = bytes.subarray(start + (opening?.[0].length ?? 0), end);
    if (opening !== null) crc = crc32(rest, crc);
    if (opening === null || Number(opening[1]) !== crc)
      throw backupDamage("checksum", file, "it was changed after it had been written", { line: number });
    yield { number, json: `{${rest.toString()}` };
    start = end + 1;
  }
}
