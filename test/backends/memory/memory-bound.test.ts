import { expect } from "chai";
import type { CommitResult, Write } from "../../../src/backends/backend.js";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { background } from "../../../src/core/context.js";
import { StorageFault } from "../../../src/core/errors.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { put, Rig } from "../../../src/testing/backend-suite/rig.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";

const KIB = 1024;

async function boundedRig(maxBytes: number): Promise<Rig> {
  const runtime = new FakeRuntime();
  const conditions = { runtime, changes: { count: 100, ageMs: 60_000 }, sweepIntervalMs: 1000 };
  const rig = new Rig(memoryBackend(suiteSetup(conditions, { options: { maxBytes } })), runtime);
  await rig.backend.open(background());
  return rig;
}

function reasonOf(result: CommitResult): string {
  return result.status === "fault" && result.fault instanceof StorageFault
    ? result.fault.reason
    : result.status;
}

describe("the memory backend's bound on bytes", () => {
  const large = "x".repeat(10 * KIB);

  it("refuses the batch that would grow over it, and no other", async () => {
    const rig = await boundedRig(16 * KIB);
    const write = (key: string): Write => put(key, { data: large });
    const results = await rig.backend.commit(["a", "b"].map((key) => rig.batch({ writes: [write(key)] })));
    expect(results.map(reasonOf)).to.deep.equal(["committed", "no-space"]);
    expect(await rig.keys()).to.deep.equal(["a"]);
    expect(reasonOf(await rig.tryCommit({ writes: [put("small")] }))).to.equal("committed");
  });

  it("lets replace and delete when it is full", async () => {
    const rig = await boundedRig(12 * KIB);
    await rig.write(put("a", { data: large }));
    expect(reasonOf(await rig.tryCommit({ writes: [put("a", { data: large })] }))).to.equal("committed");
    expect(reasonOf(await rig.tryCommit({ writes: [put("b", { data: large })] }))).to.equal("no-space");
    await rig.write({ kind: "delete", key: "a" });
    expect(reasonOf(await rig.tryCommit({ writes: [put("b", { data: large })] }))).to.equal("committed");
  });

  it("has room again when entries have expired and were swept", async () => {
    const rig = await boundedRig(12 * KIB);
    await rig.write(put("a", { data: large, expiry: { in: 1000 } }));
    expect(reasonOf(await rig.tryCommit({ writes: [put("b", { data: large })] }))).to.equal("no-space");
    await rig.pass(2500);
    expect(reasonOf(await rig.tryCommit({ writes: [put("b", { data: large })] }))).to.equal("committed");
  });

  it("counts nothing that has expired, swept or not", async () => {
    const rig = await boundedRig(12 * KIB);
    for (let round = 0; round < 3; round++) {
      await rig.write(put(`a${round}`, { data: large, expiry: { in: 10 } }));
      expect(reasonOf(await rig.tryCommit({ writes: [put("b", { data: large })] }))).to.equal("no-space");
      await rig.pass(20);
    }
    expect(reasonOf(await rig.tryCommit({ writes: [put("b", { data: large })] }))).to.equal("committed");
    expect(await rig.keys()).to.deep.equal(["b"]);
  });

  it("refuses an option that is no number of bytes", () => {
    const conditions = { runtime: new FakeRuntime(), changes: { count: 1, ageMs: 1 }, sweepIntervalMs: 0 };
    for (const maxBytes of [-1, 1.5, Number.NaN, "1MiB"]) {
      expect(() => memoryBackend(suiteSetup(conditions, { options: { maxBytes } }))).to.throw(
        TypeError,
        "maxBytes",
      );
    }
  });
});
