import { mysqlBackend } from "../../src/backends/mysql/mysql-backend.js";
import { MysqlStore } from "../../src/backends/mysql/mysql-store.js";
import { SqlBackend } from "../../src/backends/sql/sql-backend.js";
import { KEPT_POOLS } from "./kept-pools.js";
import { askMysql } from "./mysql-client.js";
import { mariadbServer } from "./servers/mariadb-server.js";
import type { SqlDialect } from "./sql-harness.js";

export const MYSQL: SqlDialect = {
  name: "mysql",
  factory: mysqlBackend,
  thrifty: (setup) =>
    new SqlBackend("mysql", setup, (own, events) => new MysqlStore(own, events, async () => KEPT_POOLS)),
  server: mariadbServer,
  emptyTables,
  dropTables,
};

const NO_SUCH_TABLE = 1146;

async function emptyTables(url: string, table: string): Promise<boolean> {
  try {
    for (const part of ["", "_log", "_left"]) await askMysql(url, `DELETE FROM ${table}${part}`);
    return true;
  } catch (error) {
    if ((error as { readonly errno?: number }).errno === NO_SUCH_TABLE) return false;
    throw error;
  }
}

async function dropTables(url: string, table: string): Promise<void> {
  const parts = ["", "_log", "_left", "_locks", "_meta"].map((part) => table + part);
  await askMysql(url, `DROP TABLE IF EXISTS ${parts.join(", ")}`);
  const routines = await askMysql(
    url,
    `SELECT routine_name AS name FROM information_schema.routines
    WHERE routine_schema = DATABASE() AND routine_name LIKE '${table}\\_%'`,
  );
  for (const { name } of routines) await askMysql(url, `DROP PROCEDURE IF EXISTS ${String(name)}`);
}
