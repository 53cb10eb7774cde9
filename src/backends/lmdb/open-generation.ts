import { closeHandles, type LmdbHandles } from "./lmdb-handles.js";

/** One generation of a store as it is open here, and how many use it over several turns of the event loop. */
export class OpenGeneration {
  readonly handles: LmdbHandles;
  #holders = 0;
  #isWritten = false;
  #released: (() => void) | undefined;

  constructor(handles: LmdbHandles) {
    this.handles = handles;
  }

  /**
   * Whether nobody has written to this copy since it was made. LMDB's table of free pages is empty only until the first
   * commit, which adds what it has freed, as every commit does; afterwards never again.
   */
  get isUnwritten(): boolean {
    if (this.#isWritten) return false;
    const { reader } = this.handles;
    reader.resetReadTxn();
    this.#isWritten = reader.getStats().free.entryCount > 0;
    return !this.#isWritten;
  }

  /** Keeps the handles open while `use` runs. */
  async hold<T>(use: (handles: LmdbHandles) => Promise<T>): Promise<T> {
    this.#holders += 1;
    try {
      return await use(this.handles);
    } finally {
      this.#holders -= 1;
      if (this.#holders === 0) this.#released?.();
    }
  }

  /** Closes the handles as soon as nobody holds them; from now on nobody may begin to. */
  async leave(): Promise<void> {
    if (this.#holders > 0) await new Promise<void>((resolve) => (this.#released = resolve));
    await closeHandles(this.handles);
  }
}
