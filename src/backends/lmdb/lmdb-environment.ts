import process from "node:process";
import { StorageFault } from "../../core/errors.js";
import { Turn } from "../files/turn.js";
import { commitErrorOf, isRecoverable, lmdbFault } from "./lmdb-errors.js";
import type { LmdbHandles } from "./lmdb-handles.js";
import { LmdbView, type Tables } from "./lmdb-view.js";
import { OpenGeneration } from "./open-generation.js";
import { poolThreads } from "./pool-threads.js";
import { hasMoved, mark, markMoved } from "./store-format.js";
import { openGeneration, type StorePlace } from "./store-place.js";

/** Above every transaction number of one generation. */
const GENERATION_STEP = 2 ** 40;

/**
 * The compactions of this process, one after the other: a transaction of lmdb-js holds a thread of the pool in which Node
 * works on files, and compacting works on files while it is in one. As many at once as there are threads, four by
 * default, would wait for ever.
 */
const compactions = new Turn();

/** Where a transaction is begun and ended: in a thread of the pool, or in this one, which stands still meanwhile. */
type Thread = "pool" | "this";

/** A pool of one thread has none left for files while a transaction holds it. */
const COMPACTING_THREAD: Thread = poolThreads(process.env["UV_THREADPOOL_SIZE"]) > 1 ? "pool" : "this";

/** What became of a transaction that met no error: its answer, or that the store has moved to its next generation. */
type Transacted<T> = { readonly moved: false; readonly answer: T } | { readonly moved: true };

/** A store as this process has it open: reading at one moment, one write transaction at a time, following moves. */
export class LmdbEnvironment {
  readonly place: StorePlace;
  readonly #turn = new Turn();
  #open: OpenGeneration;
  /** While the next generation is opened. */
  #moving: Promise<void> | undefined;
  /** Generations that are closed once nobody reads them any more. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #listeners = new Set<() => void>();
  /** Why nothing may be written any more. */
  #failure: StorageFault | undefined;

  private constructor(place: StorePlace, handles: LmdbHandles) {
    this.place = place;
    this.#open = new OpenGeneration(handles);
  }

  get #handles(): LmdbHandles {
    return this.#open.handles;
  }

  /** @throws StorageFault `foreign`, `newer-format`, `truncated`, `read-only`, or what LMDB says. */
  static async open(place: StorePlace): Promise<LmdbEnvironment> {
    return new LmdbEnvironment(place, await openGeneration(place));
  }

  /** After everything asked for before. */
  close(): Promise<void> {
    return this.#turn.run(async () => {
      await this.#open.leave();
      await Promise.all(this.#leaving);
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
      const { answer, mayBeOld } = await this.#open.hold((handles) => readHeld(handles, body));
      if (!mayBeOld) return answer;
      await this.#follow();
    }
  }

  /**
   * Runs `body`, which may pause, in a write transaction, after those asked for before. It resolves when the commit is
   * as durable as the options say; when it rejects nothing of it stays, unless the fault says otherwise.
   */
  write<T>(body: (view: LmdbView) => Promise<T>, thread: Thread = "pool"): Promise<T> {
    return this.#turn.run(async () => {
      for (;;) {
        const result = await this.#transact(body, thread);
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

  /** Makes every commit so far durable. After a failure nothing is written any more: what a failed sync left is lost. */
  async sync(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#moving !== undefined) await this.#moving;
    await this.#open.hold(({ writer }) => {
      return new Promise<void>((resolve, reject) => {
        writer.sync((error) => (error ? reject(this.#broken(error)) : resolve()));
      });
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
    const copy = ({ tables }: LmdbView) => this.#writeNextGeneration(tables);
    await compactions.run(() => this.write(copy, COMPACTING_THREAD));
    await this.#follow();
  }

  async #writeNextGeneration(tables: Tables): Promise<void> {
    const { folder } = this.place;
    const { generation, writer } = this.#handles;
    await folder.remove(generation + 1);
    const prepared = await folder.prepareCopy(generation + 1);
    await writer.backup(prepared, true);
    await folder.placeCopy(prepared, generation + 1);
    await markMoved(tables, this.place.breather());
  }

  async #transact<T>(body: (view: LmdbView) => Promise<T>, thread: Thread): Promise<Transacted<T>> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#beginSmall();
    const { writer, written } = this.#handles;
    let refusal: { readonly error: unknown } | undefined;
    const work = async (): Promise<Transacted<T>> => {
      try {
        if (hasMoved(written)) return { moved: true };
        return { moved: false, answer: await body(new LmdbView(written)) };
      } catch (error) {
        refusal = { error };
        throw error;
      }
    };
    try {
      return await (thread === "pool" ? writer.childTransaction(work) : writer.transactionSync(work));
    } catch (error) {
      if (refusal !== undefined) throw lmdbFault(refusal.error, "writing");
      throw this.#failed(await commitErrorOf(error));
    }
  }

  /**
   * Makes the first commit to a copy a small one. The first leaves the list of the pages that it freed in LMDB's table of
   * free pages, which compaction has left empty. A list that needs pages of its own makes lmdb-js look for free ones in
   * that table while its first page stands there without an entry yet: it reads beside the page, and ends the process.
   * A store of which nothing is copied has small commits behind it that made it.
   */
  async #beginSmall(): Promise<void> {
    if (!guarded("reading", () => this.#open.isUnwritten)) return;
    const { writer, written } = this.#handles;
    try {
      await writer.childTransaction(async () => mark(written));
    } catch (error) {
      throw this.#failed(await commitErrorOf(error));
    }
  }

  /** LMDB undoes a commit that fails for want of space. After anything else nobody can say what the disk holds. */
  #failed(error: unknown): StorageFault {
    const fault = lmdbFault(error, "committing");
    return isRecoverable(fault) ? fault : this.#broken(error);
  }

  #broken(error: unknown): StorageFault {
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

  /** Goes on with the generation that counts now. In the turn of writers. Who reads the old one goes on with that. */
  async #change(): Promise<void> {
    const before = this.#open;
    this.#moving = openGeneration(this.place, before.handles.generation + 1).then((handles) => {
      this.#open = new OpenGeneration(handles);
    });
    try {
      await this.#moving;
    } finally {
      this.#moving = undefined;
    }
    this.#leave(before);
  }

  #leave(generation: OpenGeneration): void {
    const left: Promise<void> = generation
      .leave()
      .then(() => this.place.folder.removeBelow(this.#handles.generation))
      // What stays takes space and is passed over at every opening; the next move tries again.
      .catch(() => undefined)
      .finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}

interface HeldAnswer<T> {
  readonly answer: T;
  /** It may be of a generation that was left before it was asked. */
  readonly mayBeOld: boolean;
}

async function readHeld<T>(
  { reader, read }: LmdbHandles,
  body: (view: LmdbView) => Promise<T>,
): Promise<HeldAnswer<T>> {
  reader.resetReadTxn();
  const transaction = guarded("reading", () => reader.useReadTransaction());
  try {
    const view = new LmdbView(read, transaction);
    const answer = await body(view);
    return { answer, mayBeOld: view.missed && hasMoved(read) };
  } catch (error) {
    throw lmdbFault(error, "reading");
  } finally {
    transaction.done();
  }
}

function guarded<T>(doing: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw lmdbFault(error, doing);
  }
}
