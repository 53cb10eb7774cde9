import type { Backend } from "../../src/backends/backend.js";
import type { StoreLock } from "../../src/backends/files/store-lock.js";
import { background } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import { PLAIN, simulatedStore, type StoreForm } from "./simulated-store.js";

const ctx = background();

/**
 * Two open a store one after the other, the second as if the lock had been removed under the first. The second writes and
 * closes, so that no journal of its own is left to be in the way; then the first goes on. It must be told that the
 * store is no longer its own, and what the second was acknowledged must stay.
 *
 * @param lock gives itself to both.
 * @returns what was not as it should be.
 */
export async function tryTakeover(
  backend: "file" | "directory",
  lock: StoreLock,
): Promise<readonly string[]> {
  const fs = new SimulatedFileSystem();
  const form = { ...PLAIN, backend, lock };
  const former = await opened(fs, form);
  await put(former, "a1");
  const owner = await opened(fs, form);
  await put(owner, "b1");
  await owner.close(ctx);
  const answers = {
    "compacting before anything is written": await answerOf(former.extensions.compact?.(ctx)),
    "writing after that": await answerOf(put(former, "a2")),
    "compacting again": await answerOf(former.extensions.compact?.(ctx)),
  };
  await former.close(ctx).catch(() => undefined);
  const failures = Object.entries(answers).flatMap(([call, answer]) =>
    answer === "locked" ? [] : [`${call} was answered with ${answer}`],
  );
  const found = await keysOf(await opened(fs, form));
  return found === "a1 b1" ? failures : [...failures, `what is left is ${found}`];
}

async function opened(fs: SimulatedFileSystem, form: StoreForm): Promise<Backend> {
  const store = simulatedStore(fs, form);
  await store.open(ctx);
  return store;
}

async function put(store: Backend, key: string): Promise<void> {
  const write = { kind: "put", key, type: 1, codec: 1, data: "1", expiry: undefined } as const;
  const batch = { id: `by ${key}`, ctx, namespace: "", checks: [], ranges: [], writes: [write] };
  await store.commit([batch]);
}

async function keysOf(store: Backend): Promise<string> {
  const keys: string[] = [];
  for await (const { entries } of store.scan(ctx, "", { start: "" }))
    keys.push(...entries.map(({ key }) => key));
  return keys.join(" ");
}

async function answerOf(call: Promise<unknown> | undefined): Promise<string> {
  try {
    await call;
    return "success";
  } catch (error) {
    return error instanceof StorageFault ? error.reason : String(error);
  }
}
