import type { CancelTimer, Timers } from "../../core/runtime.js";
import type { StoredKey } from "../../core/key.js";
import type { BackendSetup } from "../backend.js";
import { Turn } from "../files/turn.js";
import type { LocalEntry } from "../local/local-entry.js";
import { encodeEntryFile, decodeEntryFile } from "./entry-file.js";
import type { EntryFiles } from "./entry-files.js";
import type { FiledStore } from "./filed-store.js";
import { inLanes } from "./in-lanes.js";
import type { UnfiledBatch } from "./unfiled.js";

/** Files written or removed at a time: the system has four threads for files by default, and commits need one. */
const LANES = 3;
/** Files after which their folder is synced. */
const SLICE_FILES = 256;
/** Values that wait for their files may take this much memory; then commits wait too. */
const ROOM_BYTES = 64 * 1024 * 1024;
/** After a failure the next try is so much later. */
const RETRY_MS = 1000;

export interface FilingSetup {
  readonly store: FiledStore;
  readonly files: EntryFiles;
  readonly timers: Timers;
  /** From the first commit that has no file yet to the writing of files. */
  readonly delayMs: number;
  /** Makes every commit applied so far durable: a file may never tell of one that a power cut could take back. */
  readonly makeDurable: () => Promise<void>;
  /** Rejects when the store belongs to somebody else by now. */
  readonly checkOwner: () => Promise<void>;
  readonly warn: BackendSetup["warn"];
}

/**
 * Writes the files of entries behind the commits, in the background. The journal and the index stay true without them:
 * what is not in a file yet is in both, so a failure costs nothing but a later try.
 */
export class Filing {
  readonly #setup: FilingSetup;
  readonly #turn = new Turn();
  #stopTimer: CancelTimer | undefined;
  #background: Promise<void> | undefined;
  #hasFailed = false;

  constructor(setup: FilingSetup) {
    this.#setup = setup;
  }

  /** Sees to it that what has been committed gets its files soon. */
  schedule(): void {
    if (this.#stopTimer !== undefined || this.#background !== undefined) return;
    const { timers, delayMs } = this.#setup;
    this.#stopTimer = timers.after(this.#hasFailed ? RETRY_MS : delayMs, () => {
      this.#stopTimer = undefined;
      this.#background = this.#runInBackground();
    });
  }

  /** Resolves when the values waiting for their files take no more memory than they may. */
  async room(): Promise<void> {
    if (this.#setup.store.unfiled.bytes > ROOM_BYTES) await this.flush();
  }

  /** Resolves when files tell everything that was committed before the call. */
  async flush(): Promise<void> {
    const batches = this.#setup.store.unfiled.seal();
    if (batches.length === 0) return;
    await this.#setup.makeDurable();
    await this.#turn.run(() => this.#file(batches));
  }

  /**
   * For a snapshot of what is committed now: once that is durable, what is returned sees to the files. It rejects only
   * when files of removed entries are still there, of which nothing would tell any more; a value without its file goes
   * into the snapshot.
   */
  beforeSnapshot(): () => Promise<void> {
    const batches = this.#setup.store.unfiled.seal();
    return async () => {
      try {
        await this.#turn.run(() => this.#file(batches));
      } catch (error) {
        if (batches.some((batch) => batch.removed.size > 0)) throw error;
      }
    };
  }

  /** No files are written in the background after this. */
  async stop(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = () => undefined;
    await this.#background;
  }

  async #runInBackground(): Promise<void> {
    try {
      await this.flush();
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed)
        this.#setup.warn("files of entries could not be written; nothing is lost", { error });
      this.#hasFailed = true;
    }
    this.#background = undefined;
    if (!this.#setup.store.unfiled.isEmpty) this.schedule();
  }

  /** Everything is tried; rejects with the first failure. */
  async #file(batches: readonly UnfiledBatch[]): Promise<void> {
    const { store, checkOwner } = this.#setup;
    await checkOwner();
    const failures: unknown[] = [];
    for (const batch of batches) {
      for (const [namespace, keys] of batch.removed) await this.#remove(batch, namespace, keys, failures);
      for (const [namespace, space] of batch.puts)
        await this.#write(batch, namespace, [...space.values()], failures);
    }
    store.unfiled.tidy();
    if (failures.length > 0) throw failures[0];
  }

  /** What could not be removed for good stays with the batch. */
  async #remove(
    { removed }: UnfiledBatch,
    namespace: string,
    keys: readonly StoredKey[],
    failures: unknown[],
  ): Promise<void> {
    const left: StoredKey[] = [];
    for (let start = 0; start < keys.length; start += SLICE_FILES) {
      const slice = keys.slice(start, start + SLICE_FILES);
      await this.#removeSlice(namespace, slice).catch((error) => {
        failures.push(error);
        for (const key of slice) left.push(key);
      });
    }
    if (left.length > 0) {
      removed.set(namespace, left);
      return;
    }
    removed.delete(namespace);
    const { store, files } = this.#setup;
    if (!store.namespaces().includes(namespace)) await files.removeFolder(namespace);
  }

  async #removeSlice(namespace: string, slice: readonly StoredKey[]): Promise<void> {
    const { store, files } = this.#setup;
    await inLanes(LANES, slice, async (key) => {
      if (store.held(namespace, key) === undefined) await files.remove(namespace, key);
    });
    await files.syncFolder(namespace);
  }

  async #write(
    batch: UnfiledBatch,
    namespace: string,
    entries: readonly LocalEntry[],
    failures: unknown[],
  ): Promise<void> {
    for (let start = 0; start < entries.length; start += SLICE_FILES) {
      const slice = entries.slice(start, start + SLICE_FILES);
      await this.#writeSlice(batch, namespace, slice, failures).catch((error) => failures.push(error));
    }
  }

  async #writeSlice(
    batch: UnfiledBatch,
    namespace: string,
    slice: readonly LocalEntry[],
    failures: unknown[],
  ): Promise<void> {
    const written: LocalEntry[] = [];
    await inLanes(LANES, slice, async (entry) => {
      try {
        if (await this.#isDue(batch, namespace, entry)) {
          await this.#setup.files.write(namespace, entry.key, encodeEntryFile(namespace, entry));
        }
        written.push(entry);
      } catch (error) {
        failures.push(error);
      }
    });
    await this.#setup.files.syncFolder(namespace);
    for (const entry of written) batch.done(namespace, entry);
  }

  /** Whether the index still means this entry, and its file does not tell it. */
  async #isDue({ isRecovered }: UnfiledBatch, namespace: string, entry: LocalEntry): Promise<boolean> {
    if (this.#setup.store.held(namespace, entry.key)?.version !== entry.version) return false;
    return !isRecovered || (await this.#isToBeWritten(namespace, entry.key, entry.version));
  }

  /**
   * Of an entry found in a journal: a file that was edited since it was written is left for its editor to accept. No
   * interrupted write looks like that.
   */
  async #isToBeWritten(namespace: string, key: StoredKey, version: string): Promise<boolean> {
    const bytes = await this.#setup.files.read(namespace, key).catch(() => undefined);
    const content = bytes && decodeEntryFile(bytes);
    if (content === undefined || "flaw" in content) return true;
    return content.entry.version !== version;
  }
}
