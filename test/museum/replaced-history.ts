import { BackendRegistry } from "../../src/backends/registry.js";
import type { Backend } from "../../src/backends/backend.js";
import { backgroundOn } from "../../src/core/context.js";
import { StoragePlugin } from "../../src/plugin/storage-plugin.js";
import { suiteSetup } from "../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";
import { SharedMemory } from "../support/shared-memory.js";

const BOUND_MS = 1000;

/**
 * A read is answered from a commit that a failover then undoes, and arrives when the log was asked again, so that the
 * log's answer, which ends before that commit, does not speak against it; and then the log falls silent. What a process
 * is answered from its cache more than the bound after the failover; 0 is right, 2 is of the history that was lost.
 */
export async function readAfterLostHistory(): Promise<unknown> {
  const runtime = new FakeRuntime();
  const ctx = backgroundOn(runtime);
  const changes = { count: 1000, ageMs: 1_000_000 };
  const shared = new SharedMemory(suiteSetup({ runtime, changes, sweepIntervalMs: 1_000_000 }));
  // No news of a commit ever comes; the log is read when a wait for it is over, every third of the bound.
  const ours = new FaultBackend(shared.link({ wakeDelayMs: () => Infinity }));
  const reading = await started(ours, runtime);
  const writing = await started(shared.link(), runtime);
  await writing.set(ctx, "a", 1);
  await reading.get(ctx, "a");
  await runtime.advance(20);
  await writing.set(ctx, "b", 2);
  const late = ours.hold("read", "after");
  const early = reading.getOr(ctx, "b", 0);
  await late.reached;
  await shared.failOver(1);
  await runtime.advance(380);
  late.release();
  await early;
  const silent = ours.hold("changes", "before");
  await runtime.advance(BOUND_MS - 200);
  const found = await reading.getOr(ctx, "b", 0);
  silent.release();
  await Promise.all([reading.stop(ctx), writing.stop(ctx)]);
  return found;
}

async function started(backend: Backend, runtime: FakeRuntime): Promise<StoragePlugin> {
  const store = new StoragePlugin({
    settings: { backend: "shared", cache: { max_staleness: BOUND_MS } },
    backends: new BackendRegistry().with("shared", async () => () => backend),
    runtime,
  });
  await store.start(backgroundOn(runtime));
  return store;
}
