import { freezeValue } from "../core/clone.js";
import { ENTRY_TYPE, type Payload, type StoredEntry } from "../core/entry.js";
import { StorageFault } from "../core/errors.js";
import { userKey } from "../core/key.js";
import { absentEntry, ENTRY_OVERHEAD_BYTES, type DecodedEntry } from "../core/decoded-entry.js";

/** How values are handed out: each reader a private copy, or one shared value frozen through and through. */
export type ValueSharing = "copy" | "frozen";

export interface PayloadDecoder {
  /** @throws StorageFault `decode` when the data is not what its codec wrote. */
  decode(payload: Payload): unknown;
}

/** Makes cached entries of stored ones and of values just written, and hands their values out safely. */
export class EntryDecoder {
  readonly #payloads: PayloadDecoder;
  readonly #sharing: ValueSharing;

  constructor(payloads: PayloadDecoder, sharing: ValueSharing) {
    this.#payloads = payloads;
    this.#sharing = sharing;
  }

  /**
   * @param now the backend's clock when the entry was read, milliseconds.
   * @param sentAt local monotonic time when the read was sent: the entry is never believed longer than it lives.
   */
  decode(stored: StoredEntry | undefined, namespace: string, now: number, sentAt: number): DecodedEntry {
    if (stored === undefined) return absentEntry();
    const value = stored.type === ENTRY_TYPE.value ? this.decodeValue(stored, namespace) : undefined;
    const expiresAt = stored.expiresAt ?? Infinity;
    return {
      version: stored.version,
      type: stored.type,
      value,
      frozen: this.share(value),
      expiresAt,
      staleAt: expiresAt === Infinity ? Infinity : sentAt + (expiresAt - now),
      bytes: ENTRY_OVERHEAD_BYTES + stored.size,
    };
  }

  /** Freezes a value that may be handed out as it is; false when each reader needs a copy. */
  share(value: unknown): boolean {
    return this.#sharing === "frozen" && freezeValue(value);
  }

  /** @throws StorageFault with the key and namespace, `decode` or another reason of corruption. */
  decodeValue(stored: StoredEntry, namespace: string): unknown {
    try {
      return this.#payloads.decode(stored);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      throw new StorageFault(error.reason, error.message, {
        cause: error,
        key: userKey(stored.key),
        namespace,
      });
    }
  }
}
