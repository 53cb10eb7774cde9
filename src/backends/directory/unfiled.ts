import type { StoredKey } from "../../core/key.js";
import type { LocalEntry } from "../local/local-entry.js";

/** Keys whose entries are gone while their files are not. */
export interface RemovedKeys {
  readonly namespace: string;
  readonly keys: readonly StoredKey[];
}

/** What some commits have put and removed, and files do not tell yet. */
export class UnfiledBatch {
  readonly puts = new Map<string, Map<StoredKey, LocalEntry>>();
  /** Keys whose files are to be removed, by namespace, those of all commits together; none of them without keys. */
  readonly removed = new Map<string, StoredKey[]>();
  bytes = 0;
  /** The commits were found in a journal: how far files tell of them already is not known. */
  readonly isRecovered: boolean;

  constructor(isRecovered: boolean) {
    this.isRecovered = isRecovered;
  }

  get isEmpty(): boolean {
    return this.removed.size === 0 && [...this.puts.values()].every((space) => space.size === 0);
  }

  find(namespace: string, key: StoredKey): LocalEntry | undefined {
    return this.puts.get(namespace)?.get(key);
  }

  put(namespace: string, entry: LocalEntry): void {
    let space = this.puts.get(namespace);
    if (space === undefined) {
      space = new Map();
      this.puts.set(namespace, space);
    }
    this.#forget(space, entry.key);
    space.set(entry.key, entry);
    this.bytes += entry.size;
  }

  remove(namespace: string, keys: readonly StoredKey[]): void {
    const space = this.puts.get(namespace);
    if (space !== undefined && space.size > 0) for (const key of keys) this.#forget(space, key);
    if (keys.length === 0) return;
    const removed = this.removed.get(namespace);
    if (removed === undefined) this.removed.set(namespace, [...keys]);
    else for (const key of keys) removed.push(key);
  }

  /** The entry is in its file, or nobody needs it any more. */
  done(namespace: string, entry: LocalEntry): void {
    const space = this.puts.get(namespace);
    if (space?.get(entry.key) === entry) this.#forget(space, entry.key);
  }

  #forget(space: Map<StoredKey, LocalEntry>, key: StoredKey): void {
    const before = space.get(key);
    if (before === undefined) return;
    space.delete(key);
    this.bytes -= before.size;
  }
}

/** What files do not tell yet: batches that are to be filed one after another, and one that commits still add to. */
export class Unfiled {
  #batches: UnfiledBatch[] = [];
  #open: UnfiledBatch;

  constructor() {
    this.#open = new UnfiledBatch(true);
  }

  /** Bytes of values, roughly. */
  get bytes(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.bytes, this.#open.bytes);
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0 && this.#open.isEmpty;
  }

  /** The entry of a key with its value; undefined when its file tells it. */
  find(entry: LocalEntry, namespace: string): LocalEntry | undefined {
    for (const batch of [this.#open, ...this.#batches]) {
      const found = batch.find(namespace, entry.key);
      if (found !== undefined && found.version === entry.version) return found;
    }
    return undefined;
  }

  put(namespace: string, entry: LocalEntry): void {
    this.#open.put(namespace, entry);
  }

  remove(namespace: string, keys: readonly StoredKey[]): void {
    this.#open.remove(namespace, keys);
  }

  /** Ends the batch that commits add to; every batch there is now, the oldest first. */
  seal(): readonly UnfiledBatch[] {
    if (!this.#open.isEmpty) this.#batches.push(this.#open);
    this.#open = new UnfiledBatch(false);
    return [...this.#batches];
  }

  /** Keys whose files are still to be removed. */
  *removals(): Generator<RemovedKeys> {
    for (const { removed } of [...this.#batches, this.#open]) {
      for (const [namespace, keys] of removed) yield { namespace, keys };
    }
  }

  /** Forgets the batches of which nothing is left. */
  tidy(): void {
    this.#batches = this.#batches.filter((batch) => !batch.isEmpty);
  }
}
