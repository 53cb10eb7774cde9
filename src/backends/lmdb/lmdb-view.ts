import type { StoredEntry, StoredHeader } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import { START } from "../backend.js";
import { openEntry, openHeader } from "./entry-record.js";
import type { LmdbRange, LmdbTable, LmdbTransaction } from "./lmdb-driver.js";
import { placeOf } from "./lmdb-key.js";
import { openState, type SpaceState } from "./space-state.js";

/** The tables of a store. */
export interface Tables {
  /** Place → entry. */
  readonly entries: LmdbTable;
  /** Deadline and place of what expires. May hold remainders of entries that are gone or live longer now. */
  readonly deadlines: LmdbTable;
  /** Namespace and ordinal → the commits of one call; see noted-changes.ts. */
  readonly changes: LmdbTable;
  /** Namespace → where it stands. */
  readonly spaces: LmdbTable;
  /** The format, and whether the store has moved. */
  readonly facts: LmdbTable;
}

export const UNWRITTEN: SpaceState = Object.freeze({ position: START, now: 0, weight: 0 });

/** The tables at one moment: a snapshot, or inside a write transaction. */
export class LmdbView {
  readonly tables: Tables;
  /** Whether a namespace was looked for that is not there: it was never written, or the store has moved. */
  missed = false;
  readonly #options: { readonly transaction?: LmdbTransaction };

  constructor(tables: Tables, transaction?: LmdbTransaction) {
    this.tables = tables;
    this.#options = transaction === undefined ? {} : { transaction };
  }

  /** @throws StorageFault `checksum`. */
  state(namespace: string): SpaceState | undefined {
    const place = placeOf(namespace, "");
    const bytes = this.bytes("spaces", place);
    if (bytes !== undefined) return openState(place, bytes);
    this.missed = true;
    return undefined;
  }

  /** The live entry of a key. @throws StorageFault when it is damaged. */
  entry(namespace: string, key: StoredKey, now: number): StoredEntry | undefined {
    const bytes = this.bytes("entries", placeOf(namespace, key));
    if (bytes === undefined) return undefined;
    const entry = openEntry(namespace, key, bytes);
    return isLive(entry, now) ? entry : undefined;
  }

  /** The header of a key, expired or not. @throws StorageFault when it is damaged. */
  header(namespace: string, key: StoredKey): StoredHeader | undefined {
    const bytes = this.bytes("entries", placeOf(namespace, key));
    return bytes === undefined ? undefined : openHeader(namespace, key, bytes);
  }

  bytes(table: keyof Tables, place: string): Buffer | undefined {
    return this.tables[table].getBinary(place, this.#options);
  }

  rows(table: keyof Tables, range: LmdbRange): Iterable<{ readonly key: string; readonly value: Buffer }> {
    return this.tables[table].getRange({ ...range, ...this.#options });
  }

  keys(table: keyof Tables, range: LmdbRange): Iterable<string> {
    return this.tables[table].getKeys({ ...range, ...this.#options });
  }

  /** The first key of a range. */
  firstKey(table: keyof Tables, range: LmdbRange): string | undefined {
    for (const key of this.keys(table, { ...range, limit: 1 })) return key;
    return undefined;
  }

  countKeys(table: keyof Tables, range: LmdbRange): number {
    return this.tables[table].getKeysCount({ ...range, ...this.#options });
  }
}

export function isLive({ expiresAt }: { readonly expiresAt?: number }, now: number): boolean {
  return expiresAt === undefined || expiresAt > now;
}
