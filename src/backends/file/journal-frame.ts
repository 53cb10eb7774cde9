import { crc32 } from "node:zlib";

/**
 * A frame is one line of JSON, `{"crc":"89abcdef",…}` and a newline. The checksum covers everything after its own
 * field and is seeded with the store and the epoch, so that a frame counts in its own journal only. Neither JSON nor
 * the values in it hold a raw newline or NUL.
 */
const OPENING = Buffer.from('{"crc":"');
const HEX_DIGITS = 8;
/** Where the covered part begins: after `{"crc":"89abcdef",`. */
const BODY_AT = OPENING.length + HEX_DIGITS + 2;
const NEWLINE = 0x0a;

/** What the checksums of a journal start from. */
export type FrameSeed = number;

export function frameSeed(store: string, epoch: number): FrameSeed {
  return crc32(`${store}:${epoch}`);
}

/** @param body the members after the checksum, without braces, such as `"seq":1,"commits":[]`. */
export function encodeFrame(body: string, seed: FrameSeed): Buffer {
  const frame = Buffer.from(`{"crc":"00000000",${body}}\n`);
  frame.write(hex(crc32(frame.subarray(BODY_AT, frame.length - 1), seed)), OPENING.length, "latin1");
  return frame;
}

/** Whether `bytes[start, end)` is a whole frame without its newline. */
export function isFrame(bytes: Buffer, start: number, end: number, seed: FrameSeed): boolean {
  if (
    end - start <= BODY_AT ||
    bytes.compare(OPENING, 0, OPENING.length, start, start + OPENING.length) !== 0
  ) {
    return false;
  }
  const digitsAt = start + OPENING.length;
  // The quote and comma after the digits are the only bytes of a frame that nothing else looks at.
  if (bytes[digitsAt + HEX_DIGITS] !== 0x22 || bytes[digitsAt + HEX_DIGITS + 1] !== 0x2c) return false;
  const expected = hex(crc32(bytes.subarray(start + BODY_AT, end), seed));
  return bytes.toString("latin1", digitsAt, digitsAt + HEX_DIGITS) === expected;
}

/** What stands at an offset of a journal. `torn`: a write that the machine or process did not live to finish. */
export type FrameAt =
  | { readonly kind: "frame"; readonly text: string; readonly next: number }
  | { readonly kind: "end"; readonly torn: boolean }
  | { readonly kind: "rotten"; readonly flaw: string };

/**
 * Reads the frame at an offset. Depends on nothing before it, so that reading can go on from any known frame.
 *
 * @param late whether several writes may have been under way at once, so that any frame can have lost sectors.
 */
export function frameAt(bytes: Buffer, offset: number, seed: FrameSeed, late: boolean): FrameAt {
  const newline = bytes.indexOf(NEWLINE, offset);
  if (newline !== -1 && isFrame(bytes, offset, newline, seed)) {
    return { kind: "frame", text: bytes.toString("utf8", offset, newline), next: newline + 1 };
  }
  const contentEnd = endOfContent(bytes, offset);
  if (contentEnd === offset) return { kind: "end", torn: false };
  return newline === -1
    ? unterminated(bytes, offset, contentEnd, seed)
    : damaged(bytes, offset, newline, contentEnd, late);
}

function unterminated(bytes: Buffer, offset: number, contentEnd: number, seed: FrameSeed): FrameAt {
  if (isFrame(bytes, offset, contentEnd, seed)) {
    return { kind: "frame", text: bytes.toString("utf8", offset, contentEnd), next: contentEnd };
  }
  if (isFrame(bytes, offset, contentEnd - 1, seed)) {
    return { kind: "rotten", flaw: "the newline after the last frame is damaged" };
  }
  if (sectors(bytes, offset, contentEnd) === "mixed") {
    return {
      kind: "rotten",
      flaw: "there is something after the last frame that no interrupted write leaves",
    };
  }
  return { kind: "end", torn: true };
}

function damaged(bytes: Buffer, offset: number, newline: number, contentEnd: number, late: boolean): FrameAt {
  const last = contentEnd === newline + 1;
  if ((last || late) && sectors(bytes, offset, newline + 1) === "lost") return { kind: "end", torn: true };
  return { kind: "rotten", flaw: "a frame does not match its checksum" };
}

const SECTOR_BYTES = 512;

/**
 * How the sectors of an interrupted write came out. A frame holds no NUL, so a sector that never reached the disk is
 * NUL from its first byte to its last, and one that did holds none. `whole`: none is missing; `lost`: some are;
 * `mixed`: this is something else.
 */
function sectors(bytes: Buffer, start: number, end: number): "whole" | "lost" | "mixed" {
  let lost = false;
  for (let from = start; from < end; ) {
    const to = Math.min(end, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    const nulls = countNulls(bytes, from, to);
    if (nulls > 0 && nulls < to - from) return "mixed";
    lost ||= nulls > 0;
    from = to;
  }
  return lost ? "lost" : "whole";
}

function countNulls(bytes: Buffer, start: number, end: number): number {
  let nulls = 0;
  for (let i = start; i < end; i++) if (bytes[i] === 0) nulls += 1;
  return nulls;
}

/** After the last byte that is not NUL: a preallocated tail is the end of the file. */
function endOfContent(bytes: Buffer, offset: number): number {
  let end = bytes.length;
  while (
    end - offset >= ZEROS.length &&
    bytes.compare(ZEROS, 0, ZEROS.length, end - ZEROS.length, end) === 0
  ) {
    end -= ZEROS.length;
  }
  while (end > offset && bytes[end - 1] === 0) end -= 1;
  return end;
}

const ZEROS = Buffer.alloc(4096);

function hex(checksum: number): string {
  return checksum.toString(16).padStart(HEX_DIGITS, "0");
}
