import { crc32 } from "node:zlib";
import type { Breather } from "../files/breather.js";
import type { LocalEntry } from "../local/local-entry.js";
import { DamageFault } from "./damage-fault.js";
import { LineScanner, type ScannedLine } from "./line-scanner.js";
import {
  SIGNATURE,
  SNAPSHOT_FORMAT,
  trailer,
  TRAILER_BYTES,
  type PartSeal,
  type SnapshotState,
} from "./snapshot-format.js";

const SUM_BYTES = 4 * 1024 * 1024;
const PAGE_LINES = 256;

/** The first and last lines of a document. */
interface Frame {
  readonly header: Partial<SnapshotState> & {
    readonly holdfast: string;
    readonly format: number;
    readonly part?: number;
  };
  readonly parts: readonly PartSeal[];
  readonly count: number;
  readonly crc: string;
  /** Where the entries stand. */
  readonly start: number;
  readonly end: number;
}

/** Consecutive entries of one namespace. */
export interface EntryPage {
  readonly namespace: string;
  readonly entries: readonly LocalEntry[];
}

/** One document of a snapshot whose checksum was right. */
export class DocumentReader {
  readonly frame: Frame;
  readonly #scanner: LineScanner;
  readonly #file: string;

  private constructor(bytes: Buffer, file: string, frame: Frame) {
    this.#scanner = new LineScanner({ bytes, file });
    this.#file = file;
    this.frame = frame;
  }

  /**
   * Checks a whole document before anything in it is believed.
   *
   * @throws DamageFault `foreign`, `newer-format`, `truncated` or `checksum`.
   */
  static async open(bytes: Buffer, file: string, breather: Breather): Promise<DocumentReader> {
    checkOrigin(bytes, file);
    const covered = bytes.length - TRAILER_BYTES;
    const sum = await slicedSum(bytes.subarray(0, Math.max(0, covered)), breather);
    const crc = sum.toString(16).padStart(8, "0");
    if (covered < 0 || bytes.toString("latin1", covered) !== trailer(crc)) throw damaged(bytes, file);
    return new DocumentReader(bytes, file, frameOf(bytes, file, covered, crc));
  }

  /** Every entry, in the order of the lines; its value is read from there when it is asked for. */
  async *entries(breather: Breather): AsyncGenerator<EntryPage> {
    let page: LocalEntry[] = [];
    let space = "";
    let seen = 0;
    for (let start = this.frame.start; start < this.frame.end; seen++) {
      const { namespace, entry, next } = this.#line(start);
      start = next;
      if (namespace !== space || page.length === PAGE_LINES) {
        if (page.length > 0) yield { namespace: space, entries: page };
        page = [];
        space = namespace;
        if (breather.isDue) await breather.breathe();
      }
      page.push(entry);
    }
    if (page.length > 0) yield { namespace: space, entries: page };
    if (seen !== this.frame.count)
      throw this.#flaw(this.frame.end, `it holds ${seen} entries and not ${this.frame.count}`);
  }

  #line(start: number): ScannedLine {
    try {
      return this.#scanner.read(start);
    } catch (error) {
      throw this.#flaw(start, "a line cannot be read though the file's checksum is right", error);
    }
  }

  #flaw(offset: number, flaw: string, cause?: unknown): DamageFault {
    return new DamageFault("decode", this.#file, offset, flaw, { cause });
  }
}

/** @throws DamageFault when the document is empty, not ours, or newer than this version. */
function checkOrigin(bytes: Buffer, file: string): void {
  if (bytes.length === 0) throw new DamageFault("truncated", file, 0, "it is empty");
  const begin = bytes.toString("latin1", 0, SIGNATURE.length);
  // What ends as ours do was ours before its first bytes were damaged: the checksum tells.
  if (!SIGNATURE.startsWith(begin) && !endsAsOurs(bytes))
    throw new DamageFault("foreign", file, 0, "it was not written by holdfast");
  const format = /^\{"holdfast":"[a-z]+","format":(\d{1,9})[,}]/.exec(bytes.toString("latin1", 0, 64))?.[1];
  if (format !== undefined && Number(format) > SNAPSHOT_FORMAT) {
    throw new DamageFault(
      "newer-format",
      file,
      0,
      `it has format ${format}, this version reads ${SNAPSHOT_FORMAT}`,
    );
  }
}

function frameOf(bytes: Buffer, file: string, covered: number, crc: string): Frame {
  try {
    const start = bytes.indexOf(0x0a) + 1;
    const end = bytes.lastIndexOf(0x0a, covered) + 1;
    const header = JSON.parse(`${bytes.toString("utf8", 0, start)}]}`) as Frame["header"];
    const { parts = [], count } = JSON.parse(
      `{${bytes.toString("utf8", end + 2, covered)}}`,
    ) as Partial<Frame>;
    if (count === undefined) throw new SyntaxError("the footer has no count");
    return { header, parts, count, crc, start, end };
  } catch (error) {
    throw new DamageFault("decode", file, 0, "its header or footer cannot be read", { cause: error });
  }
}

/** Tells a file that was cut off from one that was changed. */
function damaged(bytes: Buffer, file: string): DamageFault {
  if (endsAsOurs(bytes))
    return new DamageFault("checksum", file, 0, "its content does not match its checksum");
  return new DamageFault("truncated", file, bytes.length, "it does not end as it should");
}

function endsAsOurs(bytes: Buffer): boolean {
  const end = bytes.toString("latin1", Math.max(0, bytes.length - TRAILER_BYTES));
  return /,"crc":"[0-9a-f]{8}"\}\n$/.test(end);
}

async function slicedSum(bytes: Buffer, breather: Breather): Promise<number> {
  let sum = 0;
  for (let start = 0; start < bytes.length; start += SUM_BYTES) {
    sum = crc32(bytes.subarray(start, start + SUM_BYTES), sum);
    if (breather.isDue) await breather.breathe();
  }
  return sum;
}
