import type { Backend, Batch } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { background } from "../../src/core/context.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";

/** A memory backend that notes the calls it is asked to carry out, and whether two ever ran at once. */
export interface RecordedBackend {
  readonly backend: Backend;
  readonly faults: FaultBackend;
  readonly runtime: FakeRuntime;
  /** The batches of each call. */
  readonly calls: (readonly Batch[])[];
  /** The most calls that were under way at once. */
  readonly mostAtOnce: () => number;
}

export async function recordedBackend(groupCommit: boolean): Promise<RecordedBackend> {
  const runtime = new FakeRuntime();
  const setup = suiteSetup({ runtime, changes: { count: 100, ageMs: 60_000 }, sweepIntervalMs: 60_000 });
  const faults = new FaultBackend(memoryBackend(setup));
  await faults.open(background());
  const calls: (readonly Batch[])[] = [];
  let underWay = 0;
  let most = 0;
  const { info } = faults;
  const backend: Backend = {
    info: { ...info, capabilities: { ...info.capabilities, groupCommit } },
    extensions: faults.extensions,
    open: (ctx) => faults.open(ctx),
    close: (ctx) => faults.close(ctx),
    read: (ctx, namespace, keys, options) => faults.read(ctx, namespace, keys, options),
    scan: (ctx, namespace, range, options) => faults.scan(ctx, namespace, range, options),
    changes: (ctx, namespace, after, options) => faults.changes(ctx, namespace, after, options),
    namespaces: (ctx) => faults.namespaces(ctx),
    commit: async (batches) => {
      calls.push(batches);
      underWay += 1;
      most = Math.max(most, underWay);
      try {
        return await faults.commit(batches);
      } finally {
        underWay -= 1;
      }
    },
  };
  return { backend, faults, runtime, calls, mostAtOnce: () => most };
}
