import { expect } from "chai";
import type { Backend, Batch, CommitResult } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { background } from "../../src/core/context.js";
import { ENTRY_TYPE } from "../../src/core/entry.js";
import type { StorageFault } from "../../src/core/errors.js";
import { systemRuntime } from "../../src/core/runtime.js";
import { FaultBackend, type FaultChances } from "../../src/testing/fault-backend.js";
import { faultOf } from "../support/refusal.js";

const ctx = background();

function memory(): Backend {
  return memoryBackend({
    options: {},
    runtime: systemRuntime,
    durability: undefined,
    durabilityIntervalMs: 1000,
    sweepIntervalMs: 60_000,
    changes: { count: 100, ageMs: 60_000 },
    operationTimeoutMs: 1000,
    compression: "none",
    warn: (message) => {
      throw new Error(message);
    },
  });
}

async function opened(chances?: FaultChances): Promise<FaultBackend> {
  const backend = new FaultBackend(memory(), chances);
  await backend.open(ctx);
  return backend;
}

let nextId = 0;

function putting(key: string, data: string, checks: Batch["checks"] = []): Batch {
  const put = { kind: "put", key, type: ENTRY_TYPE.value, codec: 1, data, expiry: undefined } as const;
  return { id: `id${nextId++}`, ctx, namespace: "", checks, ranges: [], writes: [put] };
}

async function dataOf(backend: Backend, key: string): Promise<unknown> {
  const { entries } = await backend.read(ctx, "", [key]);
  return entries[0]?.data;
}

describe("FaultBackend", () => {
  it("changes nothing without chances", async () => {
    const backend = await opened();
    const [result] = await backend.commit([putting("ka", "1")]);
    expect(result?.status).to.equal("committed");
    expect(await dataOf(backend, "ka")).to.equal("1");
    expect(backend.injected.size).to.equal(0);
  });

  it("refuses a call before it has any effect", async () => {
    const backend = await opened({ seed: 1, refusal: 1 });
    const fault = await faultOf(backend.commit([putting("ka", "1")]));
    expect([fault.reason, fault.outcome]).to.deep.equal(["unavailable", undefined]);
    expect((await faultOf(backend.read(ctx, "", ["ka"]))).reason).to.equal("unavailable");
    backend.chances = { seed: 1 };
    expect(await dataOf(backend, "ka")).to.equal(undefined);
    expect(backend.injected.get("refusal")).to.equal(2);
  });

  it("refuses one batch and carries out its neighbours", async () => {
    const backend = await opened({ seed: 3, batchRefusal: 0.5 });
    const batches = Array.from({ length: 40 }, (_, i) => putting(`k${i}`, "1"));
    const results = await backend.commit(batches);
    backend.chances = { seed: 0 };
    const stored = await Promise.all(batches.map(async (_, i) => (await dataOf(backend, `k${i}`)) === "1"));
    expect(stored).to.deep.equal(results.map(({ status }) => status === "committed"));
    expect(new Set(stored).size).to.equal(2);
  });

  it("loses the answer of a commit that took effect, and of one that did not", async () => {
    const backend = await opened({ seed: 1, unknownApplied: 1 });
    expect((await faultOf(backend.commit([putting("ka", "1")]))).outcome).to.equal("unknown");
    backend.chances = { seed: 1, unknownLost: 1 };
    expect((await faultOf(backend.commit([putting("kb", "1")]))).outcome).to.equal("unknown");
    expect([await dataOf(backend, "ka"), await dataOf(backend, "kb")]).to.deep.equal(["1", undefined]);
  });

  it("says conflict to a batch that checks something, never to one that does not", async () => {
    const backend = await opened({ seed: 1, conflict: 1 });
    const [checked] = await backend.commit([putting("ka", "1", [{ key: "ka", version: null }])]);
    const [blind] = await backend.commit([putting("kb", "1")]);
    const conflicts = (checked as Extract<CommitResult, { status: "conflict" }>).conflicts;
    expect(conflicts).to.deep.equal([{ range: { start: "ka", end: "ka\0" } }]);
    expect(blind?.status).to.equal("committed");
    expect([await dataOf(backend, "ka"), await dataOf(backend, "kb")]).to.deep.equal([undefined, "1"]);
  });

  it("holds a call before it is carried out", async () => {
    const backend = await opened();
    const held = backend.hold("commit", "before");
    const committed = backend.commit([putting("ka", "1")]);
    await held.reached;
    expect(await dataOf(backend, "ka")).to.equal(undefined);
    held.release();
    expect((await committed)[0]?.status).to.equal("committed");
  });

  it("holds the answer of a call that was carried out", async () => {
    const backend = await opened();
    const held = backend.hold("commit", "after");
    const committed = backend.commit([putting("ka", "1")]);
    await held.reached;
    expect(await dataOf(backend, "ka")).to.equal("1");
    held.release();
    expect((await committed)[0]?.status).to.equal("committed");
  });

  it("holds one call for each hold, and none after an early release", async () => {
    const backend = await opened();
    const first = backend.hold("read", "before");
    backend.hold("read", "before").release();
    const held = dataOf(backend, "ka");
    await first.reached;
    expect(await dataOf(backend, "ka")).to.equal(undefined);
    first.release();
    expect(await held).to.equal(undefined);
  });

  it("holds a page of a scan", async () => {
    const backend = await opened();
    await backend.commit([putting("ka", "1")]);
    const held = backend.hold("scan", "after");
    const page = backend.scan(ctx, "", { start: "" }).next();
    await held.reached;
    held.release();
    expect((await page).value?.entries).to.have.lengthOf(1);
  });

  it("closes when the calls it holds have ended, and answers later ones as closed", async () => {
    const backend = await opened();
    const held = backend.hold("commit", "before");
    const committed = backend.commit([putting("ka", "1")]);
    await held.reached;
    const closed = backend.close(ctx);
    const late = faultOf(backend.read(ctx, "", ["ka"]));
    held.release();
    expect((await committed)[0]?.status).to.equal("committed");
    await closed;
    expect((await late).reason).to.equal("closed");
    await backend.open(ctx);
    expect(await dataOf(backend, "ka")).to.equal(undefined);
  });

  it("repeats its faults for the same seed", async () => {
    const outcomes = async () => {
      const backend = await opened({ seed: 7, refusal: 0.3, unknownLost: 0.3, delay: 0.3 });
      const faults: string[] = [];
      for (let i = 0; i < 50; i++) {
        const commit = backend.commit([putting("ka", `${i}`)]);
        faults.push(
          await commit.then(
            () => "committed",
            (fault: StorageFault) => fault.outcome ?? fault.reason,
          ),
        );
      }
      return faults;
    };
    const first = await outcomes();
    expect(await outcomes()).to.deep.equal(first);
    expect(new Set(first)).to.deep.equal(new Set(["committed", "unavailable", "unknown"]));
  });

  it("waits before calls, answers and pages by turns of the event loop", async () => {
    const backend = await opened({ seed: 1, delay: 1, slowScan: 1, maxDelayTurns: 1 });
    let turns = 0;
    const count = () => {
      turns += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    await backend.commit([putting("ka", "1")]);
    expect(turns).to.be.at.least(1);
    for await (const page of backend.scan(ctx, "", { start: "" })) expect(page.entries).to.have.lengthOf(1);
    clearImmediate(timer);
    expect(backend.injected.get("delay")).to.equal(2);
    expect(backend.injected.get("slowScan")).to.equal(1);
  });
});
