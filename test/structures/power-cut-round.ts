import { background, defaultBackends, openStorage, type StoragePlugin } from "../../src/index.js";
import type { FileSystem } from "../../src/core/file-system.js";
import { systemRuntime } from "../../src/core/runtime.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { SimulatedFileSystem } from "../../src/testing/simulated-file-system.js";
import type { Wrap } from "../crash/crash-states.js";
import { PLAIN, simulatedStore, type StoreForm } from "../crash/simulated-store.js";
import { makeStep, OperationRecorder } from "./structure-clients.js";
import { stepsOf } from "./structure-commands.js";
import { whyNotLinearizable, type Operation } from "./structure-history.js";
import { StructureModel } from "./structure-model.js";
import { damageOf, stateOf } from "./structure-state.js";

const ctx = background();
const GROUPS = 12;
const AT_ONCE = 3;
const KEPT_CHANCES = [0, 0.1, 0.5, 0.9, 1];

export interface PowerCutRound {
  readonly cuts: number;
  readonly failure?: string;
}

/** A disk after a power cut, and what had happened until then. */
interface Cut {
  readonly fs: SimulatedFileSystem;
  readonly history: readonly Operation[];
}

/**
 * Works on one list, one hash and one counter over a simulated disk, a few operations at once, and cuts the power before
 * operations of the disk. What is found then must be what was told, and each of the rest wholly or not at all.
 *
 * @param chance of a cut before each operation of the disk.
 * @param wrap between the store and the disk.
 */
export async function powerCutRound(
  backend: "file" | "directory",
  seed: number,
  chance: number,
  wrap: Wrap = (fs) => fs,
): Promise<PowerCutRound> {
  const random = new SeededRandom(seed);
  const fs = new SimulatedFileSystem();
  const form: StoreForm = { ...PLAIN, backend };
  let cuts: Cut[] = [];
  let recorder = new OperationRecorder();
  fs.faults = () => {
    if (!random.chance(chance)) return undefined;
    const kept = KEPT_CHANCES[random.below(KEPT_CHANCES.length)] as number;
    cuts.push({ fs: fs.powerCut(() => random.chance(kept)), history: recorder.history });
    return undefined;
  };
  const store = await openSimulated(wrap(fs), form);
  let judged = 0;
  let initial = new StructureModel();
  try {
    for (let group = 0; group < GROUPS; group++) {
      const steps = stepsOf(seed * 101 + group, AT_ONCE);
      await Promise.all(
        steps.map((step, i) => recorder.record(`${i}`, step, () => makeStep(store, ctx, step))),
      );
      if (group % 3 === 2) await store.compact(ctx);
      for (const cut of cuts) {
        const failure = await failureOf(cut, form, initial);
        judged += 1;
        if (failure !== undefined) return { cuts: judged, failure };
      }
      initial = await stateOf(store);
      [cuts, recorder] = [[], new OperationRecorder()];
    }
    return { cuts: judged };
  } finally {
    await store.stop();
  }
}

function openSimulated(fs: FileSystem, form: StoreForm): Promise<StoragePlugin> {
  const backends = defaultBackends().with(
    "simulated",
    async () => () => simulatedStore(fs, form, systemRuntime),
  );
  return openStorage({ backend: "simulated" }, { backends });
}

async function failureOf(
  { fs, history }: Cut,
  form: StoreForm,
  initial: StructureModel,
): Promise<string | undefined> {
  try {
    await using store = await openSimulated(fs, form);
    const { text } = await stateOf(store);
    return whyNotLinearizable(history, initial, text) ?? (await damageOf(store, ""));
  } catch (error) {
    return `after a cut: ${String(error)}`;
  }
}
