import { expect } from "chai";
import fc from "fast-check";
import type { Backend, BackendFactory, BackendSetup } from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { background } from "../../src/core/context.js";
import { EVERYTHING } from "../../src/core/range.js";
import { defaultBackends, openStorage } from "../../src/index.js";
import { anyCommands } from "../model/model-commands.js";
import { ModelDifference, runModel, type OpenSubject } from "../model/model-run.js";
import { storeKind } from "../support/stores.js";
import { openSubject, type Disguise, type StoreKind } from "../model/model-subject.js";
import { altering, backendWith } from "./broken-backends.js";
import {
  countingTwice,
  includingAfter,
  keepingDeadlines,
  leakingRollbacks,
  mistakingFalsy,
  reorderingBatches,
  sharingReferences,
} from "./broken-storages.js";

interface Exhibit {
  readonly bug: string;
  readonly broken: OpenSubject;
}

const KIND: StoreKind = {
  name: "museum piece",
  settings: { cache_size: 0 },
  persistent: false,
  shared: false,
  time: "fake",
  fresh: () => storeKind("memory").fresh(),
};

function overBackend(factory: BackendFactory): OpenSubject {
  const backends = defaultBackends().with("museum", async () => factory);
  const kind = { ...KIND, settings: { ...KIND.settings, backend: "museum" } };
  return (_kind, runtime) =>
    openSubject(kind, runtime, (settings, options) => openStorage(settings, { ...options, backends }));
}

function over(breakIt: (inner: Backend) => Backend): OpenSubject {
  return overBackend((setup) => breakIt(memoryBackend(setup)));
}

function disguised(disguise: Disguise): OpenSubject {
  return (kind, runtime) => openSubject(kind, runtime, openStorage, disguise);
}

/** Sorts pages as JavaScript sorts text. */
function sortingByUnits(inner: Backend): Backend {
  return backendWith(inner, {
    async *scan(ctx, namespace, range, options) {
      for await (const page of inner.scan(ctx, namespace, range, options)) {
        const entries = page.entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
        yield { ...page, entries: options?.reverse === true ? entries.reverse() : entries };
      }
    },
  });
}

/** Clears with a namespace all those whose names begin with its own. */
function clearingNeighbours(inner: Backend): Backend {
  return backendWith(inner, {
    commit: async (batches) => {
      const results = await inner.commit(batches);
      for (const batch of batches) {
        if (batch.namespace !== "user" || batch.writes[0]?.kind !== "delete-range") continue;
        const writes = [{ kind: "delete-range", range: EVERYTHING }] as const;
        await inner.commit([{ ...batch, id: `${batch.id}+`, ctx: background(), namespace: "user2", writes }]);
      }
      return results;
    },
  });
}

/** Lets entries live some milliseconds longer than they should. */
function onSlowClock(setup: BackendSetup): Backend {
  const { clock } = setup.runtime;
  const slow = { wall: () => clock.wall(), monotonic: () => clock.monotonic() * 0.9 };
  return memoryBackend({ ...setup, runtime: { ...setup.runtime, clock: slow } });
}

const withoutExpiry: Parameters<typeof altering>[1] = (batch) => {
  if (batch.checks.length + batch.ranges.length === 0) return batch;
  const writes = batch.writes.map((write) =>
    write.kind === "put" ? { ...write, expiry: undefined } : write,
  );
  return { ...batch, writes };
};

const EXHIBITS: readonly Exhibit[] = [
  {
    bug: "drops the ttl of what transactions write",
    broken: over((inner) => altering(inner, withoutExpiry)),
  },
  { bug: "sorts keys by UTF-16 units", broken: over(sortingByUnits) },
  { bug: "clears user2 with user", broken: over(clearingNeighbours) },
  { bug: "measures time to live on a clock that runs slow", broken: overBackend(onSlowClock) },
  { bug: "takes a falsy value for a missing one", broken: disguised(mistakingFalsy) },
  { bug: "hands out the object it was given", broken: disguised(sharingReferences()) },
  { bug: "gives batches back in another order", broken: disguised(reorderingBatches) },
  { bug: "begins a listing with the key after which it should begin", broken: disguised(includingAfter) },
  { bug: "counts a key deleted twice in a batch twice", broken: disguised(countingTwice) },
  { bug: "keeps the deadline of the value before", broken: disguised(keepingDeadlines) },
  { bug: "writes before the commit, so that a rollback leaks", broken: disguised(leakingRollbacks) },
];

describe("bug museum: the model", function () {
  this.timeout(60_000);

  for (const { bug, broken } of EXHIBITS) {
    it(`the model finds a store that ${bug}`, async () => {
      const property = fc.asyncProperty(anyCommands(100), async (commands) => {
        await runModel([KIND], commands, broken);
      });
      const result = await fc.check(property, { seed: 1, numRuns: 300, endOnFailure: true });
      expect(result.failed, "the bug went unseen").to.equal(true);
      expect(result.errorInstance).to.be.instanceOf(ModelDifference);
    });
  }

  it("the model finds nothing in a store without a bug", async () => {
    const property = fc.asyncProperty(anyCommands(100), async (commands) => {
      await runModel([KIND], commands);
    });
    const result = await fc.check(property, { seed: 1, numRuns: 50 });
    expect(result.failed, String(result.errorInstance)).to.equal(false);
  });
});
