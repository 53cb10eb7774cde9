import { isTableName, TABLE_NAME_RULE } from "../../core/table-name.js";

/** @throws TypeError unless the text can name a table without quoting or surprise. */
export function checkTable(table: unknown): string {
  if (isTableName(table)) return table;
  throw new TypeError(`mysql.table must be ${TABLE_NAME_RULE}`);
}

/** The names of one store's parts; the tables' are ready to stand in a statement. */
export interface MysqlNames {
  readonly table: string;
  /** Of all five tables, without quotes. */
  readonly bareTables: readonly string[];
  readonly entries: string;
  readonly log: string;
  /** Generations that were left behind and are still to be deleted. */
  readonly left: string;
  /** The rows that commits lock. */
  readonly locks: string;
  readonly meta: string;
  /** What processes that make or migrate the tables lock; the server puts nothing of the database before it. */
  readonly schemaLock: (database: string) => string;
  readonly procedureName: (part: string) => string;
}

export function mysqlNames(table: string): MysqlNames {
  const part = (name: string): string => `\`${table}${name}\``;
  return {
    table,
    bareTables: ["", "_log", "_left", "_locks", "_meta"].map((name) => table + name),
    entries: part(""),
    log: part("_log"),
    left: part("_left"),
    locks: part("_locks"),
    meta: part("_meta"),
    schemaLock: (database) => `holdfast ${database}.${table}`.slice(-64),
    procedureName: (name) => `${table}_${name}`,
  };
}
