import { randomBytes } from "node:crypto";
import type { SqlDialect } from "./sql-harness.js";

/**
 * The tables of stores that are over, emptied for the next one: making and dropping a store's tables and functions costs
 * a server more than most cases do. A case that changes more of them than their rows needs {@link freshTable}.
 */
export class TableShelf {
  readonly #dialect: SqlDialect;
  readonly #free: string[] = [];

  constructor(dialect: SqlDialect) {
    this.#dialect = dialect;
  }

  /** The name of a table that holds nothing: not there yet, or emptied. */
  take(): string {
    return this.#free.pop() ?? freshTable();
  }

  /** Takes the tables of a store that is closed; it may never have been opened. */
  async giveBack(table: string): Promise<void> {
    const url = await this.#url();
    if (await this.#dialect.emptyTables(url, table)) this.#free.push(table);
    else await this.#dialect.dropTables(url, table);
  }

  /** Removes all that were given back. */
  async clear(): Promise<void> {
    if (this.#free.length === 0) return;
    const url = await this.#url();
    for (const table of this.#free.splice(0)) await this.#dialect.dropTables(url, table);
  }

  async #url(): Promise<string> {
    return (await this.#dialect.server())?.url as string;
  }
}

/** The name of a table like no other. */
export function freshTable(): string {
  return `t_${randomBytes(8).toString("hex")}`;
}
