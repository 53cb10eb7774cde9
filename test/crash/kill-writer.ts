/**
 * The process that a kill -9 round ends: opens a store of the kind argv[2] in each of the folders that follow, a folder and
 * the number of its first commit each, and commits to all as fast as it can, several at a time. Writes one line to stdout
 * for each commit, `<store>b<n>` before it is begun and `<store>a<n>` once it is acknowledged.
 */
import { writeSync } from "node:fs";
import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { CRASH_STORES, crashStoreIn, type CrashStoreName } from "./crash-store.js";

const ctx = background();
const WRITERS = 4;
const [, , name, ...places] = process.argv;

/** A pipe takes a short line whole or not at all; a full one is tried again, as nothing may be done before it is told. */
function tell(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}

async function open(folder: string): Promise<Backend> {
  const backend = await crashStoreIn(folder, CRASH_STORES[name as CrashStoreName]);
  await backend.open(ctx);
  return backend;
}

async function write(backend: Backend, nth: number, first: number): Promise<void> {
  let next = first;
  const writer = async () => {
    for (;;) {
      const n = next++;
      const data = JSON.stringify({ n, pad: "x".repeat((n * 37) % 700) });
      const keys = [`commit:${n}`, `shared:${n % 50}`];
      const writes = keys.map(
        (key) => ({ kind: "put", key, type: 1, codec: 1, data, expiry: undefined }) as const,
      );
      tell(`${nth}b${n}`);
      await backend.commit([{ id: `v${n}`, ctx, namespace: "", checks: [], ranges: [], writes }]);
      tell(`${nth}a${n}`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

const folders = places.filter((_place, i) => i % 2 === 0);
const backends = await Promise.all(folders.map(open));
tell("ready");
await Promise.all(backends.map((backend, i) => write(backend, i, Number(places[2 * i + 1]))));
