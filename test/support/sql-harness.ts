import type { Backend, BackendFactory, BackendSetup } from "../../src/backends/backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import type { TableShelf } from "./table-shelf.js";

/** A dialect of SQL under test. */
export interface SqlDialect {
  /** Also the backend's name and that of its section. */
  readonly name: "postgres" | "mysql";
  readonly factory: BackendFactory;
  /** As `factory`, but connections of stores that are over serve the next; for where a connection is dear. */
  readonly thrifty?: BackendFactory;
  server(): Promise<{ readonly url: string } | undefined>;
  /** Removes every row that a store has written under its table's name; false when its tables are not there. */
  emptyTables(url: string, table: string): Promise<boolean>;
  /** Removes everything that a store has made under its table's name. */
  dropTables(url: string, table: string): Promise<void>;
}

/** The contract suite on a server of SQL, each case in tables that hold nothing. */
export function sqlHarness(
  { name, server, ...makes }: SqlDialect,
  shelf: TableShelf,
  factory: BackendFactory = makes.factory,
): SuiteHarness {
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
      reportsExpired: true,
    },
    create: (conditions) => make(shelf.take(), conditions),
    reopen: (backend, conditions) => make(tableOf(backend), conditions),
    share: (backend, conditions) => make(tableOf(backend), conditions),
    destroy: (backend) => shelf.giveBack(tableOf(backend)),
  };
}
