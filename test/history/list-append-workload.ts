import { background, type Context } from "../../src/core/context.js";
import { withConsistency, type Storage, type Transaction } from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import {
  HistoryRecorder,
  type HistoryTransaction,
  type ListOperation,
  type OpenRecord,
} from "../../src/testing/history/index.js";
import { ChangedMind, noAttempts, RecordingClient, type AttemptCounts } from "./recording-client.js";
import { seededPause } from "./seeded-pause.js";

export interface WorkloadOptions {
  readonly seed: number;
  readonly clients: number;
  /** Operations to carry out, in attempts that fail included. */
  readonly operations: number;
}

export interface WorkloadResult<O> {
  readonly history: readonly HistoryTransaction<O>[];
  readonly counts: AttemptCounts;
}

/** Few, so that transactions meet. */
const ACTIVE_KEYS = 6;
/** A list is left alone after so many appends were tried, so that reads stay short. */
const LONGEST_LIST = 32;
const MOST_STEPS = 4;

/**
 * Clients that append to lists and read them, 1 to 4 at a time, in `transact`, in explicit transactions, and by plain
 * reads. The lists are arrays in values, so that every append is a read, a change and a write. Each client may have a
 * store of its own over the same data.
 */
export async function runListAppend(
  stores: readonly Storage[],
  options: WorkloadOptions,
): Promise<WorkloadResult<ListOperation>> {
  const recorder = new HistoryRecorder<ListOperation>();
  const lists = new ListKeys(options.operations);
  const counts = noAttempts();
  // Where others commit too, a plain read from the cache may be as old as `cache.max_staleness`: no transaction of its own.
  const plainly = stores.length > 1 ? withConsistency(background(), "strong") : background();
  const clients = Array.from({ length: options.clients }, (_, number) => {
    const store = stores[number % stores.length] as Storage;
    const random = new SeededRandom(options.seed * 1009 + number);
    const client = new RecordingClient(store, recorder, number, counts);
    return new ListClient(client, lists, random, plainly).run();
  });
  await Promise.all(clients);
  return { history: recorder.history, counts };
}

/** Reads every list once more, so that each append is either seen or proven missing. */
export async function readAllLists(
  store: Storage,
  history: readonly HistoryTransaction<ListOperation>[],
): Promise<HistoryTransaction<ListOperation>> {
  const keys = new Set(history.flatMap(({ operations }) => operations.map(({ key }) => key)));
  const start = history.reduce((latest, { end }) => Math.max(latest, end), 0) + 1;
  const operations: ListOperation[] = [];
  const strong = withConsistency(background(), "strong");
  for (const key of keys)
    operations.push({ kind: "read", key, elements: await store.getOr(strong, key, []) });
  return { process: -1, start, end: start + 1, status: "committed", operations };
}

/** Hands out keys, elements and the right to go on. */
class ListKeys {
  readonly #tries = Array.from({ length: ACTIVE_KEYS }, () => 0);
  readonly #generations = Array.from({ length: ACTIVE_KEYS }, () => 0);
  #left: number;
  #elements = 0;

  constructor(operations: number) {
    this.#left = operations;
  }

  get isDone(): boolean {
    return this.#left <= 0;
  }

  count(): void {
    this.#left -= 1;
  }

  pick(random: SeededRandom): string {
    const place = random.below(ACTIVE_KEYS);
    return `list:${place}:${this.#generations[place]}`;
  }

  nextElement(key: string): number {
    const place = Number(key.split(":")[1]);
    const tries = (this.#tries[place] as number) + 1;
    this.#tries[place] = tries % LONGEST_LIST;
    if (tries === LONGEST_LIST) this.#generations[place] = (this.#generations[place] as number) + 1;
    return this.#elements++;
  }
}

class ListClient {
  readonly #client: RecordingClient<ListOperation>;
  readonly #lists: ListKeys;
  readonly #random: SeededRandom;
  readonly #plainly: Context;

  constructor(
    client: RecordingClient<ListOperation>,
    lists: ListKeys,
    random: SeededRandom,
    plainly: Context,
  ) {
    this.#client = client;
    this.#lists = lists;
    this.#random = random;
    this.#plainly = plainly;
  }

  async run(): Promise<void> {
    while (!this.#lists.isDone) {
      await seededPause(this.#random);
      const choice = this.#random.below(10);
      if (choice < 2) await this.#readPlainly();
      else await this.#runTransaction(choice < 7);
    }
  }

  async #runTransaction(retried: boolean): Promise<void> {
    const steps = 1 + this.#random.below(MOST_STEPS);
    const changesMind = this.#random.chance(0.05);
    const work = (tx: Transaction, record: OpenRecord<ListOperation>) =>
      this.#work(tx, record, steps, changesMind);
    await (retried ? this.#client.transact(work) : this.#client.commit(work));
  }

  async #work(
    tx: Transaction,
    record: OpenRecord<ListOperation>,
    steps: number,
    changesMind: boolean,
  ): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await seededPause(this.#random);
      const key = this.#lists.pick(this.#random);
      this.#lists.count();
      const elements = await this.#read(tx, key);
      record.add({ kind: "read", key, elements });
      if (this.#random.chance(0.5)) continue;
      this.#lists.count();
      const element = this.#lists.nextElement(key);
      await tx.set(key, [...elements, element]);
      record.add({ kind: "append", key, element });
    }
    await seededPause(this.#random);
    if (changesMind) throw new ChangedMind();
  }

  /** By every call that reads a key. */
  async #read(tx: Transaction, key: string): Promise<number[]> {
    switch (this.#random.below(4)) {
      case 0:
        return (await tx.getBatch<number[]>([key])).get(key) ?? [];
      case 1:
        return (await tx.find<number[]>(key)).get(key) ?? [];
      case 2:
        return (await tx.exists(key)) ? await tx.get<number[]>(key) : [];
      default:
        return await tx.getOr<number[]>(key, []);
    }
  }

  async #readPlainly(): Promise<void> {
    const key = this.#lists.pick(this.#random);
    this.#lists.count();
    await this.#client.single(async (store) => {
      return { kind: "read", key, elements: await this.#readOutside(store, key) };
    });
  }

  /** By calls that ask the cache and by calls that pass it. */
  async #readOutside(store: Storage, key: string): Promise<number[]> {
    switch (this.#random.below(4)) {
      case 0:
        return (await store.find<number[]>(this.#plainly, key)).get(key) ?? [];
      case 1:
        return await store.getOr<number[]>(withConsistency(background(), "strong"), key, []);
      case 2:
        return (await store.getBatch<number[]>(this.#plainly, [key])).get(key) ?? [];
      default:
        return await store.getOr<number[]>(this.#plainly, key, []);
    }
  }
}
