import { StorageFault } from "../../core/errors.js";
import { MAX_VALUE_BYTES } from "../../core/value-encoder.js";
import { SEAL_BYTES } from "./backup-cipher.js";
import { backupDamage } from "./backup-damage.js";
import { decodeRecord, encodeRecord, MAX_HEADER_BYTES, type BackupRecord } from "./backup-record.js";
import { BACKUP_FORMAT, sha256, type SegmentSeal } from "./backup-manifest.js";
import { checkedLines, LineSealer, type LineLimits } from "./checked-lines.js";
import type { SegmentForm } from "./segment-form.js";

/** A segment is closed once its lines take so much; a line that is longer stands alone in one. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;
/** The longest line there can be: a value at its limit, every character of it escaped, and its header. */
const MAX_LINE_BYTES = 6 * MAX_VALUE_BYTES + MAX_HEADER_BYTES;
/** The largest there can be: its last line begins before it is full. */
export const MAX_SEGMENT_BYTES = SEGMENT_BYTES + MAX_LINE_BYTES + 1;
export const MAX_SEGMENT_FILE_BYTES = MAX_SEGMENT_BYTES + SEAL_BYTES;
/** The line before it says which segment it is. */
export const FIRST_RECORD_LINE = 2;
const LIMITS: LineLimits = { longest: MAX_LINE_BYTES, lastStart: SEGMENT_BYTES };

/** Which segment of which backup. */
export interface SegmentPlace {
  readonly backup: string;
  readonly number: number;
  readonly namespace: string;
}

export function segmentName(number: number, { ending }: SegmentForm): string {
  return `${String(number).padStart(5, "0")}${ending}`;
}

/** Gathers the lines of one segment. */
export class SegmentBuilder {
  readonly #place: SegmentPlace;
  readonly #sealer = new LineSealer();
  readonly #lines: Buffer[] = [];
  #bytes = 0;

  constructor(place: SegmentPlace) {
    this.#place = place;
    this.#push(headerOf(place));
  }

  /** Bytes of its lines so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= SEGMENT_BYTES;
  }

  add(record: BackupRecord): void {
    this.#push(encodeRecord(record));
  }

  async finish(form: SegmentForm): Promise<{ readonly stored: Buffer; readonly seal: SegmentSeal }> {
    const stored = await form.pack(Buffer.concat(this.#lines), segmentName(this.#place.number, form));
    const sizes = { bytes: this.#bytes, storedBytes: stored.length, lines: this.#lines.length };
    return { stored, seal: { number: this.#place.number, ...sizes, sha256: sha256(stored) } };
  }

  #push(json: string): void {
    const line = this.#sealer.seal(json);
    if (line.length > MAX_LINE_BYTES) throw tooLong(line.length);
    this.#lines.push(line);
    this.#bytes += line.length;
  }
}

function headerOf({ backup, number, namespace }: SegmentPlace): string {
  return JSON.stringify({ holdfast: "segment", format: BACKUP_FORMAT, backup, segment: number, namespace });
}

function tooLong(bytes: number): StorageFault {
  const message = `an entry takes a line of ${bytes} bytes; a backup holds lines of up to ${MAX_LINE_BYTES}, split it`;
  return new StorageFault("too-large", message);
}

/**
 * The records of a segment, once all of it was found to be what the manifest says.
 *
 * @param file its path, for messages.
 * @throws StorageFault of 5003, with the file, and the line where one can be told.
 */
export async function readSegment(
  stored: Buffer,
  form: SegmentForm,
  place: SegmentPlace,
  seal: SegmentSeal,
  file: string,
): Promise<BackupRecord[]> {
  const lines = await form.unpack(stored, seal.bytes, file);
  const records: BackupRecord[] = [];
  let count = 0;
  for (const { number, json } of checkedLines(lines, file, LIMITS)) {
    count = number;
    if (number < FIRST_RECORD_LINE && json !== headerOf(place))
      throw backupDamage("foreign", file, "it is not this segment of this backup", { line: number });
    if (number >= FIRST_RECORD_LINE) records.push(recordOf(json, file, number));
  }
  // The lines come first, because they say where the damage is; the digest leaves nothing out.
  if (sha256(stored) !== seal.sha256)
    throw backupDamage("checksum", file, "its digest is not the one in the manifest");
  if (count !== seal.lines || lines.length !== seal.bytes)
    throw backupDamage("decode", file, `it holds ${count} lines instead of ${seal.lines}`);
  return records;
}

function recordOf(json: string, file: string, line: number): BackupRecord {
  try {
    return decodeRecord(json);
  } catch (cause) {
    throw backupDamage("decode", file, "it is not a record that this version knows", { line, cause });
  }
}
