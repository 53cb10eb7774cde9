import { randomBytes } from "node:crypto";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { mysqlBackend } from "../../src/backends/mysql/mysql-backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import { askMysql } from "./mysql-client.js";
import type { MariadbServer } from "./servers/mariadb-server.js";

/** The contract suite on a server of MySQL or MariaDB, each case in tables of its own. */
export function mysqlHarness(
  server: () => Promise<MariadbServer | undefined>,
  form: Partial<BackendSetup> = {},
  name = "mysql",
): SuiteHarness {
  const tables = new WeakMap<Backend, string>();
  const make = async (table: string, conditions: Conditions) => {
    const options = { url: (await server())?.url, table, pool: 4 };
    const backend = mysqlBackend(suiteSetup(conditions, { options, ...form }));
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
  const parts = ["", "_log", "_left", "_locks", "_meta"].map((part) => table + part);
  await askMysql(url, `DROP TABLE IF EXISTS ${parts.join(", ")}`);
  const routines = await askMysql(
    url,
    `SELECT routine_name AS name FROM information_schema.routines
    WHERE routine_schema = DATABASE() AND routine_name LIKE '${table}\\_%'`,
  );
  for (const { name } of routines) await askMysql(url, `DROP PROCEDURE IF EXISTS ${String(name)}`);
}
