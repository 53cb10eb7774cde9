import { StorageFault } from "../../core/errors.js";
import { Turn } from "../files/turn.js";
import { commitErrorOf, isRecoverable, lmdbFault } from "./lmdb-errors.js";
import { closeHandles, type LmdbHandles } from "./lmdb-handles.js";
import { LmdbView } from "./lmdb-view.js";
import { hasMoved, markMoved } from "./store-format.js";
import { openGeneration, type StorePlace } from "./store-place.js";

/** Above every transaction number of one generation. */
const GENERATION_STEP = 2 ** 40;

/** What became of a transaction that met no error: its answer, or that the store has moved to its next generation. */
type Transacted<T> = { readonly moved: false; readonly answer: T } | { readonly moved: true };

/** A store as this process has it open: reading at one moment, one write transaction at a time, following moves. */
export class LmdbEnvironment {
  readonly place: StorePlace;
  readonly #turn = new Turn();
  #handles: LmdbHandles;
  /** Snapshots held over several turns of the event loop. */
  #held = 0;
  #released: (() => void) | undefined;
  /** While the handles are changed. */
  #moving: Promise<void> | undefined;
  readonly #listeners = new Set<() => void>();
  /** Why nothing may be written any more. */
  #failure: StorageFault | undefined;

  private constructor(place: StorePlace, handles: LmdbHandles) {
    this.place = place;
    this.#handles = handles;
  }

  /** @throws StorageFault `foreign`, `newer-format`, `truncated`, `read-only`, or what LMDB says. */
  static async open(place: StorePlace): Promise<LmdbEnvironment> {
    return new LmdbEnvironment(place, await openGeneration(place));
  }

  /** After everything asked for before. */
  close(): Promise<void> {
    return this.#turn.run(async () => {
      await this.#noneHeld();
      await closeHandles(this.#handles);
    });
  }

  /** A number that grows with every commit of any process. */
  get lastTransaction(): number {
    const { generation, writer } = this.#handles;
    return generation * GENERATION_STEP + writer.env.info().lastTxnId;
  }

  /** Where the generation lives that this process has open. */
  get dataFile(): string {
    return this.place.folder.dataFile(this.#handles.generation);
  }

  /** Runs `body`, which does not pause, on a fresh snapshot. */
  async read<T>(body: (view: LmdbView) => T): Promise<T> {
    for (;;) {
      if (this.#moving !== undefined) await this.#moving;
      const { reader, read } = this.#handles;
      reader.resetReadTxn();
      const view = new LmdbView(read);
      const answer = guarded("reading", () => body(view));
      if (!view.missed || !hasMoved(read)) return answer;
      await this.#follow();
    }
  }

  /** Runs `body`, which may pause, on a snapshot of its own. */
  async readLong<T>(body: (view: LmdbView) => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#moving !== undefined) await this.#moving;
      const { reader, read } = this.#handles;
      reader.resetReadTxn();
      const transaction = guarded("reading", () => reader.useReadTransaction());
      this.#held += 1;
      try {
        const view = new LmdbView(read, transaction);
        const answer = await body(view);
        if (!view.missed || !hasMoved(read)) return answer;
      } catch (error) {
        throw lmdbFault(error, "reading");
      } finally {
        transaction.done();
        this.#held -= 1;
        if (this.#held === 0) this.#released?.();
      }
      await this.#follow();
    }
  }

  /**
   * Runs `body`, which may pause, in a write transaction, after those asked for before. It resolves when the commit is
   * as durable as the options say; when it rejects nothing of it stays, unless the fault says otherwise.
   */
  write<T>(body: (view: LmdbView) => Promise<T>): Promise<T> {
    return this.#turn.run(async () => {
      for (;;) {
        const result = await this.#transact(body);
        if (!result.moved) {
          for (const told of this.#listeners) told();
          return result.answer;
        }
        await this.#change();
      }
    });
  }

  /** Calls `told` after every transaction of this process. Returns how to end that. */
  onWritten(told: () => void): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  /** Makes every commit so far durable. */
  async sync(): Promise<void> {
    const { writer } = this.#handles;
    await new Promise<void>((resolve, reject) => {
      writer.sync((error) => (error ? reject(this.#failed(error)) : resolve()));
    });
  }

  /** Lets go of what processes that are gone had open. */
  checkReaders(): void {
    this.#handles.writer.readerCheck();
  }

  /**
   * Copies everything that counts into a new generation without the free pages, while nobody writes, and makes that
   * one count. Other processes go on in the old one until their next call, which finds it has moved.
   */
  async compact(): Promise<void> {
    await this.write(async (view) => {
      const { folder } = this.place;
      const { generation, writer } = this.#handles;
      await folder.remove(generation + 1);
      const prepared = await folder.prepareCopy(generation + 1);
      await writer.backup(prepared, true);
      await folder.placeCopy(prepared, generation + 1);
      markMoved(view.tables);
    });
    await this.#follow();
  }

  async #transact<T>(body: (view: LmdbView) => Promise<T>): Promise<Transacted<T>> {
    if (this.#failure !== undefined) throw this.#failure;
    const { writer, written } = this.#handles;
    let refusal: { readonly error: unknown } | undefined;
    try {
      return await writer.childTransaction(async () => {
        try {
          if (hasMoved(written)) return { moved: true };
          return { moved: false, answer: await body(new LmdbView(written)) };
        } catch (error) {
          refusal = { error };
          throw error;
        }
      });
    } catch (error) {
      if (refusal !== undefined) throw lmdbFault(refusal.error, "writing");
      throw this.#failed(await commitErrorOf(error));
    }
  }

  /** LMDB undoes a commit that fails for want of space. After anything else nobody can say what the disk holds. */
  #failed(error: unknown): StorageFault {
    const fault = lmdbFault(error, "committing");
    if (isRecoverable(fault)) return fault;
    this.#failure = new StorageFault(
      "unavailable",
      "an earlier commit failed; close the store and open it again",
      {
        cause: error,
      },
    );
    return lmdbFault(error, "committing", { outcome: "unknown" });
  }

  #follow(): Promise<void> {
    return this.#turn.run(async () => {
      const { reader, read } = this.#handles;
      reader.resetReadTxn();
      if (hasMoved(read)) await this.#change();
    });
  }

  /** Goes on with the generation that counts now. In the turn of writers. */
  async #change(): Promise<void> {
    const before = this.#handles;
    this.#moving = this.#noneHeld().then(async () => {
      this.#handles = await openGeneration(this.place, before.generation + 1);
      await closeHandles(before);
      await this.place.folder.remove(before.generation);
    });
    try {
      await this.#moving;
    } finally {
      this.#moving = undefined;
    }
  }

  async #noneHeld(): Promise<void> {
    if (this.#held > 0) await new Promise<void>((resolve) => (this.#released = resolve));
    this.#released = undefined;
  }
}

function guarded<T>(doing: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw lmdbFault(error, doing);
  }
}
