import { expect } from "chai";
import type { Batch, CommitResult } from "../../src/backends/backend.js";
import { withCancel } from "../../src/core/context.js";
import type { CommitPumpLimits } from "../../src/transaction/commit-pump.js";
import type { CommitRequest } from "../../src/transaction/commit-request.js";
import { NamespacePumps } from "../../src/transaction/namespace-pumps.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { turn } from "../support/event-loop-turns.js";
import { faultOf } from "../support/refusal.js";
import { LIMITS, UNOBSERVED } from "./pump-rig.js";
import { recordedBackend } from "./recorded-backend.js";
import { requestOf } from "./requests.js";

/** Pumps over a backend in which each call of a namespace waits until that is let go. */
async function heldPumps(limits: Partial<CommitPumpLimits> = {}) {
  const { backend, runtime } = await recordedBackend(true);
  const calls: string[] = [];
  const underWay = new Map<string, number>();
  const waiting = new Map<string, () => void>();
  let isOpen = false;
  const commit = async (batches: readonly Batch[]): Promise<readonly CommitResult[]> => {
    const namespace = String(batches[0]?.namespace);
    calls.push(namespace);
    underWay.set(namespace, (underWay.get(namespace) ?? 0) + 1);
    expect(underWay.get(namespace), "calls of one namespace at once").to.equal(1);
    expect(batches.every((batch) => batch.namespace === namespace)).to.equal(true);
    if (!isOpen) await new Promise<void>((resolve) => waiting.set(namespace, resolve));
    const results = await backend.commit(batches);
    underWay.set(namespace, 0);
    return results;
  };
  const pumps = new NamespacePumps(
    { ...backend, commit },
    UNOBSERVED,
    { ...LIMITS, ...limits },
    runtime.clock,
  );
  return {
    pumps,
    calls,
    release: (namespace: string) => waiting.get(namespace)?.(),
    open() {
      isOpen = true;
      for (const resolve of waiting.values()) resolve();
    },
  };
}

const put = (namespace: string, key = "a"): CommitRequest => requestOf({ namespace, puts: [key] });

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

describe("NamespacePumps", () => {
  it("carries commits of a namespace while a call of another one is not answered", async () => {
    const { pumps, calls, release, open } = await heldPumps();
    const stuck = pumps.submit(put("stuck"));
    await turns(2);
    for (let i = 0; i < 3; i++) {
      const committed = pumps.submit(put("other", `${i}`));
      await turns(2);
      release("other");
      expect((await committed).status).to.equal("committed");
      await turns(2);
    }
    expect(calls).to.deep.equal(["stuck", "other", "other", "other"]);
    open();
    expect((await stuck).status).to.equal("committed");
  });

  it("makes one call of those that commit to a namespace in one turn, and one at a time", async () => {
    const { pumps, calls, open } = await heldPumps();
    const first = ["a", "b"].flatMap((key) => [pumps.submit(put("n", key)), pumps.submit(put("m", key))]);
    await turns(2);
    const second = ["c", "d"].map((key) => pumps.submit(put("n", key)));
    await turns(2);
    expect(calls).to.deep.equal(["n", "m"]);
    open();
    await Promise.all([...first, ...second]);
    expect(calls).to.deep.equal(["n", "m", "n"]);
  });

  it("makes a change when nothing is under way anywhere, and lets what came meanwhile follow it", async () => {
    const { pumps, calls, release, open } = await heldPumps();
    const order: string[] = [];
    const early = ["n", "m"].map((namespace) => pumps.submit(put(namespace)));
    await turns(2);
    const changes = ["first", "second"].map((name) => pumps.betweenCalls(() => void order.push(name)));
    const late = pumps.submit(put("late")).then(() => order.push("late"));
    release("n");
    await turns(5);
    expect(order, "m is under way").to.deep.equal([]);
    expect(calls).to.deep.equal(["n", "m"]);
    release("m");
    await Promise.all([...early, ...changes]);
    expect(order).to.deep.equal(["first", "second"]);
    await turns(5);
    open();
    await late;
    expect(calls).to.deep.equal(["n", "m", "late"]);
  });

  it("goes on after a change that throws", async () => {
    const { pumps, open } = await heldPumps();
    open();
    const broken = pumps.betweenCalls(() => {
      throw new Error("from the change");
    });
    expect(await broken.catch((error: Error) => error.message)).to.equal("from the change");
    expect((await pumps.submit(put("n"))).status).to.equal("committed");
  });

  it("is drained when everything submitted before is answered, what waits for a change too", async () => {
    const { pumps, release, open } = await heldPumps();
    let isDrained = false;
    const early = pumps.submit(put("n"));
    await turns(2);
    const change = pumps.betweenCalls(() => undefined);
    const late = pumps.submit(put("m"));
    const drained = pumps.drained().then(() => (isDrained = true));
    release("n");
    await early;
    await change;
    await turns(5);
    expect(isDrained, "m is under way").to.equal(false);
    open();
    await late;
    await drained;
  });

  it("gives up one that waits for a change when its context ends, unsent", async () => {
    const { pumps, calls, open } = await heldPumps();
    const early = pumps.submit(put("n"));
    await turns(2);
    const change = pumps.betweenCalls(() => undefined);
    const [ctx, cancel] = withCancel(requestOf({}).ctx);
    const given = faultOf(pumps.submit(requestOf({ ctx, namespace: "m", puts: ["a"] })));
    cancel();
    expect(await given).to.include({ reason: "cancelled", outcome: undefined });
    open();
    await Promise.all([early, change]);
    await turns(5);
    expect(calls).to.deep.equal(["n"]);
  });

  it("refuses more than may wait in all namespaces together", async () => {
    const { pumps, open } = await heldPumps({ maxPending: 3 });
    const waiting = ["a", "b", "c"].map((namespace) => pumps.submit(put(namespace)));
    expect((await faultOf(pumps.submit(put("d")))).reason).to.equal("busy");
    await turns(2);
    open();
    await Promise.all(waiting);
    expect((await pumps.submit(put("d"))).status).to.equal("committed");
  });

  it("tells whoever is its observer of the calls of every namespace", async () => {
    const { pumps, open } = await heldPumps();
    open();
    const told: string[] = [];
    pumps.observer = {
      ...UNOBSERVED,
      arrived: (requests) => told.push(...requests.map(({ namespace }) => namespace)),
    };
    await Promise.all([pumps.submit(put("n")), pumps.submit(put("m"))]);
    await pumps.submit(put("n"));
    expect(told.sort()).to.deep.equal(["m", "n", "n"]);
  });

  it("keeps one call of a namespace at a time when one comes in the step in which the last was answered", async () => {
    const { pumps, calls, release, open } = await heldPumps();
    const later: Promise<unknown>[] = [];
    let isFirst = true;
    pumps.observer = {
      ...UNOBSERVED,
      arrived: () => {
        if (isFirst) queueMicrotask(() => later.push(pumps.submit(put("n", "b"))));
        isFirst = false;
      },
    };
    // Whoever can give up is answered some steps later.
    const [ctx] = withCancel(requestOf({}).ctx);
    const first = pumps.submit(requestOf({ ctx, namespace: "n", puts: ["a"] }));
    await turns(2);
    release("n");
    await first;
    later.push(pumps.submit(put("n", "c")));
    await turns(2);
    open();
    await Promise.all(later);
    expect(later).to.have.length(2);
    expect(calls).to.deep.equal(["n", "n"]);
  });

  it("keeps the order of each namespace, one call of each at a time, under random scheduling", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new SeededRandom(seed);
      const { pumps, open } = await heldPumps();
      open();
      const order = new Map<string, number[]>();
      const answers: Promise<unknown>[] = [];
      for (let i = 0; i < 60; i++) {
        const namespace = `${random.below(4)}`;
        if (random.chance(0.05)) answers.push(pumps.betweenCalls(() => undefined));
        const [ctx, cancel] = withCancel(requestOf({}).ctx);
        // Refused before it is sent: it must not keep or take away the pump of those beside it.
        if (random.chance(0.1)) cancel();
        const answer = pumps.submit(requestOf({ ctx, namespace, puts: ["same"] }));
        answers.push(
          answer.then(
            () => order.set(namespace, [...(order.get(namespace) ?? []), i]),
            () => undefined,
          ),
        );
        await turns(random.below(3));
      }
      await Promise.all(answers);
      for (const places of order.values()) {
        expect(places, `seed ${seed}`).to.deep.equal([...places].sort((a, b) => a - b));
      }
    }
  });
});
