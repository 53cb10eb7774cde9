import { expect } from "chai";
import { background } from "../../src/core/context.js";
import { defaultCodecs } from "../../src/core/codec-registry.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import { headKey } from "../../src/core/key.js";
import { systemTimers, type Random, type Timers } from "../../src/core/runtime.js";
import { resolveSettings } from "../../src/plugin/config/resolve-settings.js";
import { buildStack } from "../../src/plugin/stack.js";
import { KeyRing } from "../../src/sealing/key-ring.js";
import { runTransaction, USUAL_RETRIES, type RetryPolicy } from "../../src/transaction/run-transaction.js";
import { recordedBackend } from "./recorded-backend.js";

const ctx = background();
const KEY = "contended";
const RETRIES: RetryPolicy = { maxAttempts: 12, ...USUAL_RETRIES };

/** What `uniform` answers, over and over, in this order. */
function randomly(...parts: readonly number[]): Random {
  let next = 0;
  return { bytes: (length) => new Uint8Array(length), uniform: () => parts[next++ % parts.length] as number };
}

/** The pauses, in milliseconds, of a transaction that loses every try against somebody else's commit. */
async function pausesOf(random: Random, retries = RETRIES): Promise<readonly number[]> {
  const { backend, runtime } = await recordedBackend(true);
  const forms = { codecs: defaultCodecs(), keys: new KeyRing([], undefined) };
  const { services, contention } = buildStack(backend, resolveSettings({}), runtime, forms);
  const pauses: number[] = [];
  const timers: Timers = {
    after(delayMs, run, keepAlive) {
      expect(keepAlive, "the process would end in a pause").to.equal(true);
      pauses.push(delayMs);
      return systemTimers.after(0, run, keepAlive);
    },
  };
  const run = { services: () => services, contention, timers, random, ctx, namespace: "", timeoutMs: 60_000 };
  let tries = 0;
  const payload = { type: ENTRY_TYPE.value, codec: 1, data: "1", expiry: undefined };
  const lost = runTransaction({ ...run, retries }, async (core) => {
    await core.read(KEY);
    const rival = { kind: "put", key: headKey(KEY), ...payload } as const;
    const id = `rival ${++tries}`;
    await backend.commit([{ id, ctx, namespace: "", checks: [], ranges: [], writes: [rival] }]);
    core.put(headKey(KEY), payload, undefined);
  });
  const fault = await lost.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).to.include({ reason: "conflict" });
  expect(tries).to.equal(retries.maxAttempts);
  return pauses;
}

describe("runTransaction: its pauses between tries", () => {
  it("begin after the eager tries, double, and grow no longer than the longest", async () => {
    const bounds = [2, 4, 8, 16, 32, 64, 100, 100, 100, 100];
    expect(await pausesOf(randomly(0.5))).to.deep.equal(bounds.map((ms) => ms / 2));
    const eager = { maxAttempts: 6, eagerAttempts: 4, longestPauseMs: 3 };
    expect(await pausesOf(randomly(0.5), eager)).to.deep.equal([1, 1.5]);
  });

  it("are any part of their bound, as the random source says for each anew", async () => {
    const [first, second, third, fourth] = await pausesOf(randomly(0, 0.25, 0.999));
    expect([first, second, third, fourth]).to.deep.equal([0, 1, 0.999 * 8, 0]);
  });
});
