import { codec } from "../index.js";
import { printable, printableLines } from "./printable.js";

const JSON_CODEC = codec("json");

/** A value as JSON on one line; what JSON does not know stands as the tags that are stored (docs/guides/cli.md). */
export function jsonOf(value: unknown): string {
  return JSON_CODEC.encodeToText(value);
}

/**
 * A value as `get` shows it: text as it is, anything else as JSON.
 *
 * @param onTerminal escapes what could steer the terminal.
 */
export function textOf(value: unknown, onTerminal: boolean): string {
  if (typeof value !== "string") return printable(jsonOf(value));
  return onTerminal ? printableLines(value) : value;
}

/** A value on a line with others: always JSON. */
export function lineOf(value: unknown): string {
  return printable(jsonOf(value));
}
