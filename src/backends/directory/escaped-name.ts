import { createHash } from "node:crypto";

/**
 * Longest name that is made, in bytes: the shortest limit of a file system in use (eCryptfs; most have 255), less what
 * {@link ENTRY_SUFFIX} takes.
 */
const MAX_BYTES = 143 - ".json".length;
/** Of the start of a name that is too long, so that people recognise it. */
const READABLE_BYTES = 64;
/** Stands for itself anywhere in a name; the dot has its own rule. */
const PLAIN = /^[a-z0-9_-]$/;
/** Names that Windows takes for devices, whatever follows their first dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:$|\.)/;

/**
 * A text as a name of a file, never the same for two texts, on file systems that ignore case either: only small letters,
 * digits, `_`, `-` and inner dots stand as they are. A capital is `+` and its small letter, any other byte of UTF-8 is
 * `%` and two hexadecimal digits. What would be too long is cut and marked with the hash of the whole text after a `~`.
 */
export function escapeName(text: string): string {
  const device = DEVICE.test(text);
  let name = "";
  for (const char of text) name += name === "" && (device || char === ".") ? hex(char) : escaped(char);
  return name.length <= MAX_BYTES ? name : `${cut(name)}~${hashOf(text)}`;
}

function escaped(char: string): string {
  if (PLAIN.test(char) || char === ".") return char;
  return /^[A-Z]$/.test(char) ? `+${char.toLowerCase()}` : hex(char);
}

function hex(char: string): string {
  let name = "";
  for (const byte of Buffer.from(char)) name += `%${byte.toString(16).padStart(2, "0")}`;
  return name;
}

/** The start of a name, without a part of an escape at its end. */
function cut(name: string): string {
  return name.slice(0, READABLE_BYTES).replace(/(?:%.?|\+)$/, "");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
