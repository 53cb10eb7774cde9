import type { Position } from "../backends/backend.js";
import { namespaceOfCacheKey } from "./cache-key.js";

/** When an answer was asked for, in the order of changes; see `FillGuard.expectAnswer`. */
export type FillTicket = number;

/** Where a change stands in its namespace's change log, or what an answer is as of. */
export type Ordinal = Position["ordinal"];

/** The place of a change of which nobody can say whether an answer has seen it. */
export const NO_PLACE: Ordinal = Infinity;

/** The place of a change that may have been: should it have, the log tells in time where. */
export const TOLD_LATER: Ordinal = 0;

/** The last change of a key or a namespace that is remembered. */
interface RememberedChange {
  /** Its number among the changes told of here. */
  number: number;
  /** The furthest place of any remembered change of the same key or namespace. */
  ordinal: Ordinal;
}

/** Changed keys and namespaces remembered at most; past that, every answer under way counts as overtaken. */
const MOST_REMEMBERED = 10_000;

/**
 * Keeps answers that a change has overtaken from being kept themselves: a value older than the change would stay for
 * good. Whoever asks the backend takes a ticket first and shows it with the answer. Changes are numbered as they
 * become known, and while answers are awaited the last one of each key is remembered.
 *
 * An answer that is as of a place in the change log may be kept all the same when every change since the ticket
 * stands at that place or before it, for then it has seen them.
 */
export class FillGuard {
  #lastChange = 0;
  #awaited = 0;
  readonly #keys = new Map<string, RememberedChange>();
  readonly #namespaces = new Map<string, RememberedChange>();
  #allChanged = 0;

  /** The backend is about to be asked; to be ended by `endAnswer`, however that went. */
  expectAnswer(): FillTicket {
    this.#awaited += 1;
    return this.#lastChange;
  }

  endAnswer(): void {
    this.#awaited -= 1;
    if (this.#awaited > 0 || this.#lastChange === 0) return;
    this.#forget();
  }

  /** How many answers are awaited. */
  get awaited(): number {
    return this.#awaited;
  }

  /** Whether an answer has seen every change of a key told of since its ticket; `ordinal` absent: nobody knows. */
  allows(key: string, ticket: FillTicket, ordinal: Ordinal | undefined): boolean {
    if (this.#lastChange === ticket) return true;
    if (this.#allChanged > ticket) return false;
    if (overtakes(this.#keys.get(key), ticket, ordinal)) return false;
    return !overtakes(this.#namespaces.get(namespaceOfCacheKey(key)), ticket, ordinal);
  }

  keyChanged(key: string, ordinal: Ordinal): void {
    if (this.#awaited > 0) this.#remember(this.#keys, key, ordinal);
  }

  namespaceChanged(namespace: string, ordinal: Ordinal): void {
    if (this.#awaited > 0) this.#remember(this.#namespaces, namespace, ordinal);
  }

  everythingChanged(): void {
    this.#allChanged = ++this.#lastChange;
    this.#forget();
  }

  #remember(changes: Map<string, RememberedChange>, name: string, ordinal: Ordinal): void {
    const number = ++this.#lastChange;
    const earlier = changes.get(name);
    if (earlier !== undefined) {
      earlier.number = number;
      earlier.ordinal = Math.max(earlier.ordinal, ordinal);
    } else if (changes.size < MOST_REMEMBERED) changes.set(name, { number, ordinal });
    else this.everythingChanged();
  }

  #forget(): void {
    if (this.#keys.size > 0) this.#keys.clear();
    if (this.#namespaces.size > 0) this.#namespaces.clear();
  }
}

function overtakes(
  change: RememberedChange | undefined,
  ticket: FillTicket,
  ordinal: Ordinal | undefined,
): boolean {
  if (change === undefined || change.number <= ticket) return false;
  return ordinal === undefined || change.ordinal > ordinal;
}
