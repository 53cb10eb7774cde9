import { createHash } from "node:crypto";
import type { Position } from "../../backends/backend.js";
import { StorageFault } from "../../core/errors.js";
import { checkNamespace } from "../../core/key.js";
import { SEALED_FORMAT } from "./backup-cipher.js";
import { backupDamage } from "./backup-damage.js";
import { checkedLines, LineSealer, type CheckedLine } from "./checked-lines.js";

/** The format of what is not encrypted; docs/formats.md has it line by line. */
export const BACKUP_FORMAT = 1;
/** The largest manifest that is written, and read. */
export const MAX_MANIFEST_BYTES = 128 * 1024 * 1024;
/** Longest line of a manifest: names of a namespace, a folder and a backend, each in its longest form, are below it. */
export const MAX_LINE_BYTES = 16 * 1024;
/** A folder that holds it is a whole backup: it is written last. */
export const MANIFEST_FILE = "manifest.ndjson";

const ORIGINS = ["call", "schedule"] as const;
/** Who made a backup: somebody who called, or the schedule in the configuration. */
export type BackupOrigin = (typeof ORIGINS)[number];

const SOURCES = ["scan", "log", "difference"] as const;
/** How a namespace was read: all of it, what the change log told, or what differed from the base. */
export type NamespaceSource = (typeof SOURCES)[number];

export interface BackupManifest {
  /** Random. */
  readonly id: string;
  /** When it was begun, on the clock of the process. */
  readonly createdAt: Date;
  readonly backend: string;
  readonly origin: BackupOrigin;
  /** The name of the form of its segments. */
  readonly form: string;
  /** What an incremental backup goes on from; a full one has none. */
  readonly base?: BaseReference;
  readonly namespaces: readonly NamespaceManifest[];
}

/** The backup that another one goes on from. */
export interface BaseReference {
  readonly id: string;
  /** The name of its folder, which stands beside that of the other one. */
  readonly folder: string;
  /** Of its manifest, so that nothing else is ever taken for it. */
  readonly digest: string;
}

/** What a backup holds of a namespace: together with its bases exactly what was there at `position`. */
export interface NamespaceManifest {
  readonly namespace: string;
  readonly source: NamespaceSource;
  readonly position: Position;
  /** The backend's clock there; what had expired by it does not count. */
  readonly now: number;
  readonly segments: readonly SegmentSeal[];
}

/** A file of records, as the manifest vouches for it. */
export interface SegmentSeal {
  /** From 1 over the whole backup; gives the file its name. */
  readonly number: number;
  /** Of its lines, before they are packed. */
  readonly bytes: number;
  /** Of the file. */
  readonly storedBytes: number;
  readonly lines: number;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
}

/** A manifest as it is read or written, with the SHA-256 of its lines. */
export interface SealedManifest {
  readonly manifest: BackupManifest;
  readonly digest: string;
}

export function encodeManifest(manifest: BackupManifest): {
  readonly bytes: Buffer;
  readonly digest: string;
} {
  const { namespaces, ...about } = manifest;
  const sealer = new LineSealer();
  const lines = [sealer.seal(JSON.stringify({ holdfast: "backup", format: BACKUP_FORMAT, ...about }))];
  for (const { segments, ...namespace } of namespaces) {
    for (const { number, ...seal } of segments)
      lines.push(sealer.seal(JSON.stringify({ segment: number, ...seal })));
    lines.push(sealer.seal(JSON.stringify({ ...namespace, segments: segments.length })));
  }
  const digest = sha256(Buffer.concat(lines));
  lines.push(sealer.seal(JSON.stringify({ end: namespaces.length, sha256: digest })));
  return { bytes: requireManifestSize(Buffer.concat(lines)), digest };
}

/** @throws StorageFault `too-large` for a manifest that would not be read. */
export function requireManifestSize(bytes: Buffer): Buffer {
  if (bytes.length <= MAX_MANIFEST_BYTES) return bytes;
  const message = `the manifest of the backup would have ${bytes.length} bytes; there may be ${MAX_MANIFEST_BYTES}, back up fewer namespaces at once`;
  throw new StorageFault("too-large", message);
}

/**
 * Reads a manifest.
 *
 * @param file its path, for messages.
 * @throws StorageFault of 5003, with the file and the line.
 */
export function decodeManifest(bytes: Buffer, file: string): SealedManifest {
  manifestFormat(bytes, file);
  const reader = new ManifestReader(file);
  for (const line of checkedLines(bytes, file, { longest: MAX_LINE_BYTES, lastStart: Infinity })) {
    try {
      reader.take(line);
    } catch (cause) {
      throw backupDamage("decode", file, "it is not what a manifest holds there", {
        line: line.number,
        cause,
      });
    }
  }
  return reader.finish(bytes);
}

/**
 * The format that a manifest says it has; undefined when it is damaged. What another program or a newer version wrote
 * is told apart from damage before checksums are looked at.
 */
export function manifestFormat(bytes: Buffer, file: string): unknown {
  const newline = bytes.indexOf("\n");
  const end = Math.min(newline === -1 ? bytes.length : newline, MAX_LINE_BYTES);
  const first = jsonOrNothing(bytes.toString("utf8", 0, end));
  if (first === undefined && bytes.toString("latin1", 0, 7) === '{"crc":') return undefined;
  const { holdfast, format } = (first ?? {}) as { holdfast?: unknown; format?: unknown };
  if (holdfast !== "backup")
    throw backupDamage("foreign", file, "it is not the manifest of a backup", { line: 1 });
  if (typeof format === "number" && format > SEALED_FORMAT) {
    const what = `the backup has format ${format}; this version reads up to ${SEALED_FORMAT}`;
    throw backupDamage("newer-format", file, what, { line: 1 });
  }
  return format;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Fields = Record<string, unknown>;

/** Puts a manifest together, line by line. Throws at what does not belong there. */
class ManifestReader {
  readonly #file: string;
  readonly #namespaces = new Map<string, NamespaceManifest>();
  #about: Omit<BackupManifest, "namespaces"> | undefined;
  #segments: SegmentSeal[] = [];
  #nextSegment = 1;
  #end: { readonly sha256: string; readonly line: number } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  take({ number, json }: CheckedLine): void {
    const fields = JSON.parse(json) as Fields;
    demand(this.#end === undefined, "nothing after the end");
    if (this.#about === undefined) this.#about = aboutOf(fields);
    else if ("end" in fields) this.#takeEnd(fields, number);
    else if ("segment" in fields) this.#segments.push(sealOf(fields, this.#nextSegment++));
    else this.#takeNamespace(fields);
  }

  finish(bytes: Buffer): SealedManifest {
    if (this.#about === undefined || this.#end === undefined)
      throw backupDamage("truncated", this.#file, "its last lines are missing");
    const { sha256: written, line } = this.#end;
    const lastLine = bytes.lastIndexOf("\n", bytes.length - 2) + 1;
    const digest = sha256(bytes.subarray(0, lastLine));
    if (digest !== written) throw backupDamage("checksum", this.#file, "its digest does not match", { line });
    return { manifest: { ...this.#about, namespaces: [...this.#namespaces.values()] }, digest };
  }

  #takeNamespace({ namespace, source, position: at, now, segments }: Fields): void {
    const { ordinal, id } = at as Fields;
    demand(isText(namespace, 0) && segments === this.#segments.length, "its segments");
    demand(isOneOf(SOURCES, source), "a source");
    demand(isCount(ordinal) && isText(id, 0) && isNumber(now), "a position");
    demand(!this.#namespaces.has(namespace), "a namespace of its own");
    checkNamespace(namespace);
    const position = { ordinal, id };
    this.#namespaces.set(namespace, { namespace, source, position, now, segments: this.#segments });
    this.#segments = [];
  }

  #takeEnd({ end, sha256: digest }: Fields, line: number): void {
    demand(end === this.#namespaces.size && this.#segments.length === 0, "every namespace");
    demand(isHash(digest), "a digest");
    this.#end = { sha256: digest, line };
  }
}

function aboutOf(fields: Fields): Omit<BackupManifest, "namespaces"> {
  const { holdfast, format, id, createdAt, backend, origin, form, base } = fields;
  demand(holdfast === "backup" && format === BACKUP_FORMAT && isText(id, 1), "a header");
  demand(isText(backend, 1) && isText(form, 1) && isText(createdAt, 1), "a header");
  demand(isOneOf(ORIGINS, origin), "an origin");
  const about = { id, createdAt: new Date(createdAt), backend, origin, form };
  demand(!Number.isNaN(about.createdAt.getTime()), "a date");
  return base === undefined ? about : { ...about, base: baseOf(base as Fields) };
}

/** The name of a base is a name and no path: a backup never leads out of the folder that it stands in. */
function baseOf({ id, folder, digest }: Fields): BaseReference {
  demand(isText(id, 1) && isText(folder, 1) && isHash(digest), "a base");
  demand(!/[/\\\0]/.test(folder) && folder !== "." && folder !== "..", "the name of a folder");
  return { id, folder, digest };
}

function sealOf(
  { segment, bytes, storedBytes, lines, sha256: digest }: Fields,
  expected: number,
): SegmentSeal {
  demand(segment === expected, "the next segment");
  demand(isCount(bytes) && isCount(storedBytes) && isCount(lines) && isHash(digest), "a segment");
  return { number: expected, bytes, storedBytes, lines, sha256: digest };
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new TypeError(`${what} is expected`);
}

function isOneOf<T>(known: readonly T[], value: unknown): value is T {
  return known.includes(value as T);
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isText(value: unknown, atLeast: number): value is string {
  return typeof value === "string" && value.length >= atLeast;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
