import { payloadChecksum } from "../../core/envelope.js";
import type { EntryType, Header, StoredEntry, StoredHeader } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { hashEntry } from "../../core/range-digest.js";
import type { Version } from "../../core/version.js";
import type { Put } from "../backend.js";

/** Where things stand in a header; scripts/prelude.lua describes it. */
const FORMAT = "1";
const DIGEST_AT = 1;
const CHECKSUM_AT = 17;
const TYPE_AT = 25;
const CODEC_AT = 26;
const REST_AT = 28;

const hash = new Uint32Array(2);
const DIGITS = Buffer.from("0123456789abcdef");
/** A header up to its type. Text of its bytes takes a sixth of the time of joining those of its numbers. */
const front = Buffer.from(FORMAT.padEnd(TYPE_AT));

/** The header of a put; the script adds the deadline when it is relative to the commit. */
export function headerText(namespace: string, version: Version, put: Put, size: number): string {
  hashEntry(put.key, version, hash);
  writeHex8(hash[0] as number, DIGEST_AT);
  writeHex8(hash[1] as number, DIGEST_AT + 8);
  writeHex8(payloadChecksum(namespace, put.key, version, put), CHECKSUM_AT);
  const codec = put.codec.toString(16).padStart(2, "0");
  const deadline = put.expiry !== undefined && "at" in put.expiry ? String(put.expiry.at) : "";
  const rest = `${put.type}${codec}${deadline} ${version} ${size} ${put.incarnation ?? ""}`;
  return front.toString("latin1") + rest;
}

/** Writes a number of 32 bits into the front. */
function writeHex8(value: number, at: number): void {
  let left = value;
  for (let i = at + 7; i >= at; i--) {
    front[i] = DIGITS[left & 15] as number;
    left >>>= 4;
  }
}

/** A number of 32 bits. */
function hex8(value: number): string {
  return value.toString(16).padStart(8, "0");
}

interface HeaderParts {
  readonly header: Header;
  readonly codec: number;
}

/** A header without what stands before its type, as records of the log keep it. */
export function parseRecordedHeader(text: string): Header {
  return parseFrom(text, 0).header;
}

/**
 * The header of a key.
 *
 * @throws StorageFault `newer-format` or `decode`.
 */
export function openHeader(key: StoredKey, bytes: Buffer): StoredHeader {
  return { key, ...parse(key, bytes).header };
}

/**
 * The entry of a key, its data checked against what was written.
 *
 * @throws StorageFault `newer-format`, `decode`, `truncated` or `checksum`, naming the key.
 */
export function openEntry(
  namespace: string,
  key: StoredKey,
  headerBytes: Buffer,
  data: Buffer | null | undefined,
): StoredEntry {
  const { header, codec } = parse(key, headerBytes);
  if (data?.byteLength !== header.size) {
    const there = data === null || data === undefined ? "is missing" : `has ${data.byteLength} bytes`;
    throw new StorageFault("truncated", `the stored value ${there} of ${header.size}`, { namespace, key });
  }
  const checksum = headerBytes.toString("latin1", CHECKSUM_AT, TYPE_AT);
  if (checksum !== hex8(payloadChecksum(namespace, key, header.version, { codec, data }))) {
    throw new StorageFault("checksum", "the stored value is damaged: its checksum does not match", {
      namespace,
      key,
    });
  }
  return { key, ...header, codec, data };
}

function parse(key: StoredKey, bytes: Buffer): HeaderParts {
  const text = bytes.toString("latin1");
  const format = text[0] as string;
  if (format > FORMAT) {
    throw new StorageFault(
      "newer-format",
      `the stored entry has format ${format}; this version reads up to ${FORMAT}`,
      { key },
    );
  }
  if (format !== FORMAT || text.length < REST_AT) {
    throw new StorageFault("decode", "the stored entry's header is damaged", { key });
  }
  return parseFrom(text, TYPE_AT);
}

/** Parses from the type on. */
function parseFrom(text: string, typeAt: number): HeaderParts {
  const restAt = typeAt + (REST_AT - TYPE_AT);
  const versionAt = text.indexOf(" ", restAt) + 1;
  const sizeAt = text.indexOf(" ", versionAt) + 1;
  const incarnationAt = text.indexOf(" ", sizeAt) + 1;
  const header: Header = {
    version: text.slice(versionAt, sizeAt - 1),
    type: Number(text[typeAt]) as EntryType,
    size: Number(text.slice(sizeAt, incarnationAt - 1)),
    ...(incarnationAt < text.length && { incarnation: text.slice(incarnationAt) }),
    ...(versionAt - 1 > restAt && { expiresAt: Number(text.slice(restAt, versionAt - 1)) }),
  };
  return { header, codec: Number.parseInt(text.slice(typeAt + (CODEC_AT - TYPE_AT), restAt), 16) };
}
