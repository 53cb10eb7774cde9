import type { VerifyReport } from "../backend.js";
import type { EntryFiles } from "./entry-files.js";
import { EntryDamage } from "./entry-damage.js";
import { EntryLoader } from "./entry-loader.js";
import type { FiledStore } from "./filed-store.js";

/** A file that is nobody's is so at each of these looks. */
const MOST_LOOKS = 3;

/** The index at one moment, and what finds the values of its entries. */
export interface IndexView {
  readonly store: FiledStore;
  readonly loader: EntryLoader;
}

/**
 * A store that is read without its lock. Another process may replace and remove files meanwhile, which are then not those
 * of the index that was read: it is read again, so that what a call answers was true at one moment, and no older than what
 * was answered before.
 */
export class ReadingDirectory {
  readonly #files: EntryFiles;
  readonly #readIndex: () => Promise<FiledStore>;
  #view: IndexView;
  #reading: Promise<IndexView> | undefined;

  private constructor(files: EntryFiles, readIndex: () => Promise<FiledStore>, store: FiledStore) {
    this.#files = files;
    this.#readIndex = readIndex;
    this.#view = this.#viewOf(store);
  }

  /** @param readIndex what index and journals hold now. */
  static async open(files: EntryFiles, readIndex: () => Promise<FiledStore>): Promise<ReadingDirectory> {
    return new ReadingDirectory(files, readIndex, await readIndex());
  }

  get view(): IndexView {
    return this.#view;
  }

  /**
   * Whether something that looked damaged in a view was only newer than it; {@link view} is then a later one.
   *
   * @param error what was thrown or found; anything but the damage of an entry is no sign of a newer one.
   */
  async isOutdated({ store }: IndexView, error: unknown): Promise<boolean> {
    if (!(error instanceof EntryDamage)) return false;
    const { namespace = "", key = "" } = error;
    const held = store.held(namespace, key)?.version;
    if (this.#view.store === store) await this.#readAgain();
    // A file is written after the commit that it tells of: the index would have the entry that the file has.
    return this.#view.store.held(namespace, key)?.version !== held;
  }

  /** Looks at the files again while there are some that the index may only not know yet. */
  async untilSettled(look: () => Promise<VerifyReport>): Promise<VerifyReport> {
    for (let looks = 1; ; looks++) {
      const report = await look();
      if (looks === MOST_LOOKS || !report.problems.some(({ reason }) => reason === "foreign")) return report;
      await this.#readAgain();
    }
  }

  async #readAgain(): Promise<void> {
    this.#reading ??= this.#readIndex().then((store) => this.#viewOf(store));
    try {
      this.#view = await this.#reading;
    } finally {
      this.#reading = undefined;
    }
  }

  #viewOf(store: FiledStore): IndexView {
    return { store, loader: new EntryLoader(store, this.#files) };
  }
}
