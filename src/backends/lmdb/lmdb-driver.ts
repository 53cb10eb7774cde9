import { driverFault } from "../../core/driver-fault.js";

/** A key of ours as text, or the bytes of a bound that may be cut in the middle of a character. */
export type LmdbKey = string | Uint8Array;

/** A range of keys: `start` included, `end` not; with `reverse` it begins at `start`, the upper of the two. */
export interface LmdbRange {
  readonly start: LmdbKey;
  readonly end: LmdbKey;
  readonly reverse?: boolean;
  readonly exclusiveStart?: boolean;
  readonly inclusiveEnd?: boolean;
  readonly limit?: number;
  readonly offset?: number;
  readonly transaction?: LmdbTransaction;
}

/** A snapshot that is held until `done`. */
export interface LmdbTransaction {
  done(): void;
}

/** One table: ordered keys with their values. */
export interface LmdbTable {
  getBinary(key: LmdbKey, options?: { readonly transaction?: LmdbTransaction }): Buffer | undefined;
  getRange(range: LmdbRange): Iterable<{ readonly key: string; readonly value: Buffer }>;
  getKeys(range: LmdbRange): Iterable<string>;
  getKeysCount(range: LmdbRange): number;
  /** Inside a write transaction: takes effect at once. */
  put(key: LmdbKey, value: Uint8Array): unknown;
  /** Inside a write transaction: takes effect at once. */
  remove(key: LmdbKey): unknown;
}

/** An environment as one handle sees it. */
export interface LmdbRoot extends LmdbTable {
  readonly env: { info(): { readonly lastTxnId: number } };
  openDB(name: string, options: object): LmdbTable;
  /** Runs `body` inside a write transaction; when it rejects, nothing of it stays. */
  childTransaction<T>(body: () => Promise<T>): Promise<T>;
  /** As `childTransaction`, begun and ended on the thread of the caller, which waits for other processes meanwhile. */
  transactionSync<T>(body: () => Promise<T>): Promise<T>;
  resetReadTxn(): void;
  useReadTransaction(): LmdbTransaction;
  /** `free` is of the table in which LMDB keeps its free pages. */
  getStats(): { readonly free: { readonly entryCount: number } };
  backup(path: string, compact: boolean): Promise<void>;
  sync(done: (error: unknown) => void): void;
  readerCheck(): number;
  close(): Promise<void>;
}

/** What is used of lmdb-js; its own types stay outside. */
export interface LmdbDriver {
  open(options: object): LmdbRoot;
}

type Importer = () => Promise<unknown>;

/**
 * Loads lmdb-js.
 *
 * @throws StorageFault `unsupported` when it is not installed, or has no binary for this machine.
 */
export async function loadLmdb(importer: Importer = () => import("lmdb")): Promise<LmdbDriver> {
  try {
    return (await importer()) as LmdbDriver;
  } catch (cause) {
    throw driverFault("lmdb", "lmdb", cause);
  }
}
