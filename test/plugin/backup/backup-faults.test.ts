import { expect } from "chai";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { background } from "../../../src/core/context.js";
import { StorageError } from "../../../src/core/errors.js";
import type { FileSystem } from "../../../src/core/file-system.js";
import { defaultCodecs } from "../../../src/core/codec-registry.js";
import { KeyRing } from "../../../src/sealing/key-ring.js";
import { resolveSettings } from "../../../src/plugin/config/resolve-settings.js";
import { backupStore } from "../../../src/plugin/backup/backup-store.js";
import { restoreStore } from "../../../src/plugin/backup/restore-store.js";
import { buildStack, type Stack } from "../../../src/plugin/stack.js";
import { suiteSetup } from "../../../src/testing/backend-suite/suite-harness.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { SimulatedFileSystem, type Fault } from "../../../src/testing/simulated-file-system.js";
import { SeededRandom } from "../../crash/seeded-random.js";
import { isKill } from "../../crash/is-kill.js";

const ctx = background();
const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const FAULTS: readonly Fault[] = ["EIO", "ENOSPC", "short", "kill", "torn"];
const CUTS = 8;
const ENTRIES = 20;
const TARGET = "/backups/new";

describe(`a backup on a failing disk, seed ${SEED} (HOLDFAST_SEED)`, () => {
  let source: Stack;
  let operations: number;

  before(async () => {
    source = await openStack();
    const data = "1";
    for (const namespace of ["", "n"]) {
      const writes = Array.from({ length: ENTRIES }, (_, i) => {
        return { kind: "put", key: `k${i}`, type: 1, codec: 1, data, expiry: undefined } as const;
      });
      await source.backend.commit([{ id: `w${namespace}`, ctx, namespace, checks: [], ranges: [], writes }]);
    }
    const fs = new SimulatedFileSystem();
    await backUp(fs);
    ({ operations } = fs);
  });

  it("is refused, and what has its name is whole, whichever operation fails in whichever way", async () => {
    let refused = 0;
    for (let at = 0; at < operations; at++) {
      for (const fault of FAULTS) {
        const fs = new SimulatedFileSystem();
        fs.faults = ({ index }) => (index === at ? fault : undefined);
        const error = await outcome(backUp(fs));
        const after = fs.isKilled ? fs.afterKill() : fs;
        fs.faults = () => undefined;
        await expectWholeOrNothing(after, `${fault} at ${at}`, error === undefined);
        if (error === undefined || isKill(error)) continue;
        refused += 1;
        expect(error).to.be.instanceOf(StorageError);
        expect(error).to.have.property("code", 5002);
      }
    }
    expect(refused).to.be.above(operations);
  }).timeout(120_000);

  it("is whole or not there after a power cut at any operation, and whole once it was acknowledged", async () => {
    const random = new SeededRandom(SEED);
    for (let at = 0; at <= operations; at++) {
      const fs = new SimulatedFileSystem();
      fs.faults = ({ index }) => (index === at ? "kill" : undefined);
      const error = await outcome(backUp(fs));
      for (let cut = 0; cut < CUTS; cut++) {
        const left = fs.powerCut(() => random.chance(0.5));
        await expectWholeOrNothing(left, `a cut at ${at}`, error === undefined);
      }
    }
  }).timeout(120_000);

  function backUp(fs: FileSystem) {
    return backupStore({ fs, stack: source, ctx, origin: "call" }, TARGET, {});
  }

  async function expectWholeOrNothing(
    fs: SimulatedFileSystem,
    message: string,
    isMade: boolean,
  ): Promise<void> {
    const isThere = (await fs.kind(TARGET)) !== undefined;
    if (isMade) expect(isThere, message).to.equal(true);
    if (!isThere) return;
    const target = await openStack();
    const plan = { only: undefined, replace: false, dryRun: false, onProgress: undefined };
    const result = await restoreStore({ fs, stack: target, ctx, plan }, TARGET).catch((error: unknown) => {
      throw new Error(`${message}: ${String(error)}`);
    });
    expect(result.records, message).to.equal(2 * ENTRIES);
    await target.backend.close(ctx);
  }
});

async function openStack(): Promise<Stack> {
  const runtime = new FakeRuntime();
  const backend = memoryBackend(
    suiteSetup({ runtime, changes: { count: 100, ageMs: 1e6 }, sweepIntervalMs: 1e6 }),
  );
  await backend.open(ctx);
  return buildStack(backend, resolveSettings({}), runtime, {
    codecs: defaultCodecs(),
    keys: new KeyRing([], undefined),
  });
}

async function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
