import type { Backend, BackendFactory, BackendSetup } from "../../src/backends/backend.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";
import type { StorageSettings } from "../../src/plugin/settings.js";
import type { TableShelf } from "./table-shelf.js";

export interface SqlServer {
  readonly url: string;
  readonly nearby?: StorageSettings["postgres" | "mysql"];
}

/** A dialect of SQL under test. */
export interface SqlDialect {
  /** Also the backend's name and that of its section. */
  readonly name: "postgres" | "mysql";
  readonly factory: BackendFactory;
  /** As `factory`, but connections of stores that are over serve the next. */
  readonly thrifty: BackendFactory;
  server(): Promise<SqlServer | undefined>;
  /** Removes every row that a store has written under its table's name; false when its tables are not there. */
  emptyTables(url: string, table: string): Promise<boolean>;
  /** Removes everything that a store has made under its table's name. */
  dropTables(url: string, table: string): Promise<void>;
}

/**
 * The contract suite on a server of SQL, each case in tables that hold nothing.
 *
 * @param form `thrifty`: connections outlive stores and go by a socket in a folder
 */
export function sqlHarness(
  { name, server, factory, thrifty }: SqlDialect,
  shelf: TableShelf,
  form: "plain" | "thrifty" = "plain",
): SuiteHarness {
  const tables = new WeakMap<Backend, string>();
  const make = async (table: string, conditions: Conditions) => {
    const { url, nearby } = (await server()) as SqlServer;
    const place = form === "thrifty" && nearby !== undefined ? nearby : { url };
    const options: BackendSetup["options"] = { ...place, table, pool: 4 };
    const backend = (form === "thrifty" ? thrifty : factory)(suiteSetup(conditions, { options }));
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
      flush: name === "postgres",
      files: false,
      reportsExpired: true,
    },
    create: (conditions) => make(shelf.take(), conditions),
    reopen: (backend, conditions) => make(tableOf(backend), conditions),
    share: (backend, conditions) => make(tableOf(backend), conditions),
    destroy: (backend) => shelf.giveBack(tableOf(backend)),
  };
}
