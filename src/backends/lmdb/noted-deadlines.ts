import type { StoredHeader } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { inRange, type KeyRange } from "../../core/range.js";
import type { LmdbView, Tables } from "./lmdb-view.js";
import { ORDERED_DIGITS, orderedNumber, placeOf, splitPlace } from "./lmdb-key.js";

/** Values of the table say nothing; LMDB wants some. */
const PRESENT = Uint8Array.of(1);

/** Where the deadline of an entry is noted. */
export function deadlineKey(expiresAt: number, place: string): string {
  return orderedNumber(expiresAt) + place;
}

export function noteDeadline({ deadlines }: Tables, expiresAt: number, place: string): void {
  deadlines.put(deadlineKey(expiresAt, place), PRESENT);
}

export function dropDeadline({ deadlines }: Tables, expiresAt: number, place: string): void {
  deadlines.remove(deadlineKey(expiresAt, place));
}

/** A deadline that has passed. */
export interface Due {
  readonly noted: string;
  readonly namespace: string;
  /** The entry, expired; undefined when it is gone or has got another deadline. */
  readonly header: StoredHeader | undefined;
}

/** The deadlines that have passed at `now`, in their order. */
export function* dueAt(view: LmdbView, now: number, limit?: number): Generator<Due> {
  const range = { start: orderedNumber(0), end: orderedNumber(now + 1) };
  for (const noted of view.keys("deadlines", limit === undefined ? range : { ...range, limit })) {
    const { namespace, key } = splitPlace(noted.slice(ORDERED_DIGITS));
    const header = soundHeader(view, namespace, key);
    const expiresAt = header?.expiresAt;
    if (expiresAt === undefined || deadlineKey(expiresAt, placeOf(namespace, key)) !== noted) {
      yield { noted, namespace, header: undefined };
    } else if (expiresAt <= now) yield { noted, namespace, header };
  }
}

/** The header of a key, expired or not; undefined also when it is damaged, which is left to whoever asks for it. */
export function soundHeader(view: LmdbView, namespace: string, key: StoredKey): StoredHeader | undefined {
  try {
    return view.header(namespace, key);
  } catch (error) {
    if (error instanceof StorageFault) return undefined;
    throw error;
  }
}

/** Whether any deadline has passed; may be wrong by a millisecond towards true. */
export function hasDue(view: LmdbView, now: number): boolean {
  return view.firstKey("deadlines", { start: orderedNumber(0), end: orderedNumber(now + 1) }) !== undefined;
}

/** Whether an expired entry stands in a range of a namespace. */
export function isExpiredIn({ namespace, header }: Due, wanted: string, range: KeyRange): boolean {
  return header !== undefined && namespace === wanted && inRange(header.key, range);
}
