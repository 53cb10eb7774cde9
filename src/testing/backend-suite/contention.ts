import { setImmediate as nextTurn } from "node:timers/promises";
import assert from "node:assert/strict";
import { headKey, type StoredKey } from "../../core/key.js";
import type { Version } from "../../core/version.js";
import { textOf } from "./read-cases.js";
import { put, type Rig } from "./rig.js";

/** Adds one to a counter, `times` times, each by reading, checking and trying again. */
export async function increments(rig: Rig, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const entry = await rig.get(key);
    const data = String(Number(textOf(entry?.data) ?? "0") + 1);
    const checks = [{ key: headKey(key), version: entry?.version ?? null }];
    if ((await rig.tryCommit({ checks, writes: [put(key, { data })] })).status === "committed") done += 1;
  }
}

/** Moves one from an account to another, twenty times; `seed` says which. There are four accounts. */
export async function transfers(rig: Rig, accounts: readonly string[], seed: number): Promise<void> {
  for (let done = 0; done < 20; ) {
    const from = accounts[(seed + done) % 4] as string;
    const to = accounts[
      (seed * 3 + done + 1 + ((seed + done) % 4 === (seed * 3 + done + 1) % 4 ? 1 : 0)) % 4
    ] as string;
    const keys: StoredKey[] = [headKey(from), headKey(to)];
    const { entries } = await rig.backend.read(rig.ctx, "", keys);
    const [source, target] = entries;
    const checks = keys.map((key, i) => ({ key, version: entries[i]?.version ?? null }));
    const writes = [
      put(from, { data: String(Number(textOf(source?.data)) - 1) }),
      put(to, { data: String(Number(textOf(target?.data)) + 1) }),
    ];
    if ((await rig.tryCommit({ checks, writes })).status === "committed") done += 1;
  }
}

/** Overwrites all keys in one batch again and again, while `look` looks again and again. */
export async function whileWriting(
  rig: Rig,
  keys: readonly string[],
  look: () => Promise<void>,
): Promise<void> {
  let writing = true;
  const writer = async () => {
    try {
      for (let i = 0; i < 50; i++)
        await rig.commit({ writes: keys.map((key) => put(key, { data: String(i) })) });
    } finally {
      writing = false;
    }
  };
  const reader = async () => {
    while (writing) {
      await look();
      // Reads from memory never leave the turn; the writer's files need the event loop.
      await nextTurn();
    }
  };
  await Promise.all([writer(), reader(), reader()]);
}

export function assertOneVersion(versions: readonly (Version | undefined)[]): void {
  assert.equal(new Set(versions).size, 1, "entries of one batch must show together");
}
