import { InvalidArgumentError } from "commander";
import { parseDuration } from "../core/duration.js";

/** A duration as it was written, after a look whether it is one. */
export function durationArgument(text: string): string {
  const milliseconds = /^\d+$/.test(text) ? Number(text) : text;
  try {
    parseDuration(milliseconds);
  } catch {
    throw new InvalidArgumentError('Give milliseconds or text such as "250ms", "30s", "5m", "1h30m", "7d".');
  }
  return typeof milliseconds === "number" ? `${milliseconds}ms` : text;
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("Give a whole number, 0 or more.");
}

export function indexArgument(text: string): number {
  const index = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(index)) return index;
  throw new InvalidArgumentError("Give a whole number; negative ones count from the end.");
}

export function numberArgument(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidArgumentError("Give a number.");
  if (/^[-+]?\d+$/.test(text.trim()) && !Number.isSafeInteger(number))
    throw new InvalidArgumentError("It is larger than a number can hold exactly; give a smaller one.");
  return number;
}

/** For an option that may be given again and again. */
export function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
