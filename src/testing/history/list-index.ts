import type { Element, HistoryTransaction, ListOperation } from "./history.js";

/** A key and who appended what to it. */
export interface ListKey {
  readonly name: string;
  /** The transaction that appended each element, whatever became of it. */
  readonly writers: Map<Element, number>;
}

/** The keys of a history, numbered in the order they appear. */
export class ListIndex {
  readonly keys: ListKey[] = [];
  readonly #numbers = new Map<string, number>();

  /** @throws TypeError when an element is appended twice to one key: then reads could not be told apart. */
  constructor(history: readonly HistoryTransaction<ListOperation>[]) {
    for (const [index, transaction] of history.entries()) {
      for (const operation of transaction.operations) {
        const key = this.#add(operation.key);
        if (operation.kind === "append") noteWriter(key, operation.element, index);
      }
    }
  }

  /** The number of a key that the history names. */
  numberOf(name: string): number {
    return this.#numbers.get(name) as number;
  }

  key(name: string): ListKey {
    return this.keys[this.numberOf(name)] as ListKey;
  }

  #add(name: string): ListKey {
    const number = this.#numbers.get(name);
    if (number !== undefined) return this.keys[number] as ListKey;
    const key = { name, writers: new Map<Element, number>() };
    this.#numbers.set(name, this.keys.length);
    this.keys.push(key);
    return key;
  }
}

function noteWriter(key: ListKey, element: Element, transaction: number): void {
  const earlier = key.writers.get(element);
  if (earlier !== undefined) {
    const where = `to ${JSON.stringify(key.name)} by T${earlier} and T${transaction}`;
    throw new TypeError(
      `${JSON.stringify(element)} is appended twice ${where}; give every append its own element`,
    );
  }
  key.writers.set(element, transaction);
}
