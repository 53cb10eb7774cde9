import type { Anomaly, AnomalyName, AnomalyReport } from "./anomaly-report.js";
import type { GroupOperation, HistoryTransaction, ListOperation } from "./history.js";

/** Examples kept of each name; a broken store makes millions. */
const KEPT_PER_NAME = 8;
const SHOWN_ELEMENTS = 12;

/** Collects what the checks find and turns it into a report. */
export class AnomalyLog {
  readonly #history: readonly HistoryTransaction<ListOperation | GroupOperation>[];
  readonly #counts = new Map<AnomalyName, number>();
  readonly #anomalies: Anomaly[] = [];

  constructor(history: readonly HistoryTransaction<ListOperation | GroupOperation>[]) {
    this.#history = history;
  }

  add(name: AnomalyName, message: string, transactions: readonly number[]): void {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count > KEPT_PER_NAME) return;
    const involved = [...new Set(transactions)];
    const lines = involved.map((index) => `  ${this.#describe(index)}`);
    this.#anomalies.push({ name, description: [message, ...lines].join("\n"), transactions: involved });
  }

  /** `effective`: 1 for each transaction that committed or must have. */
  report(effective: Uint8Array): AnomalyReport {
    const transactions = { committed: 0, aborted: 0, unknown: 0 };
    let operations = 0;
    for (const [index, transaction] of this.#history.entries()) {
      transactions[transaction.status] += 1;
      if (effective[index] === 1) operations += transaction.operations.length;
    }
    const valid = this.#counts.size === 0;
    return { valid, counts: this.#counts, anomalies: this.#anomalies, transactions, operations };
  }

  #describe(index: number): string {
    const transaction = this.#history[index] as HistoryTransaction<ListOperation | GroupOperation>;
    const { process, start, end, status } = transaction;
    const operations = transaction.operations.map(describeOperation).join(", ");
    return `T${index} (client ${process}, ${start} to ${end}, ${status}): ${operations}`;
  }
}

function describeOperation(operation: ListOperation | GroupOperation): string {
  switch (operation.kind) {
    case "append":
      return `append ${JSON.stringify(operation.element)} to ${JSON.stringify(operation.key)}`;
    case "read":
      return `read ${JSON.stringify(operation.key)} as ${describeElements(operation.elements)}`;
    case "insert":
      return `insert ${JSON.stringify(operation.member)} into ${JSON.stringify(operation.group)}`;
    case "observe":
      return `observe ${JSON.stringify(operation.group)} as ${describeElements(operation.members)}`;
  }
}

/** The elements in brackets; of a long list only the last ones, where lists differ. */
export function describeElements(elements: readonly (string | number)[]): string {
  const shown = elements.slice(-SHOWN_ELEMENTS).map((element) => JSON.stringify(element));
  return `[${[...(elements.length > SHOWN_ELEMENTS ? ["…"] : []), ...shown].join(" ")}]`;
}
