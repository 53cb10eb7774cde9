import type { Position } from "../backends/backend.js";
import type { WatchPosition } from "./storage.js";

/** A place between two changes: after a commit, and after some of the writes of the next one. */
export interface ChangePosition {
  readonly after: Position;
  /** Writes of the next commit that were told. */
  readonly told: number;
}

/** A position as users keep it: text that another process can resume from. */
export function formatPosition({ ordinal, id }: Position, told = 0): WatchPosition {
  return told === 0 ? `${ordinal}.${id}` : `${ordinal}.${id}+${told}`;
}

const POSITION = /^(\d{1,16})\.([\w-]{0,24})(?:\+(\d{1,9}))?$/;

/** @throws TypeError when the text is not a position that a change carried. */
export function parsePosition(text: WatchPosition): ChangePosition {
  const match = typeof text === "string" ? POSITION.exec(text) : null;
  if (match === null) throw new TypeError("after must be the position of an earlier change");
  const [, ordinal, id, told] = match;
  return { after: { ordinal: Number(ordinal), id: id as string }, told: Number(told ?? 0) };
}
