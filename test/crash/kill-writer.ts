/**
 * The process that a kill -9 round ends: opens the store of the kind argv[2] in the folder argv[3] and commits as fast as it can, several at a time.
 * Writes one line to stdout for each commit, `b<n>` before it is begun and `a<n>` once it is acknowledged.
 */
import { writeSync } from "node:fs";
import { background } from "../../src/core/context.js";
import { CRASH_STORES, crashStoreIn, type CrashStoreName } from "./crash-store.js";

const ctx = background();
const WRITERS = 4;
const [, , name, folder = "", first = "0"] = process.argv;
let next = Number(first);

const backend = await crashStoreIn(folder, CRASH_STORES[name as CrashStoreName]);
const tell = (line: string) => writeSync(1, `${line}\n`);

async function write(): Promise<void> {
  for (;;) {
    const n = next++;
    const data = JSON.stringify({ n, pad: "x".repeat((n * 37) % 700) });
    const keys = [`commit:${n}`, `shared:${n % 50}`];
    const writes = keys.map(
      (key) => ({ kind: "put", key, type: 1, codec: 1, data, expiry: undefined }) as const,
    );
    tell(`b${n}`);
    await backend.commit([{ id: `v${n}`, ctx, namespace: "", checks: [], ranges: [], writes }]);
    tell(`a${n}`);
  }
}

await backend.open(ctx);
tell("ready");
await Promise.all(Array.from({ length: WRITERS }, write));
