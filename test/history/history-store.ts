import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, BackendFactory } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { defaultBackends, openStorage, type StoragePlugin } from "../../src/index.js";
import { FaultBackend, type FaultChances } from "../../src/testing/fault-backend.js";
import { ViewedBackend } from "../support/viewed-backend.js";

/** What a workload runs over. */
export interface HistorySetting {
  readonly name: string;
  readonly backend: "memory" | "file";
  readonly cache: boolean;
  /** Injected above the backend. */
  readonly chances?: Omit<FaultChances, "seed">;
  /** Plugins over the one backend. */
  readonly instances?: number;
}

export interface HistoryStore {
  /** One for each instance. */
  readonly stores: readonly StoragePlugin[];
  /** Ends the injection of faults; how many there were. */
  calm(): number | Promise<number>;
  close(): Promise<void>;
}

const FAULTS = { delay: 0.3, slowScan: 0.2, refusal: 0.01, batchRefusal: 0.01, conflict: 0.02 };
const LOST_ANSWERS = { unknownApplied: 0.005, unknownLost: 0.005 };

/** Every combination that isolation is proven over. */
export const HISTORY_SETTINGS: readonly HistorySetting[] = [
  { name: "memory", backend: "memory", cache: true },
  { name: "memory without cache", backend: "memory", cache: false },
  { name: "file", backend: "file", cache: true },
  { name: "file without cache", backend: "file", cache: false },
  { name: "slow memory", backend: "memory", cache: true, chances: { delay: 0.5, slowScan: 0.5 } },
  { name: "failing memory", backend: "memory", cache: true, chances: { ...FAULTS, ...LOST_ANSWERS } },
  {
    name: "failing memory without cache",
    backend: "memory",
    cache: false,
    chances: { ...FAULTS, ...LOST_ANSWERS },
  },
  { name: "failing file", backend: "file", cache: true, chances: { ...FAULTS, ...LOST_ANSWERS } },
  {
    name: "slow memory shared by two plugins",
    backend: "memory",
    cache: true,
    chances: FAULTS,
    instances: 2,
  },
];

/**
 * Opens a store as a setting says.
 *
 * @param over replaces the backend below; a museum piece goes here.
 */
export async function openHistoryStore(
  setting: HistorySetting,
  seed: number,
  over: (backend: Backend) => Backend = (backend) => backend,
): Promise<HistoryStore> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-history-"));
  const faults: FaultBackend[] = [];
  const make = await factoryOf(setting);
  let viewed: ViewedBackend | undefined;
  const factory: BackendFactory = (setup) => {
    const fault = () => keep(faults, new FaultBackend(over(make(setup)), { ...setting.chances, seed }));
    if (setting.instances === undefined) return fault();
    viewed ??= new ViewedBackend(fault());
    return viewed.view();
  };
  const backends = defaultBackends().with("history", async () => factory);
  const settings = {
    backend: "history",
    cache_size: setting.cache ? 10_000 : 0,
    history: { path: join(folder, "store") },
  };
  const stores: StoragePlugin[] = [];
  for (let i = 0; i < (setting.instances ?? 1); i++) stores.push(await openStorage(settings, { backends }));
  return {
    stores,
    calm: () => calm(faults),
    close: async () => {
      for (const store of stores) await store.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function factoryOf(setting: HistorySetting): Promise<BackendFactory> {
  return setting.backend === "memory" ? memoryBackend : await defaultBackends().load(setting.backend);
}

function keep(faults: FaultBackend[], fault: FaultBackend): FaultBackend {
  faults.push(fault);
  return fault;
}

function calm(faults: readonly FaultBackend[]): number {
  let injected = 0;
  for (const fault of faults) {
    fault.chances = { seed: 0 };
    for (const count of fault.injected.values()) injected += count;
  }
  return injected;
}
