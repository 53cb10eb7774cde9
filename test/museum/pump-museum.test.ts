import { expect } from "chai";
import type { Backend } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import { systemClock } from "../../src/core/runtime.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";
import { plainMemory } from "./plain-memory.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { CommitPump } from "../../src/transaction/commit-pump.js";
import { CommitRequest } from "../../src/transaction/commit-request.js";
import { seededPause } from "../history/seeded-pause.js";
import { LateFlagPump, type Pump } from "./late-flag-pump.js";

const SEEDS = 16;
const COMMITS = 40;
/** Turns of the event loop without any answer after which nobody will answer any more. */
const PATIENCE_TURNS = 500;
const LIMITS = { maxPending: 1000, maxGroupRequests: 8, maxGroupBytes: 1_000_000, patienceMs: 10_000 };

async function slowBackend(seed: number): Promise<Backend> {
  const backend = new FaultBackend(plainMemory(), {
    seed,
    delay: 0.3,
  });
  await backend.open(background());
  return backend;
}

function request(id: string, key: string): CommitRequest {
  const put = { kind: "put", key, type: ENTRY_TYPE.value, codec: 1, data: "1", expiry: undefined } as const;
  return new CommitRequest(id, background(), "", [put]);
}

/** As many clients as the seed says submit commits at random moments. How many were never answered. */
async function unanswered(pump: Pump, seed: number): Promise<number> {
  const total = seed * COMMITS;
  let count = 0;
  for (let client = 0; client < seed; client++) {
    const random = new SeededRandom(seed * 100 + client);
    void (async () => {
      for (let i = 0; i < COMMITS; i++) {
        if (random.chance(0.5)) await seededPause(random);
        await pump.submit(request(`${seed}/${client}/${i}`, `k${random.below(4)}`));
        count += 1;
      }
    })();
  }
  for (let before = -1, idle = 0; idle < PATIENCE_TURNS && count < total; ) {
    idle = count === before ? idle + 1 : 0;
    before = count;
    await new Promise(setImmediate);
  }
  return total - count;
}

describe("bug museum: the commit pump", () => {
  it("answers every commit, whenever it arrives", async () => {
    const observer = { sending: () => 0, arrived: () => undefined, failed: () => undefined };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const pump = new CommitPump(await slowBackend(seed), observer, LIMITS, systemClock);
      expect(await unanswered(pump, seed), `seed ${seed}`).to.equal(0);
    }
  });

  it("random arrivals find a busy flag cleared in finally", async () => {
    let lost = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      lost += await unanswered(new LateFlagPump(await slowBackend(seed)), seed);
    }
    expect(lost).to.be.above(0);
  });
});
