import type { Breather } from "../../files/breather.js";
import { DamageFault } from "../damage-fault.js";
import { DocumentReader } from "../document-reader.js";
import { decompress, isCompressed } from "../snapshot-compression.js";
import type { PartSeal, SnapshotState } from "../snapshot-format.js";

const NEWLINE = 0x0a;
const CLOSING_BRACKET = 0x5d;

/** The first and last lines of a document as far as they can be read; all of it unproven when there is a flaw. */
interface Outline {
  readonly header: Partial<SnapshotState & { readonly holdfast: string; readonly part: number }> | undefined;
  readonly parts: readonly PartSeal[] | undefined;
  readonly count: number | undefined;
  /** The checksum of all of it, where it is right. */
  readonly crc: string | undefined;
  /** Where the entries stand. */
  readonly start: number;
  readonly end: number;
}

/** A document of a snapshot, whole or not. */
export interface SalvagedDocument extends Outline {
  readonly bytes: Buffer;
  readonly file: string;
  /** Undefined when the checksum of the document is right. */
  readonly flaw: DamageFault | undefined;
}

/**
 * Reads as much of a document as there is.
 *
 * @throws DamageFault when it is compressed and cannot be unpacked, or is empty.
 */
export async function salvageDocument(
  stored: Buffer,
  file: string,
  breather: Breather,
): Promise<SalvagedDocument> {
  const bytes = isCompressed(stored) ? await decompress(stored, file) : stored;
  try {
    const { header, ...rest } = (await DocumentReader.open(bytes, file, breather)).frame;
    return { bytes, file, flaw: undefined, header, ...rest };
  } catch (error) {
    if (!(error instanceof DamageFault) || bytes.length === 0) throw error;
    return { bytes, file, flaw: error, ...outlineOf(bytes) };
  }
}

function outlineOf(bytes: Buffer): Outline {
  const start = bytes.indexOf(NEWLINE) + 1;
  const header = parsed(`${bytes.toString("utf8", 0, start)}]}`);
  const lastLine = bytes.lastIndexOf(NEWLINE, -2) + 1;
  const hasFooter = lastLine >= start && bytes[lastLine] === CLOSING_BRACKET;
  const footer = hasFooter ? parsed(`{${bytes.toString("utf8", lastLine + 2)}`) : undefined;
  return {
    header,
    parts: sealsOf(footer?.["parts"]),
    count: isCount(footer?.["count"]) ? footer["count"] : undefined,
    crc: undefined,
    start,
    end: hasFooter ? lastLine : bytes.length,
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function sealsOf(parts: unknown): readonly PartSeal[] | undefined {
  return Array.isArray(parts) && parts.every(isSeal) ? parts : undefined;
}

function isSeal(part: unknown): part is PartSeal {
  if (typeof part !== "object" || part === null) return false;
  const { count, bytes, crc } = part as Partial<Record<keyof PartSeal, unknown>>;
  return isCount(count) && isCount(bytes) && typeof crc === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
