import type { Put } from "../backends/backend.js";
import {
  ABSENT,
  deadlineOf,
  PresentEntry,
  type DecodedEntry,
  type PayloadDecoder,
  type ValueSharing,
} from "../core/decoded-entry.js";
import type { Payload, StoredEntry } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { userKey } from "../core/key.js";
import type { Version } from "../core/version.js";

/** Makes entries of what a backend brings and of what was just written; their values are decoded when asked for. */
export class EntryDecoder {
  readonly #payloads: PayloadDecoder;
  readonly #sharing: ValueSharing;

  constructor(payloads: PayloadDecoder, sharing: ValueSharing) {
    this.#payloads = payloads;
    this.#sharing = sharing;
  }

  /**
   * @param now the backend's clock when the entry was read, milliseconds.
   * @param sentAt local monotonic time when the read was sent.
   */
  entry(stored: StoredEntry | undefined, now: number, sentAt: number): DecodedEntry {
    if (stored === undefined) return ABSENT;
    const { version, type, size, expiresAt, incarnation } = stored;
    const deadline = deadlineOf(expiresAt, now, sentAt);
    return new PresentEntry(
      version,
      type,
      stored,
      size,
      deadline,
      this.#payloads,
      this.#sharing,
      incarnation,
    );
  }

  /** The entry that a put made, `version` being the id of its batch. */
  written(version: Version, put: Put, now: number, sentAt: number): DecodedEntry {
    const { expiry, data, type, incarnation } = put;
    const expiresAt = expiry === undefined ? undefined : "in" in expiry ? now + expiry.in : expiry.at;
    const deadline = deadlineOf(expiresAt, now, sentAt);
    return new PresentEntry(
      version,
      type,
      put,
      data.length,
      deadline,
      this.#payloads,
      this.#sharing,
      incarnation,
    );
  }

  /** A fresh value, the caller's own. @throws StorageFault `decode`, or another reason of corruption. */
  decode(payload: Payload): unknown {
    return this.#payloads.decode(payload);
  }

  /** As `decode`, of an entry that a scan brought; the fault names its key and namespace. */
  decodeStored(stored: StoredEntry, namespace: string): unknown {
    try {
      return this.#payloads.decode(stored);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      const key = userKey(stored.key);
      throw new StorageFault(error.reason, error.message, { cause: error, key, namespace });
    }
  }
}
