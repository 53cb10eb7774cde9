import { isTableName, TABLE_NAME_RULE } from "../../core/table-name.js";

/** @throws TypeError unless the text can name a table without quoting or surprise. */
export function checkTable(table: unknown): string {
  if (isTableName(table)) return table;
  throw new TypeError(`postgres.table must be ${TABLE_NAME_RULE}`);
}

/** The names of one store's parts, ready to stand in a statement. */
export interface PostgresNames {
  readonly schema: string;
  readonly table: string;
  /** Of all four tables, without the schema. */
  readonly bareTables: readonly string[];
  readonly entries: string;
  readonly expiryIndex: string;
  readonly log: string;
  /** Generations that were left behind and are still to be deleted. */
  readonly left: string;
  readonly meta: string;
  /** Where commits are signalled. */
  readonly channel: string;
  /** The name of a function of this store, without its schema. */
  functionName(part: string): string;
  /** A name of this store's schema, qualified. */
  qualified(name: string): string;
}

/** @param schema the schema the tables are in, as the server calls it */
export function postgresNames(schema: string, table: string): PostgresNames {
  const qualified = (name: string): string => `"${schema.replaceAll('"', '""')}"."${name}"`;
  return {
    schema,
    table,
    bareTables: [table, `${table}_log`, `${table}_left`, `${table}_meta`],
    entries: qualified(table),
    expiryIndex: `${table}_expiry`,
    log: qualified(`${table}_log`),
    left: qualified(`${table}_left`),
    meta: qualified(`${table}_meta`),
    channel: `holdfast_${table}`,
    functionName: (part) => `${table}_${part}`,
    qualified,
  };
}
