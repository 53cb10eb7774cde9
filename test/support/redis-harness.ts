import { randomUUID } from "node:crypto";
import type { Backend, BackendSetup } from "../../src/backends/backend.js";
import { redisBackend } from "../../src/backends/redis/redis-backend.js";
import type { RedisOptionsInput } from "../../src/backends/redis/redis-options.js";
import {
  suiteSetup,
  type Conditions,
  type SuiteHarness,
} from "../../src/testing/backend-suite/suite-harness.js";

/** A prefix that no other case uses. */
export function ownPrefix(): string {
  return `case-${randomUUID().slice(0, 13)}:`;
}

/** The contract suite on the redis backend, every case under a prefix of its own; after it the store is verified. */
export function redisHarness(
  options: () => RedisOptionsInput,
  name: string,
  form: Partial<BackendSetup> = {},
): SuiteHarness {
  const prefixes = new WeakMap<Backend, string>();
  const make = (prefix: string, conditions: Conditions) => {
    const backend = redisBackend(suiteSetup(conditions, { options: { ...options(), prefix }, ...form }));
    prefixes.set(backend, prefix);
    return backend;
  };
  const again = async (backend: Backend, conditions: Conditions) =>
    make(prefixes.get(backend) as string, conditions);
  return {
    name,
    time: "real",
    capabilities: {
      persistent: true,
      shared: true,
      groupCommit: true,
      separateNamespaces: options().cluster !== undefined,
      compact: true,
      verify: true,
      flush: false,
      files: false,
      reportsExpired: true,
    },
    create: async (conditions) => make(ownPrefix(), conditions),
    reopen: again,
    share: again,
  };
}
