import { expect } from "chai";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import type { Backend } from "../../src/backends/backend.js";
import { defaultBackends } from "../../src/index.js";
import { FILE_LAYER_BUGS } from "../crash/museum/file-layer-bugs.js";
import { storeKind } from "../support/stores.js";
import { concurrentRound } from "../structures/concurrent-round.js";
import { killedWriterRound } from "../structures/killed-writer-round.js";
import { powerCutRound } from "../structures/power-cut-round.js";
import { StructureModel } from "../structures/structure-model.js";
import { acknowledgingEarly, altering, hidingConflicts, lagging, resending } from "./broken-backends.js";

const ROUNDS = 20;

const EXHIBITS: Readonly<Record<string, (inner: Backend) => Backend>> = {
  "checks nothing": (inner) => altering(inner, (batch) => ({ ...batch, checks: [], ranges: [] })),
  "applies the first write of a batch alone": (inner) =>
    altering(inner, (batch) => ({ ...batch, writes: batch.writes.slice(0, 1) })),
  "applies all but the head": (inner) =>
    altering(inner, (batch) => {
      const items = batch.writes.filter((write) => !("key" in write) || write.key.startsWith("\0"));
      return { ...batch, writes: items.length > 0 ? items : batch.writes };
    }),
  "takes a conflict for a success": hidingConflicts,
  "acknowledges before it commits": acknowledgingEarly,
  "sends a commit again when its answer is lost": resending,
  "answers reads from a replica that lags": lagging,
};

/** What the first round that finds something says. */
async function foundIn(broken: (inner: Backend) => Backend): Promise<string> {
  const backends = defaultBackends().with("broken", async () => (setup) => broken(memoryBackend(setup)));
  const settings = { backend: "broken", cache_size: 0 };
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const options = { settings, plugin: { backends }, openings: 1, namespace: "", seed };
    const failure = await concurrentRound(options).then(
      (round) => round.failure,
      (error: unknown) => String(error),
    );
    if (failure !== undefined) return failure;
  }
  return "nothing";
}

describe("bug museum: structures", function () {
  this.timeout(60_000);

  for (const [bug, broken] of Object.entries(EXHIBITS)) {
    it(`clients at once find a backend that ${bug}`, async () => {
      expect(await foundIn(broken)).not.to.equal("nothing");
    });
  }

  it("without a bug they find nothing", async () => {
    expect(await foundIn((inner) => inner)).to.equal("nothing");
  });

  it("a killed writer finds a store that acknowledges before it has written", async () => {
    const store = await storeKind("file").fresh();
    const settings = { ...store?.settings, durability: "interval", durability_interval: "1h" } as const;
    const task = { settings, namespace: "", seed: 2, initial: new StructureModel(), isShared: false };
    const { failure } = await killedWriterRound(task);
    await store?.destroy();
    expect(failure).to.include("no order of these operations");
  });

  for (const bug of ["never syncs a file", "acknowledges before the sync"] as const) {
    it(`a power cut finds a file layer that ${bug}`, async () => {
      let failure: string | undefined;
      for (let seed = 1; failure === undefined && seed <= 20; seed++)
        ({ failure } = await powerCutRound("file", seed, 0.25, FILE_LAYER_BUGS[bug]));
      expect(failure).not.to.equal(undefined);
    });
  }
});
