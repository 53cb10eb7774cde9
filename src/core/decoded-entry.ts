import { cloneValue, freezeValue } from "./clone.js";
import type { EntryType, Payload } from "./entry.js";
import type { Version } from "./version.js";

/** What is known of one key: its entry, or that it is absent. Never changes; several readers may share it. */
export interface DecodedEntry {
  /** null: the key is absent. */
  readonly version: Version | null;
  /** 0 when absent. */
  readonly type: EntryType | 0;
  /** On the head of a structure: the id under which its items stand. */
  readonly incarnation: string | undefined;
  /** The deadline on the backend's clock, milliseconds since the Unix epoch; Infinity when there is none. */
  readonly expiresAt: number;
  /** The deadline in local monotonic time, never later than the backend's; Infinity when there is none. */
  readonly staleAt: number;
  /** Estimated bytes held. */
  readonly bytes: number;
  /**
   * The value, the caller's own; undefined when absent.
   *
   * @throws StorageFault `decode`, or another reason of corruption, when what is stored cannot be decoded.
   */
  handOut(): unknown;
}

/** How values are handed out: each reader a private copy, or one shared value frozen through and through. */
export type ValueSharing = "copy" | "frozen";

export interface PayloadDecoder {
  /** @throws StorageFault `decode` when the data is not what its codec wrote. */
  decode(payload: Payload): unknown;
}

/** Fixed cost of an entry in the estimate of bytes: the map's slots, the entry and its key. */
export const ENTRY_OVERHEAD_BYTES = 200;

/** How much more room objects and arrays take decoded than as text (measured on objects of 200 bytes: 2.0). */
const STRUCTURED_WEIGHT = 2.25;
const OPENING_BRACKETS = new Set(["{", "["]);

/** Bytes that a value will take once it is decoded, estimated from its encoded form of `size` bytes. */
function decodedBytes(payload: Payload, size: number): number {
  const data = dataOf(payload);
  return typeof data === "string" && OPENING_BRACKETS.has(data.charAt(0)) ? size * STRUCTURED_WEIGHT : size;
}

/** The data; undefined when it cannot be had, which whoever asks for the value is told. */
function dataOf(payload: Payload): Payload["data"] | undefined {
  try {
    return payload.data;
  } catch {
    return undefined;
  }
}

export const ABSENT: DecodedEntry = Object.freeze({
  version: null,
  type: 0,
  incarnation: undefined,
  expiresAt: Infinity,
  staleAt: Infinity,
  bytes: ENTRY_OVERHEAD_BYTES,
  handOut: () => undefined,
});

/** An entry that is there. It keeps the encoded value until the first reader asks, then the decoded one. */
export class PresentEntry implements DecodedEntry {
  readonly version: Version;
  readonly type: EntryType;
  readonly incarnation: string | undefined;
  readonly expiresAt: number;
  readonly staleAt: number;
  readonly bytes: number;
  readonly #decoder: PayloadDecoder;
  readonly #sharing: ValueSharing;
  #payload: Payload | undefined;
  #value: unknown;
  #frozen = false;

  constructor(
    version: Version,
    type: EntryType,
    payload: Payload,
    size: number,
    deadline: Deadline,
    decoder: PayloadDecoder,
    sharing: ValueSharing,
    incarnation?: string,
  ) {
    this.version = version;
    this.type = type;
    this.incarnation = incarnation;
    this.expiresAt = deadline.expiresAt;
    this.staleAt = deadline.staleAt;
    this.bytes = ENTRY_OVERHEAD_BYTES + Math.ceil(decodedBytes(payload, size));
    this.#payload = payload;
    this.#decoder = decoder;
    this.#sharing = sharing;
  }

  handOut(): unknown {
    if (this.#payload !== undefined) this.#decode(this.#payload);
    return this.#frozen ? this.#value : cloneValue(this.#value);
  }

  #decode(payload: Payload): void {
    this.#value = this.#decoder.decode(payload);
    this.#frozen = this.#sharing === "frozen" && freezeValue(this.#value);
    this.#payload = undefined;
  }
}

/** A deadline on both clocks. */
export interface Deadline {
  readonly expiresAt: number;
  readonly staleAt: number;
}

export const NO_DEADLINE: Deadline = Object.freeze({ expiresAt: Infinity, staleAt: Infinity });

/**
 * The local deadline of an entry: what is left of it counts from the sending of the request, so that it is never
 * believed longer than it lives.
 */
export function deadlineOf(expiresAt: number | undefined, now: number, sentAt: number): Deadline {
  return expiresAt === undefined ? NO_DEADLINE : { expiresAt, staleAt: sentAt + (expiresAt - now) };
}

/** Whether the entry is there: not absent, and its deadline not reached. */
export function isLive(entry: DecodedEntry, monotonicMs: number): boolean {
  return entry.version !== null && (entry.staleAt === Infinity || monotonicMs < entry.staleAt);
}
