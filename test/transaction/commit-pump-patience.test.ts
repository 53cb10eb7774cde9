import { expect } from "chai";
import type { Batch, CommitResult } from "../../src/backends/backend.js";
import { StorageFault } from "../../src/core/errors.js";
import { CommitPump } from "../../src/transaction/commit-pump.js";
import { turn } from "../support/event-loop-turns.js";
import { faultOf } from "../support/refusal.js";
import { LIMITS, UNOBSERVED } from "./pump-rig.js";
import { recordedBackend, type RecordedBackend } from "./recorded-backend.js";
import { requestOf } from "./requests.js";

type Commit = (batches: readonly Batch[]) => Promise<readonly CommitResult[]>;

function pumpOver({ backend, runtime }: RecordedBackend, commit: Commit): CommitPump {
  return new CommitPump({ ...backend, commit }, UNOBSERVED, LIMITS, runtime.clock);
}

describe("CommitPump over a server that does not answer", () => {
  for (const gathers of [false, true]) {
    describe(gathers ? "where commits gather" : "where commits do not gather", () => patienceCases(gathers));
  }
});

function patienceCases(gathers: boolean): void {
  for (const [reason, how] of [
    ["timeout", "rejects"],
    ["unavailable", "rejects"],
    ["timeout", "answers"],
  ] as const) {
    it(`lets those that stayed behind a call fail with it when they have waited for long: ${how} ${reason}`, async () => {
      const recorded = await recordedBackend(gathers);
      let calls = 0;
      const commit: Commit = async (batches) => {
        calls += 1;
        await turn();
        await recorded.runtime.advance(LIMITS.patienceMs);
        const fault = new StorageFault(reason, "no answer", { outcome: "unknown" });
        if (how === "rejects") throw fault;
        return batches.map(() => ({ status: "fault", fault }));
      };
      const pump = pumpOver(recorded, commit);
      const faults = await Promise.all(
        Array.from({ length: 20 }, () => faultOf(pump.submit(requestOf({ puts: ["a"] })))),
      );
      // Without gathering the first is sent before anybody stays behind.
      const sent = gathers ? 1 : 2;
      expect(calls).to.equal(sent);
      expect(faults.map((fault) => fault.reason)).to.deep.equal(faults.map(() => reason));
      expect(faults.map(({ outcome }) => outcome)).to.deep.equal(
        faults.map((_, i) => (i < sent ? "unknown" : undefined)),
      );
      expect(faults.at(-1)?.message).to.match(/^it was not sent, .*no answer/);
    });

    it(`sends those that stayed behind when they have not waited for long: ${how} ${reason}`, async () => {
      const recorded = await recordedBackend(gathers);
      let calls = 0;
      const commit: Commit = async (batches) => {
        await recorded.runtime.advance(LIMITS.patienceMs / 4);
        const fault = new StorageFault(reason, "no answer", { outcome: "unknown" });
        if (calls++ >= 2) return await recorded.backend.commit(batches);
        if (how === "rejects") throw fault;
        return batches.map(() => ({ status: "fault", fault }));
      };
      const pump = pumpOver(recorded, commit);
      const settled = await Promise.allSettled(
        Array.from({ length: 5 }, () => pump.submit(requestOf({ puts: ["a"] }))),
      );
      expect(settled.map(({ status }) => status)).to.deep.equal([
        "rejected",
        "rejected",
        "fulfilled",
        "fulfilled",
        "fulfilled",
      ]);
    });
  }

  for (const [spentMs, calls] of [
    [LIMITS.patienceMs, [1, 3]],
    [LIMITS.patienceMs / 4, [1, 3, 1]],
  ] as const) {
    const whom = calls.length === 2 ? "nobody who has waited for long" : "those who have not waited for long";
    it(`repeats what had no effect, as there was no connection, for ${whom}`, async () => {
      const recorded = await recordedBackend(gathers);
      const sizes: number[] = [];
      let answerFirst = (): void => undefined;
      const commit: Commit = async (batches) => {
        sizes.push(batches.length);
        if (sizes.length === 1) {
          await new Promise<void>((resolve) => (answerFirst = resolve));
          return await recorded.backend.commit(batches);
        }
        await recorded.runtime.advance(spentMs);
        throw new StorageFault("unavailable", "no connection");
      };
      const pump = pumpOver(recorded, commit);
      const first = pump.submit(requestOf({ puts: ["a"] }));
      await turn();
      const behind = ["b", "c", "d"].map((key) => faultOf(pump.submit(requestOf({ puts: [key] }))));
      answerFirst();
      await first;
      const faults = await Promise.all(behind);
      expect(sizes).to.deep.equal(calls);
      expect(faults.map(({ reason, outcome }) => [reason, outcome])).to.deep.equal(
        faults.map(() => ["unavailable", undefined]),
      );
    });
  }
}
