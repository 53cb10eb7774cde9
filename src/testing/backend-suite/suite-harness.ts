import type { Backend, BackendSetup, Capabilities } from "../../backends/backend.js";
import type { Runtime } from "../../core/runtime.js";

/** What one case asks of the backend it runs on. */
export interface Conditions {
  readonly runtime: Runtime;
  readonly changes: { readonly count: number; readonly ageMs: number };
  readonly sweepIntervalMs: number;
  /** For backends that declare `reportsExpired`. */
  readonly expired?: BackendSetup["expired"];
}

/** How the contract suite gets backends of one kind. */
export interface SuiteHarness {
  /** Stands in the title of the suite. */
  readonly name: string;
  /** What the backend must declare; declared members are exercised, the others must be absent. */
  readonly capabilities: Capabilities;
  /**
   * `fake`: the backend takes its time from the conditions' runtime, so that cases let hours pass at once.
   * `real`: it has a clock of its own, as servers do, and cases wait.
   */
  readonly time: "fake" | "real";
  /** A backend on a store of its own: empty, not yet open. */
  create(conditions: Conditions): Promise<Backend>;
  /** Another instance on the data of `backend`, which is closed; not yet open. For backends that declare `persistent`. */
  reopen?(backend: Backend, conditions: Conditions): Promise<Backend>;
  /**
   * Another instance on the data of `backend`, which may be open already and stays as it is; not yet open. For backends
   * that declare `shared`. Instances of one process stand in for those of several: they share nothing but the store.
   */
  share?(backend: Backend, conditions: Conditions): Promise<Backend>;
  /** Removes what `create` made; `backend` is closed. */
  destroy?(backend: Backend): Promise<void>;
  /** Looks at what only this backend has, after every case, while it is open; rejects when something is wrong. */
  checkConsistency?(backend: Backend): Promise<void>;
}

/** The functions of a test runner that the suite uses; mocha's, vitest's and node:test's fit. */
export interface TestFunctions {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

/** A setup for a backend of this package under the conditions of a case. */
export function suiteSetup(conditions: Conditions, overrides: Partial<BackendSetup> = {}): BackendSetup {
  return {
    options: {},
    durability: undefined,
    durabilityIntervalMs: 1000,
    operationTimeoutMs: 10_000,
    compression: "none",
    warn: (message, details) => {
      throw new Error(`the backend warned: ${message}`, { cause: details });
    },
    ...conditions,
    ...overrides,
  };
}
