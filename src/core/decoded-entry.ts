import { cloneValue } from "./clone.js";
import type { EntryType } from "./entry.js";
import type { Version } from "./version.js";

/**
 * What is known of one key: its decoded entry, or that it is absent. Never changed once made, so it may be handed to
 * several readers; whoever passes `value` on to a user copies it unless it is `frozen`.
 */
export interface DecodedEntry {
  /** null: the key is absent. */
  readonly version: Version | null;
  /** 0 when absent. */
  readonly type: EntryType | 0;
  /** The decoded value; undefined when absent and when the key holds no plain value. */
  readonly value: unknown;
  /** The value is frozen through and through and may be shared. */
  readonly frozen: boolean;
  /** The deadline on the backend's clock, milliseconds since the Unix epoch; Infinity when there is none. */
  readonly expiresAt: number;
  /** The deadline in local monotonic time, never later than the backend's; Infinity when there is none. */
  readonly staleAt: number;
  /** Estimated bytes held. */
  readonly bytes: number;
}

/** Fixed cost of an entry in the estimate of bytes: the map's slots, the entry and its key. */
export const ENTRY_OVERHEAD_BYTES = 200;

export function absentEntry(staleAt = Infinity): DecodedEntry {
  return {
    version: null,
    type: 0,
    value: undefined,
    frozen: true,
    expiresAt: Infinity,
    staleAt,
    bytes: ENTRY_OVERHEAD_BYTES,
  };
}

/** Whether the entry is there: not absent, and its deadline not reached. */
export function isLive(entry: DecodedEntry, monotonicMs: number): boolean {
  return entry.version !== null && (entry.staleAt === Infinity || monotonicMs < entry.staleAt);
}

/** The value as the caller's own. */
export function handOut(entry: DecodedEntry): unknown {
  return entry.frozen ? entry.value : cloneValue(entry.value);
}
