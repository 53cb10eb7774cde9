import type { Version } from "../../core/version.js";

/**
 * A snapshot is one JSON document, or several when it is large: the parts, and the document at the store's path, which
 * names them and holds the rest. In each, the first line is a header, the last a footer that ends in the checksum of
 * everything before it, and every line between them an entry. docs/formats.md has the bytes.
 */
export const SNAPSHOT_FORMAT = 1;

/** How every snapshot of every format begins. */
export const SIGNATURE = '{"holdfast":"';

/** What the store knew when its entries were taken. */
export interface SnapshotState {
  /** The random id of the store. */
  readonly store: string;
  readonly epoch: number;
  /** The number of the last frame that the entries contain. */
  readonly sequence: number;
  /** The store's clock. */
  readonly now: number;
  /** Where the change log of each namespace stood. */
  readonly positions: readonly (readonly [namespace: string, ordinal: number, id: Version])[];
}

/** A part as the document at the store's path names it. */
export interface PartSeal {
  readonly count: number;
  readonly bytes: number;
  readonly crc: string;
}

/** The last member of a document: nothing but this stands after what the checksum covers. */
export const TRAILER_BYTES = Buffer.byteLength(trailer("00000000"));

export function trailer(crc: string): string {
  return `,"crc":"${crc}"}\n`;
}

/** @param lineFormat what the fields of an entry's line are, for readers. */
export function snapshotHeader(state: SnapshotState, lineFormat: readonly string[]): string {
  const { store, epoch, sequence, now, positions } = state;
  return opening({
    holdfast: "snapshot",
    format: SNAPSHOT_FORMAT,
    store,
    epoch,
    sequence,
    now,
    positions,
    columns: lineFormat,
  });
}

export function partHeader({ store, epoch }: SnapshotState, part: number): string {
  return opening({ holdfast: "part", format: SNAPSHOT_FORMAT, store, epoch, part });
}

function opening(fields: object): string {
  return `${JSON.stringify(fields).slice(0, -1)},"entries":[\n`;
}

export function footer(count: number, parts: readonly PartSeal[] | undefined): string {
  const members = parts === undefined ? { count } : { parts, count };
  return `],${JSON.stringify(members).slice(1, -1)}`;
}
