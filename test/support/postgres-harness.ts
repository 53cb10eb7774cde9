import { postgresBackend } from "../../src/backends/postgres/postgres-backend.js";
import { askPostgres } from "./postgres-client.js";
import { postgresServer } from "./servers/postgres-server.js";
import type { SqlDialect } from "./sql-harness.js";

export const POSTGRES: SqlDialect = {
  name: "postgres",
  factory: postgresBackend,
  server: postgresServer,
  dropTables,
};

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
