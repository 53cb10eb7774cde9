import { setImmediate as nextTurn } from "node:timers/promises";
import { background, type Storage, type StoragePlugin, type Transaction } from "../../src/index.js";

const ctx = background();

export interface HistoryOptions {
  readonly namespaces: readonly string[];
  readonly writers: number;
  /** Between 0 and 1. */
  readonly random: () => number;
}

const ACCOUNTS = 8;
const START = 1000;
const SPARE_KEYS = 40;
const LIST = "a list";
const HASH = "a hash";
const FIELDS = 12;

/** What a namespace holds. */
interface State {
  readonly values: Map<string, unknown>;
  list: unknown[];
  readonly hash: Map<string, unknown>;
}

/**
 * Writers whose every commit is recorded, so that a state can be told to be one of those that there were: each commit of a
 * namespace raises `commit` by one, moves an amount between two accounts, sets or deletes some other keys, pushes to and
 * pops from a list, changes fields of a hash, and now and then ends either of them.
 */
export class CommitHistory {
  readonly #store: StoragePlugin;
  readonly #options: HistoryOptions;
  /** By namespace, what it held after each commit, as text. */
  readonly #states = new Map<string, Map<number, string>>();
  #writing: Promise<unknown> | undefined;
  #isRunning = false;
  #commits = 0;

  constructor(store: StoragePlugin, options: HistoryOptions) {
    this.#store = store;
    this.#options = options;
  }

  get commits(): number {
    return this.#commits;
  }

  async begin(): Promise<void> {
    for (const name of this.#options.namespaces) {
      this.#states.set(name, new Map());
      await this.#commit(name, ({ values }) => {
        for (let i = 0; i < ACCOUNTS; i++) values.set(`account:${i}`, START);
        for (let i = 0; i < SPARE_KEYS; i++) values.set(`key:${i}`, "x".repeat(i));
      });
    }
  }

  /** Writers write from now on, until {@link pause} is called. */
  write(): void {
    const { writers, namespaces } = this.#options;
    this.#isRunning = true;
    const lanes = Array.from({ length: writers }, (_, i) =>
      this.#lane(namespaces[i % namespaces.length] as string),
    );
    this.#writing = Promise.all(lanes);
    // It is awaited by whoever pauses; until then a failure is nobody's.
    this.#writing.catch(() => undefined);
  }

  /** Resolves when so many commits more were made, or a writer has failed. */
  async grow(commits: number): Promise<void> {
    const goal = this.#commits + commits;
    while (this.#commits < goal && this.#isRunning) await nextTurn();
  }

  /** Rejects with what a writer failed with. */
  async pause(): Promise<void> {
    this.#isRunning = false;
    await this.#writing;
  }

  /** What is wrong with a store that was restored from a backup; undefined when nothing is. */
  async flawOf(restored: StoragePlugin): Promise<string | undefined> {
    for (const name of this.#options.namespaces) {
      const view = viewOf(restored, name);
      const values = await view.find(ctx, "*");
      const list = await view.list(LIST).lrange(ctx, 0, -1);
      const held = { values, list, hash: await view.hash(HASH).hgetall(ctx) };
      const commit = Number(values.get("commit"));
      const expected = this.#states.get(name)?.get(commit);
      if (expected === undefined) return `${name}: commit ${commit} was never made`;
      if (textOf(held) !== expected) return `${name}: not what commit ${commit} left`;
    }
    return undefined;
  }

  async #lane(name: string): Promise<void> {
    try {
      while (this.#isRunning) {
        await this.#commit(name, (state, tx) => this.#change(state, tx));
        // A backend in memory would let nothing else run.
        await nextTurn();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #commit(
    name: string,
    change: (state: State, tx: Transaction) => Promise<void> | void,
  ): Promise<void> {
    const after = await viewOf(this.#store, name).transact(
      ctx,
      async (tx) => {
        const before = await tx.find("*");
        const list = await tx.list(LIST).lrange(0, -1);
        const hash = await tx.hash(HASH).hgetall();
        const state: State = { values: new Map(before), list, hash };
        await change(state, tx);
        const { values } = state;
        values.set("commit", Number(before.get("commit") ?? 0) + 1);
        const gone = [...before.keys()].filter((key) => !values.has(key));
        await tx.deleteBatch(gone);
        await tx.setBatch(new Map([...values].filter(([key, value]) => before.get(key) !== value)));
        return state;
      },
      { maxAttempts: 1000, timeout: "60s" },
    );
    this.#commits += 1;
    this.#states.get(name)?.set(Number(after.values.get("commit")), textOf(after));
  }

  async #change(state: State, tx: Transaction): Promise<void> {
    this.#changeValues(state.values);
    await this.#changeList(state, tx);
    await this.#changeHash(state.hash, tx);
  }

  #changeValues(values: Map<string, unknown>): void {
    const { random } = this.#options;
    const [from, to] = [below(random, ACCOUNTS), below(random, ACCOUNTS)].map((i) => `account:${i}`) as [
      string,
      string,
    ];
    const amount = below(random, 10);
    values.set(from, Number(values.get(from)) - amount);
    values.set(to, Number(values.get(to)) + amount);
    const key = `key:${below(random, SPARE_KEYS)}`;
    if (random() < 0.3) values.delete(key);
    else values.set(key, `${random()}`.repeat(1 + below(random, 4)));
    if (random() < 0.2) values.set(`new:${random()}`, 1);
    if (random() < 0.02)
      for (const each of [...values.keys()].filter((name) => name.startsWith("new:"))) values.delete(each);
  }

  async #changeList(state: State, tx: Transaction): Promise<void> {
    const { random } = this.#options;
    const choice = random();
    if (choice < 0.4) {
      const value = random();
      await tx.list(LIST).rpush(value);
      state.list.push(value);
    } else if (choice < 0.65) {
      await tx.list(LIST).lpop();
      state.list.shift();
    } else if (choice < 0.7) {
      await tx.delete(LIST);
      state.list = [];
    }
  }

  async #changeHash(hash: Map<string, unknown>, tx: Transaction): Promise<void> {
    const { random } = this.#options;
    const field = `f${below(random, FIELDS)}`;
    const choice = random();
    if (choice < 0.4) {
      const value = random();
      await tx.hash(HASH).hset(field, value);
      hash.set(field, value);
    } else if (choice < 0.6) {
      await tx.hash(HASH).hdel(field);
      hash.delete(field);
    } else if (choice < 0.65) {
      await tx.delete(HASH);
      hash.clear();
    }
  }
}

function viewOf(store: StoragePlugin, name: string): Storage {
  return name === "" ? store : store.namespace(name);
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

function textOf({ values, list, hash }: State): string {
  const sorted = [values, hash].map((map) => [...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify([...sorted, list]);
}
