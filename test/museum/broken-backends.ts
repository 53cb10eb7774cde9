import type { Backend, Batch, CommitResult, RangeCheck } from "../../src/backends/backend.js";
import { background } from "../../src/core/context.js";
import { StorageFault } from "../../src/core/errors.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";

/** A backend like another but for some calls. */
export function backendWith(inner: Backend, broken: Partial<Backend>): Backend {
  return {
    info: inner.info,
    extensions: inner.extensions,
    open: (ctx) => inner.open(ctx),
    close: (ctx) => inner.close(ctx),
    read: (ctx, namespace, keys, options) => inner.read(ctx, namespace, keys, options),
    scan: (ctx, namespace, range, options) => inner.scan(ctx, namespace, range, options),
    commit: (batches) => inner.commit(batches),
    changes: (ctx, namespace, after, options) => inner.changes(ctx, namespace, after, options),
    namespaces: (ctx) => inner.namespaces(ctx),
    ...broken,
  };
}

/** A backend that is given other batches than it was sent. */
export function altering(inner: Backend, alter: (batch: Batch) => Batch | Promise<Batch>): Backend {
  return backendWith(inner, {
    commit: async (batches) => inner.commit(await Promise.all(batches.map(async (batch) => alter(batch)))),
  });
}

/** Believes a range unchanged when its number of entries is. */
export function countingRanges(inner: Backend): Backend {
  const stillCounts = async (batch: Batch, { range, count }: RangeCheck) => {
    for await (const page of inner.scan(background(), batch.namespace, range, { want: "count" })) {
      if (page.count !== count) return false;
    }
    return true;
  };
  return altering(inner, async (batch) => {
    const wrong: RangeCheck[] = [];
    for (const check of batch.ranges) if (!(await stillCounts(batch, check))) wrong.push(check);
    return { ...batch, ranges: wrong };
  });
}

/** Says that a commit happened, then carries it out. */
export function acknowledgingEarly(inner: Backend): Backend {
  let last: Promise<unknown> = Promise.resolve();
  return backendWith(inner, {
    commit: async (batches) => {
      const before = last;
      last = before.then(async () => {
        await new Promise(setImmediate);
        await inner.commit(batches);
      });
      const { now, position } = await inner.read(background(), "", []);
      const replaced = (batch: Batch) => batch.writes.map(() => undefined);
      return batches.map((batch): CommitResult => {
        return { status: "committed", position, now, replaced: replaced(batch), removed: 0 };
      });
    },
    close: async (ctx) => {
      await last;
      await inner.close(ctx);
    },
  });
}

/** Refuses what conflicts, but writes it all the same. */
export function writingConflicts(inner: Backend): Backend {
  return backendWith(inner, {
    commit: async (batches) => {
      const results = await inner.commit(batches);
      const lost = batches.filter((_batch, i) => results[i]?.status === "conflict");
      await inner.commit(lost.map((batch) => ({ ...batch, checks: [], ranges: [] })));
      return results;
    },
  });
}

/** Calls a conflict a success. */
export function hidingConflicts(inner: Backend): Backend {
  return backendWith(inner, {
    commit: async (batches) => {
      const results = await inner.commit(batches);
      const { position } = await inner.read(background(), "", []);
      return results.map((result, i): CommitResult => {
        if (result.status !== "conflict") return result;
        const replaced = (batches[i] as Batch).writes.map(() => undefined);
        return { status: "committed", position, now: result.now, replaced, removed: 0 };
      });
    },
  });
}

/** Sends a commit again when its answer was lost, and tells what became of the second one. */
export function resending(inner: Backend): Backend {
  const losing = new FaultBackend(inner, { seed: 1, unknownApplied: 0.05 });
  return backendWith(losing, {
    commit: async (batches) => {
      try {
        return await losing.commit(batches);
      } catch (error) {
        if (!(error instanceof StorageFault)) throw error;
        return await inner.commit(batches);
      }
    },
  });
}

/** Answers some reads as they were answered before, as a replica that lags behind does. */
export function lagging(inner: Backend): Backend {
  const answers = new Map<string, unknown>();
  let reads = 0;
  return backendWith(inner, {
    read: async (ctx, namespace, keys, options) => {
      const id = JSON.stringify([namespace, keys]);
      const earlier = answers.get(id);
      reads += 1;
      if (earlier !== undefined && reads % 4 === 0) return earlier as never;
      const answer = await inner.read(ctx, namespace, keys, options);
      answers.set(id, answer);
      return answer;
    },
  });
}
