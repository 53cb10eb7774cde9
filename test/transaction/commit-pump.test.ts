import { expect } from "chai";
import type { Batch, CommitResult } from "../../src/backends/backend.js";
import { withCancel } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import { headKey } from "../../src/core/key.js";
import { CommitPump, type CommitPumpLimits } from "../../src/transaction/commit-pump.js";
import type { CommitObserver, CommitRequest } from "../../src/transaction/commit-request.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { turn } from "../support/event-loop-turns.js";
import { faultOf } from "../support/refusal.js";
import { LIMITS, UNOBSERVED } from "./pump-rig.js";
import { recordedBackend, type RecordedBackend } from "./recorded-backend.js";
import { requestOf } from "./requests.js";

function pumpOver(recorded: RecordedBackend, limits: Partial<CommitPumpLimits> = {}): CommitPump {
  return new CommitPump(recorded.backend, UNOBSERVED, { ...LIMITS, ...limits }, recorded.runtime.clock);
}

/** What is awaited must come within some turns of the event loop, or a wake-up was lost. */
async function within<T>(turns: number, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => (isOver = true);
  work.then(over, over);
  for (let i = 0; i < turns && !isOver; i++) await turn();
  if (!isOver) throw new Error("a wake-up was lost");
  return work;
}

describe("CommitPump", () => {
  for (const gathers of [false, true]) {
    describe(gathers ? "over a backend that gathers" : "over a backend that does not gather", () =>
      both(gathers),
    );
  }

  it("gathers those who commit in one turn into one call", async () => {
    const recorded = await recordedBackend(true);
    const pump = pumpOver(recorded);
    await Promise.all(["a", "b", "c"].map((key) => pump.submit(requestOf({ puts: [key] }))));
    expect(recorded.calls.map((batches) => batches.length)).to.deep.equal([3]);
  });

  it("sends one at once where gathering gains nothing", async () => {
    const recorded = await recordedBackend(false);
    const pump = pumpOver(recorded);
    const committed = pump.submit(requestOf({ puts: ["a"] }));
    expect(recorded.calls).to.have.length(1);
    await committed;
  });
});

function both(gathers: boolean): void {
  orderCases(gathers);
  faultCases(gathers);
  endingCases(gathers);
  pausingCases(gathers);
  randomCases(gathers);
}

function orderCases(gathers: boolean): void {
  it("carries out commits of one key in the order they were submitted", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const requests = Array.from({ length: 20 }, (_, i) => requestOf({ puts: ["a", `${i}`] }));
    await Promise.all(requests.map((request) => pump.submit(request)));
    const order = recorded.calls.flatMap((batches) => batches.map(({ id }) => id));
    expect(order).to.deep.equal(requests.map(({ id }) => id));
    expect(recorded.mostAtOnce()).to.equal(1);
  });

  it("refuses more than may wait", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded, { maxPending: 3 });
    const held = recorded.faults.hold("commit", "before");
    const first = pump.submit(requestOf({ puts: ["first"] }));
    await held.reached;
    const waiting = ["a", "b", "c"].map((key) => pump.submit(requestOf({ puts: [key] })));
    expect((await faultOf(pump.submit(requestOf({ puts: ["d"] })))).reason).to.equal("busy");
    held.release();
    await Promise.all([first, ...waiting]);
    await pump.submit(requestOf({ puts: ["d"] }));
  });

  it("refuses a batch over the backend's limits before it is sent", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const puts = Array.from({ length: recorded.backend.info.limits.maxBatchEntries + 1 }, (_, i) => `${i}`);
    expect((await faultOf(pump.submit(requestOf({ puts })))).reason).to.equal("too-large");
    expect(recorded.calls).to.have.length(0);
  });
}

function faultCases(gathers: boolean): void {
  it("lets a bad batch fail none of its neighbours", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const stale = [{ key: headKey("x"), version: "never" }];
    const [one, two, three] = await Promise.allSettled([
      pump.submit(requestOf({ puts: ["a"] })),
      pump.submit(requestOf({ puts: ["b"], checks: stale })),
      pump.submit(requestOf({ puts: ["c"] })),
    ]);
    expect(
      [one, two, three].map((settled) => (settled as { value?: CommitResult }).value?.status),
    ).to.deep.equal(["committed", "conflict", "committed"]);
  });

  /** Three requests in one call that is refused; `repeated` is held until then. */
  async function refusedTogether() {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const held = recorded.faults.hold("commit", "before");
    const first = pump.submit(requestOf({ puts: ["first"] }));
    await held.reached;
    const others = Promise.allSettled(["a", "b", "c"].map((key) => pump.submit(requestOf({ puts: [key] }))));
    const next = recorded.faults.hold("commit", "before");
    held.release();
    await first;
    await next.reached;
    recorded.faults.chances = { seed: 1, refusal: 1 };
    const repeated = recorded.faults.hold("commit", "before");
    next.release();
    await repeated.reached;
    const sizes = () => recorded.calls.map((batches) => batches.length);
    return { recorded, others, repeated, sizes };
  }

  it("repeats a call that is known to have failed, request by request", async () => {
    const { recorded, others, repeated, sizes } = await refusedTogether();
    recorded.faults.chances = { seed: 1 };
    repeated.release();
    const settled = await within(100, others);
    expect(sizes()).to.deep.equal([1, 3, 1, 1, 1]);
    expect(settled.map(({ status }) => status)).to.deep.equal(["fulfilled", "fulfilled", "fulfilled"]);
  });

  it("repeats no more of it once one request alone meets a server that is down", async () => {
    const { others, repeated, sizes } = await refusedTogether();
    repeated.release();
    const settled = await within(100, others);
    expect(sizes()).to.deep.equal([1, 3, 1]);
    for (const result of settled) {
      const reason: unknown = result.status === "rejected" ? result.reason : undefined;
      expect(reason).to.include({ reason: "unavailable", outcome: undefined });
    }
  });

  it("repeats nothing of a call whose time was over", async () => {
    const recorded = await recordedBackend(gathers);
    let calls = 0;
    const commit = (): Promise<never> => {
      calls += 1;
      return Promise.reject(new StorageFault("timeout", "no answer in time"));
    };
    const pump = new CommitPump({ ...recorded.backend, commit }, UNOBSERVED, LIMITS, recorded.runtime.clock);
    const others = ["a", "b", "c"].map((key) => pump.submit(requestOf({ puts: [key] })));
    for (const other of others) expect((await faultOf(other)).reason).to.equal("timeout");
    // Without gathering the first goes alone, and the others are the next call.
    expect(calls).to.equal(gathers ? 1 : 2);
  });

  it("passes an unknown outcome on to all of the call, and repeats none", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    recorded.faults.chances = { seed: 1, unknownApplied: 1 };
    const calls = ["a", "b"].map((key) => pump.submit(requestOf({ puts: [key] })));
    for (const call of calls) expect((await faultOf(call)).outcome).to.equal("unknown");
    expect(recorded.calls.flat()).to.have.length(2);
  });

  for (const [how, fail] of [
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects with no fault", () => Promise.reject(new Error("broken"))],
    ["answers for fewer batches", () => Promise.resolve([])],
  ] as const) {
    it(`says that the outcome is unknown when the backend ${how}, and goes on`, async () => {
      const recorded = await recordedBackend(gathers);
      let isBroken = true;
      const commit = (batches: readonly Batch[]) => (isBroken ? fail() : recorded.backend.commit(batches));
      const pump = new CommitPump(
        { ...recorded.backend, commit },
        UNOBSERVED,
        LIMITS,
        recorded.runtime.clock,
      );
      const calls = ["a", "b"].map((key) => pump.submit(requestOf({ puts: [key] })));
      for (const call of calls) expect(await faultOf(call)).to.include({ reason: "io", outcome: "unknown" });
      isBroken = false;
      await within(100, pump.submit(requestOf({ puts: ["c"] })));
    });
  }

  it("tells its observer of every call before anybody who waits for it goes on", async () => {
    const recorded = await recordedBackend(gathers);
    const told: string[] = [];
    const observer: CommitObserver<string> = {
      sending: (requests) => requests.map(({ id }) => id).join(),
      arrived: (requests, results, sent) => {
        expect(sent).to.equal(requests.map(({ id }) => id).join());
        told.push(...results.map(({ status }) => status));
      },
      failed: (_requests, sent) => told.push(`failed ${sent}`),
    };
    const pump = new CommitPump(recorded.backend, observer, LIMITS, recorded.runtime.clock);
    await pump.submit(requestOf({ puts: ["a"] })).then(() => told.push("resolved"));
    recorded.faults.chances = { seed: 1, refusal: 1 };
    const request = requestOf({ puts: ["a"] });
    await pump.submit(request).catch(() => told.push("rejected"));
    expect(told).to.deep.equal(["committed", "resolved", `failed ${request.id}`, "rejected"]);
  });
}

function endingCases(gathers: boolean): void {
  it("rejects one whose context is over, without sending it", async () => {
    const recorded = await recordedBackend(gathers);
    const [ctx, cancel] = withCancel(requestOf({}).ctx);
    cancel();
    const fault = await faultOf(pumpOver(recorded).submit(requestOf({ ctx, puts: ["a"] })));
    expect(fault).to.include({ reason: "cancelled", outcome: undefined });
    expect(recorded.calls).to.have.length(0);
  });

  it("forgets one that was given up while it waited", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const held = recorded.faults.hold("commit", "before");
    const first = pump.submit(requestOf({ puts: ["a"] }));
    await held.reached;
    const [ctx, cancel] = withCancel(requestOf({}).ctx);
    const given = faultOf(pump.submit(requestOf({ ctx, puts: ["b"] })));
    cancel();
    expect(await given).to.include({ reason: "cancelled", outcome: undefined });
    held.release();
    await first;
    await pump.drained();
    expect(recorded.calls.flat()).to.have.length(1);
  });

  for (const turns of [0, 1, 2, 3]) {
    it(`never denies a commit that happened, given up ${turns} turns after it was submitted`, async () => {
      const recorded = await recordedBackend(gathers);
      const pump = pumpOver(recorded);
      const [ctx, cancel] = withCancel(requestOf({}).ctx);
      const request = requestOf({ ctx, puts: ["a"] });
      const answer = pump.submit(request).then(
        () => "done",
        (fault: StorageFault) => fault.outcome ?? "denied",
      );
      for (let i = 0; i < turns; i++) await turn();
      cancel();
      const said = await answer;
      await pump.drained();
      const { entries } = await recorded.backend.read(requestOf({}).ctx, "", [headKey("a")]);
      const happened = entries[0]?.version === request.id;
      expect(said === "unknown" || (said === "done") === happened, `${said}, happened: ${happened}`).to.equal(
        true,
      );
    });
  }

  it("says of a conflict that it was given up on what it knows: nothing happened", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const held = recorded.faults.hold("commit", "after");
    const [ctx, cancel] = withCancel(requestOf({}).ctx);
    const given = faultOf(
      pump.submit(requestOf({ ctx, puts: ["a"], checks: [{ key: headKey("a"), version: "x" }] })),
    );
    await held.reached;
    cancel();
    expect((await given).outcome, "sent, and nobody knows yet").to.equal("unknown");
    held.release();
    await pump.drained();
  });
}

function pausingCases(gathers: boolean): void {
  it("is drained once everything submitted before is answered, whatever comes after", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    // Calls take turns of the event loop, and there is always one under way.
    recorded.faults.chances = { seed: 1, delay: 1, maxDelayTurns: 1 };
    let answered = 0;
    let isRunning = true;
    const early = Array.from({ length: 10 }, () =>
      pump.submit(requestOf({ puts: ["a"] })).then(() => (answered += 1)),
    );
    const writer = async (key: string) => {
      while (isRunning) await pump.submit(requestOf({ puts: [key] }));
    };
    const endless = ["b", "c", "d"].map(writer);
    await within(1000, pump.drained());
    expect(answered).to.equal(10);
    isRunning = false;
    await Promise.all([...early, ...endless]);
  });

  it("is drained at once when nothing was submitted", async () => {
    await within(2, pumpOver(await recordedBackend(gathers)).drained());
  });

  it("runs a change while no call is under way", async () => {
    const recorded = await recordedBackend(gathers);
    const pump = pumpOver(recorded);
    const held = recorded.faults.hold("commit", "before");
    const order: string[] = [];
    const first = pump.submit(requestOf({ puts: ["a"] })).then(() => order.push("first"));
    await held.reached;
    const change = pump.betweenCalls(() => void order.push("change"));
    const second = pump.submit(requestOf({ puts: ["b"] })).then(() => order.push("second"));
    await turn();
    expect(order).to.deep.equal([]);
    held.release();
    await within(100, Promise.all([first, change, second]));
    expect(order.indexOf("change")).to.be.lessThan(order.indexOf("second"));
    const failing = pump.betweenCalls(() => {
      throw new Error("from the change");
    });
    expect(await failing.catch((error: Error) => error.message)).to.equal("from the change");
    await within(100, pump.submit(requestOf({ puts: ["c"] })));
  });
}

function randomCases(gathers: boolean): void {
  it("loses no wake-up, keeps the order of every key and never overlaps calls, under random scheduling", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const recorded = await recordedBackend(gathers);
      recorded.faults.chances = { seed, delay: 0.5, refusal: 0.1, batchRefusal: 0.1, maxDelayTurns: 3 };
      const pump = pumpOver(recorded, { maxGroupRequests: 4 });
      const { submitted, answers } = await submitAtRandom(pump, seed);
      await within(5000, Promise.allSettled(answers));
      expect(recorded.mostAtOnce(), `seed ${seed}`).to.equal(1);
      expectOrder(recorded, submitted, `seed ${seed}`);
    }
  });
}

async function submitAtRandom(pump: CommitPump, seed: number) {
  const random = new SeededRandom(seed);
  const submitted: CommitRequest[] = [];
  const answers: Promise<CommitResult>[] = [];
  for (let i = 0; i < 40; i++) {
    const request = requestOf({ puts: [`${random.below(4)}`] });
    submitted.push(request);
    const answer = pump.submit(request);
    answer.catch(() => undefined);
    answers.push(answer);
    for (let turns = random.below(3); turns > 0; turns--)
      await (random.chance(0.5) ? turn() : Promise.resolve());
  }
  return { submitted, answers };
}

/** The first time each request was sent, those of one key stood in the order they were submitted. */
function expectOrder({ calls }: RecordedBackend, submitted: readonly CommitRequest[], what: string): void {
  const sent = [...new Set(calls.flat().map(({ id }) => id))];
  for (const key of ["0", "1", "2", "3"]) {
    const ofKey = submitted.filter(({ writes }) =>
      writes.some((write) => "key" in write && write.key === headKey(key)),
    );
    const ids = new Set(ofKey.map(({ id }) => id));
    expect(
      sent.filter((id) => ids.has(id)),
      what,
    ).to.deep.equal(ofKey.map(({ id }) => id));
  }
}
