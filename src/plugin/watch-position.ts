import type { Position } from "../backends/backend.js";
import type { WatchPosition } from "./storage.js";

/** A position as users keep it: text that another process can resume from. */
export function formatPosition({ ordinal, id }: Position): WatchPosition {
  return `${ordinal}.${id}`;
}

const POSITION = /^(\d{1,16})\.([\w-]{0,24})$/;

/** @throws TypeError when the text is not a position that a change carried. */
export function parsePosition(text: WatchPosition): Position {
  const match = typeof text === "string" ? POSITION.exec(text) : null;
  if (match === null) throw new TypeError("after must be the position of an earlier change");
  return { ordinal: Number(match[1]), id: match[2] as string };
}
