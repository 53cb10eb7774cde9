import type { Version } from "../../core/version.js";
import type { Position } from "../backend.js";
import { openText, sealText } from "./checked-text.js";

/** Where a namespace stands: its last commit. Kept for ever, as a position must not be given twice. */
export interface SpaceState {
  readonly position: Position;
  /** The clock at the last commit. */
  readonly now: number;
  /** Writes of all commits so far; by differences the change log is bounded. */
  readonly weight: number;
}

const SEPARATOR = "\n";

export function sealState(place: string, { position, now, weight }: SpaceState): Uint8Array {
  return sealText(place, [position.ordinal, now, weight, position.id].join(SEPARATOR));
}

/** @throws StorageFault `checksum`. */
export function openState(place: string, bytes: Buffer): SpaceState {
  const [ordinal, now, weight, id] = openText(place, bytes).split(SEPARATOR);
  const position = { ordinal: Number(ordinal), id: id as Version };
  return { position, now: Number(now), weight: Number(weight) };
}
