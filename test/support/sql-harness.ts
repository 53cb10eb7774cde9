import { randomBytes } from "node:crypto";
import type { Backend, BackendFactory, BackendSetup } from "../../src/backends/backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";

/** A dialect of SQL under test. */
export interface SqlDialect {
  /** Also the backend's name and that of its section. */
  readonly name: "postgres" | "mysql";
  readonly factory: BackendFactory;
  server(): Promise<{ readonly url: string } | undefined>;
  /** Removes everything that a store has made under its table's name. */
  dropTables(url: string, table: string): Promise<void>;
}

/** The contract suite on a server of SQL, each case in tables of its own. */
export function sqlHarness({ name, factory, server, dropTables }: SqlDialect): SuiteHarness {
  const tables = new WeakMap<Backend, string>();
  const make = async (table: string, conditions: Conditions) => {
    const options: BackendSetup["options"] = { url: (await server())?.url, table, pool: 4 };
    const backend = factory(suiteSetup(conditions, { options }));
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

/** The name of a table like no other. */
export function freshTable(): string {
  return `t_${randomBytes(8).toString("hex")}`;
}
