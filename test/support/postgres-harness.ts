import { postgresBackend } from "../../src/backends/postgres/postgres-backend.js";
import { PostgresStore } from "../../src/backends/postgres/postgres-store.js";
import { SqlBackend } from "../../src/backends/sql/sql-backend.js";
import { KEPT_CONNECTIONS } from "./kept-connections.js";
import { askPostgres } from "./postgres-client.js";
import { postgresServer } from "./servers/postgres-server.js";
import type { SqlDialect } from "./sql-harness.js";

export const POSTGRES: SqlDialect = {
  name: "postgres",
  factory: postgresBackend,
  thrifty: (setup) =>
    new SqlBackend(
      "postgres",
      setup,
      (own, events) => new PostgresStore(own, events, async () => KEPT_CONNECTIONS),
    ),
  server: postgresServer,
  emptyTables,
  dropTables,
};

const NO_SUCH_TABLE = "42P01";

async function emptyTables(url: string, table: string): Promise<boolean> {
  try {
    await askPostgres(url, ["", "_log", "_left"].map((part) => `DELETE FROM ${table}${part}`).join("; "));
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code === NO_SUCH_TABLE) return false;
    throw error;
  }
}

async function dropTables(url: string, table: string): Promise<void> {
  await askPostgres(
    url,
    `DROP TABLE IF EXISTS ${["", "_log", "_left", "_meta"].map((part) => table + part).join(", ")};
     DO $$ DECLARE f record; BEGIN
       FOR f IN SELECT oid::regprocedure AS name FROM pg_proc WHERE proname LIKE '${table}\\_%' LOOP
         EXECUTE 'DROP FUNCTION ' || f.name;
       END LOOP;
     END $$`,
  );
}
