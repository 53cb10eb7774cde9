import type { Backend } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { systemRuntime } from "../../src/core/runtime.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";

/** A memory backend with nothing around it; not yet open. */
export function plainMemory(): Backend {
  const changes = { count: 1000, ageMs: 60_000 };
  return memoryBackend(suiteSetup({ runtime: systemRuntime, changes, sweepIntervalMs: 60_000 }));
}
