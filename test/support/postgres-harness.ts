import { randomBytes } from "node:crypto";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { postgresBackend } from "../../src/backends/postgres/postgres-backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import { askPostgres } from "./postgres-client.js";
import type { PostgresServer } from "./servers/postgres-server.js";

/** The contract suite on a PostgreSQL server, each case in tables of its own. */
export function postgresHarness(
  server: () => Promise<PostgresServer | undefined>,
  form: Partial<BackendSetup> = {},
  name = "postgres",
): SuiteHarness {
  const tables = new WeakMap<Backend, string>();
  const make = async (table: string, conditions: Conditions) => {
    const options = { url: (await server())?.url, table, pool: 4 };
    const backend = postgresBackend(suiteSetup(conditions, { options, ...form }));
    tables.set(backend, table);
    return backend;
  };
  const tableOf = (backend: Backend) => tables.get(backend) as string;
  return {
    name,
    time: "real",
    capabilities: {
      persistent: true,
      shared: true,
      groupCommit: true,
      compact: true,
      verify: true,
      flush: false,
      files: false,
    },
    create: (conditions) => make(freshTable(), conditions),
    reopen: (backend, conditions) => make(tableOf(backend), conditions),
    share: (backend, conditions) => make(tableOf(backend), conditions),
    destroy: async (backend) => dropTables((await server())?.url as string, tableOf(backend)),
  };
}

export function freshTable(): string {
  return `t_${randomBytes(8).toString("hex")}`;
}

/** Removes everything that a store has made under its table's name. */
export async function dropTables(url: string, table: string): Promise<void> {
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
