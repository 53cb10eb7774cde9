import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import { settleWithin } from "../../core/settle-within.js";
import type { ReadResult, Want } from "../backend.js";
import { waitingForAll } from "./batch-contexts.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { SqliteStore } from "./sqlite-store.js";
import type { StoreClock } from "./store-clock.js";
import { StoreReads } from "./store-reads.js";

/** Most keys of one statement: some milliseconds of the event loop. */
const MOST_KEYS = 256;

interface Waiting {
  readonly ctx: Context;
  readonly key: StoredKey;
  readonly resolve: (result: ReadResult<Want>) => void;
  readonly reject: (error: unknown) => void;
}

/** The reads of one namespace and want that share a statement. */
interface Lane {
  readonly namespace: string;
  readonly want: Want;
  readonly waiting: Waiting[];
}

/**
 * Lets reads of single keys that are asked for before the event loop goes on share a statement: locking the file and
 * handing over blobs is most of what a read costs. Each is one atomic state of the database, looked at after it was asked.
 */
export class ReadGatherer {
  readonly #store: SqliteStore;
  readonly #clock: StoreClock;
  #lanes: Lane[] = [];
  #isScheduled = false;

  constructor(store: SqliteStore, clock: StoreClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @returns what StoreReads.one gives. */
  read(ctx: Context, namespace: string, key: StoredKey, want: Want): Promise<ReadResult<Want>> {
    const answer = new Promise<ReadResult<Want>>((resolve, reject) => {
      this.#laneOf(namespace, want).waiting.push({ ctx, key, resolve, reject });
      this.#schedule();
    });
    return settleWithin(ctx, answer);
  }

  #laneOf(namespace: string, want: Want): Lane {
    const isOpen = (lane: Lane) =>
      lane.namespace === namespace && lane.want === want && lane.waiting.length < MOST_KEYS;
    const open = this.#lanes.find(isOpen);
    if (open !== undefined) return open;
    const lane = { namespace, want, waiting: [] };
    this.#lanes.push(lane);
    return lane;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      const lanes = this.#lanes;
      this.#lanes = [];
      for (const lane of lanes) void this.#answer(lane);
    });
  }

  /** Never rejects: what goes wrong is told to those who asked. */
  async #answer({ namespace, want, waiting }: Lane): Promise<void> {
    if (waiting.length === 1) return await this.#answerAlone(namespace, want, waiting[0] as Waiting);
    const keys = waiting.map(({ key }) => key);
    try {
      const { entries, now, position } = await this.#look(waiting, (reads, connection) =>
        connection.view(() => reads.several(namespace, keys, want)),
      );
      for (const [i, { resolve }] of waiting.entries()) resolve({ entries: [entries[i]], now, position });
    } catch (error) {
      // A damaged entry is the affair of those who asked for it; locks were waited for once, for all.
      const isOfOneKey = error instanceof StorageFault && error.key !== undefined;
      if (!isOfOneKey) return waiting.forEach(({ reject }) => reject(error));
      await Promise.all(waiting.map((each) => this.#answerAlone(namespace, want, each)));
    }
  }

  async #answerAlone(namespace: string, want: Want, waiting: Waiting): Promise<void> {
    try {
      waiting.resolve(await this.#look([waiting], (reads) => reads.one(namespace, waiting.key, want)));
    } catch (error) {
      waiting.reject(error);
    }
  }

  #look<T>(
    waiting: readonly Waiting[],
    look: (reads: StoreReads, connection: SqliteConnection) => T,
  ): Promise<T> {
    return this.#store.read(waitingForAll(waiting), (connection) =>
      look(new StoreReads(connection, this.#clock), connection),
    );
  }
}
