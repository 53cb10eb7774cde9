import type { StoredKey } from "../../core/key.js";
import type { Applied, LocalCommit, LocalWrite } from "../local/local-commit.js";
import type { LocalEntry } from "../local/local-entry.js";
import { LocalStore } from "../local/local-store.js";
import { filedEntry, isFiled } from "./filed-entry.js";
import { Unfiled } from "./unfiled.js";

/**
 * The engine as an index: its entries have the size of a value in the place of the value, which is in a file of its own
 * or, until it is there, in {@link unfiled}.
 */
export class FiledStore extends LocalStore {
  readonly unfiled = new Unfiled();

  /** @param commit with the values of what it puts. */
  override apply(commit: LocalCommit): Applied {
    const { namespace } = commit;
    const writes = commit.writes.map((write) => this.#index(namespace, write));
    return super.apply({ ...commit, writes });
  }

  /** @param entries as the index keeps them, or with their values. */
  override restore(namespace: string, entries: Iterable<LocalEntry>): void {
    const found: LocalEntry[] = [];
    for (const entry of entries) {
      if (isFiled(entry)) found.push(entry);
      else {
        this.unfiled.put(namespace, entry);
        found.push(filedEntry(entry));
      }
    }
    super.restore(namespace, found);
  }

  /** Everything held, with the values that files do not tell yet: what a snapshot needs. */
  override entries(namespace: string): readonly LocalEntry[] {
    const held = super.entries(namespace);
    return this.unfiled.isEmpty ? held : held.map((entry) => this.unfiled.find(entry, namespace) ?? entry);
  }

  #index(namespace: string, write: LocalWrite): LocalWrite {
    if (write.kind === "put") {
      this.unfiled.put(namespace, write.entry);
      return { kind: "put", entry: filedEntry(write.entry) };
    }
    this.unfiled.remove(namespace, this.#keysOf(namespace, write));
    return write;
  }

  #keysOf(namespace: string, write: Exclude<LocalWrite, { kind: "put" }>): readonly StoredKey[] {
    return write.kind === "delete-range" ? this.heldKeys(namespace, write.range) : [write.key];
  }
}
