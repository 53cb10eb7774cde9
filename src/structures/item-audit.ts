import { ENTRY_TYPE, type EntryType, type StoredEntry } from "../core/entry.js";
import { itemAt } from "./list-span.js";
import { broken, isPair } from "./structure-head.js";

/** What an audit knows of a structure from its head. */
export interface AuditedHead {
  readonly type: EntryType;
  readonly incarnation: string;
  /** The decoded value of the head. */
  readonly content: unknown;
}

/**
 * Compares the items of a structure, one after the other in the order of their keys, with what its head says: a store of
 * which parts are lost must not pass off the rest of a list or hash as the whole.
 */
export class ItemAudit {
  readonly #isKnown: boolean;
  readonly #type: EntryType;
  readonly #incarnation: string;
  readonly #numbers: readonly [number, number];
  #seen = 0;
  /** How many items stand where those of a list would. */
  #listed = 0;

  /** @throws StorageFault `decode` when the head is not what a list or hash has. */
  constructor({ type, incarnation, content }: AuditedHead) {
    // Nothing else says how many items it has.
    this.#isKnown = type === ENTRY_TYPE.list || type === ENTRY_TYPE.hash;
    if (this.#isKnown && !isPair(content)) throw broken(type, "its head is damaged");
    this.#type = type;
    this.#incarnation = incarnation;
    this.#numbers = isPair(content) ? content : [0, 0];
  }

  /** @throws StorageFault `decode` when it is not the item that should come next. */
  next({ key }: StoredEntry): void {
    const [first, end] = this.#numbers;
    const span = { incarnation: this.#incarnation, first, end };
    if (key === itemAt(span, first + this.#seen)) this.#listed += 1;
    else if (this.#type === ENTRY_TYPE.list) throw broken(this.#type, MISSING);
    this.#seen += 1;
  }

  /** @throws StorageFault `decode` when there were fewer items than there must be, or more. */
  end(): void {
    if (!this.#isKnown) return;
    const [first, end] = this.#numbers;
    const due = this.#type === ENTRY_TYPE.list ? end - first : first;
    if (this.#seen !== due) throw broken(this.#type, MISSING);
    if (this.#type === ENTRY_TYPE.hash && this.#listed === due)
      throw broken(this.#type, "its items are those of a list");
  }
}

const MISSING = "a part of it is missing";
