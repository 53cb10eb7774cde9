import { setImmediate as nextTurn } from "node:timers/promises";
import { background, type Storage, type StoragePlugin } from "../../src/index.js";

const ctx = background();

/** Numbers in keys that no commit changes the sum of, how many commits there were, and what they added and removed. */
export interface HistoryOptions {
  readonly namespaces: readonly string[];
  readonly writers: number;
  /** Between 0 and 1. */
  readonly random: () => number;
}

const ACCOUNTS = 8;
const START = 1000;
const SPARE_KEYS = 40;

/**
 * Writers whose every commit is recorded, so that a state can be told to be one of those that there were: each commit of a
 * namespace raises `commit` by one, moves an amount between two accounts, and sets or deletes some other keys, or clears
 * the namespace.
 */
export class CommitHistory {
  readonly #store: StoragePlugin;
  readonly #options: HistoryOptions;
  /** By namespace, what it held after each commit, as text. */
  readonly #states = new Map<string, Map<number, string>>();
  #isRunning = true;
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
      await this.#commit(name, (state) => {
        for (let i = 0; i < ACCOUNTS; i++) state.set(`account:${i}`, START);
        for (let i = 0; i < SPARE_KEYS; i++) state.set(`key:${i}`, "x".repeat(i));
      });
    }
  }

  /** Writes until {@link end} is called. */
  async write(): Promise<void> {
    const { writers, namespaces } = this.#options;
    const lanes = Array.from({ length: writers }, (_, i) =>
      this.#lane(namespaces[i % namespaces.length] as string),
    );
    await Promise.all(lanes);
  }

  end(): void {
    this.#isRunning = false;
  }

  /** What is wrong with a store that was restored from a backup; undefined when nothing is. */
  async flawOf(restored: StoragePlugin): Promise<string | undefined> {
    for (const name of this.#options.namespaces) {
      const held = await viewOf(restored, name).find(ctx, "*");
      const commit = Number(held.get("commit"));
      const expected = this.#states.get(name)?.get(commit);
      if (expected === undefined) return `${name}: commit ${commit} was never made`;
      if (textOf(held) !== expected) return `${name}: not what commit ${commit} left`;
    }
    return undefined;
  }

  async #lane(name: string): Promise<void> {
    while (this.#isRunning) {
      await this.#commit(name, (state) => this.#change(state));
      // A backend in memory would let nothing else run.
      await nextTurn();
    }
  }

  async #commit(name: string, change: (state: Map<string, unknown>) => void): Promise<void> {
    const after = await viewOf(this.#store, name).transact(
      ctx,
      async (tx) => {
        const before = await tx.find("*");
        const state = new Map(before);
        change(state);
        state.set("commit", Number(before.get("commit") ?? 0) + 1);
        const gone = [...before.keys()].filter((key) => !state.has(key));
        await tx.deleteBatch(gone);
        await tx.setBatch(new Map([...state].filter(([key, value]) => before.get(key) !== value)));
        return state;
      },
      { maxAttempts: 1000, timeout: "60s" },
    );
    this.#commits += 1;
    this.#states.get(name)?.set(Number(after.get("commit")), textOf(after));
  }

  #change(state: Map<string, unknown>): void {
    const { random } = this.#options;
    const [from, to] = [below(random, ACCOUNTS), below(random, ACCOUNTS)].map((i) => `account:${i}`) as [
      string,
      string,
    ];
    const amount = below(random, 10);
    state.set(from, Number(state.get(from)) - amount);
    state.set(to, Number(state.get(to)) + amount);
    const key = `key:${below(random, SPARE_KEYS)}`;
    if (random() < 0.3) state.delete(key);
    else state.set(key, `${random()}`.repeat(1 + below(random, 4)));
    if (random() < 0.2) state.set(`new:${random()}`, 1);
    if (random() < 0.02)
      for (const each of [...state.keys()].filter((name) => name.startsWith("new:"))) state.delete(each);
  }
}

function viewOf(store: StoragePlugin, name: string): Storage {
  return name === "" ? store : store.namespace(name);
}

function below(random: () => number, limit: number): number {
  return Math.floor(random() * limit);
}

function textOf(state: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}
