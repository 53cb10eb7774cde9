import type {
  Backend,
  BackendExtensions,
  BackendFactory,
  BackendInfo,
  Batch,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  ExpiredHead,
  Position,
  ReadResult,
  ScanOptions,
  ScanPage,
  ScanWant,
  Want,
} from "../../src/backends/backend.js";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import type { Context } from "../../src/core/context.js";
import type { StoredKey } from "../../src/core/key.js";
import type { KeyRange } from "../../src/core/range.js";

/** Passes every call on; what is broken on purpose overrides one. */
export class PassingBackend implements Backend {
  readonly inner: Backend;

  constructor(inner: Backend) {
    this.inner = inner;
  }

  get info(): BackendInfo {
    return this.inner.info;
  }

  get extensions(): BackendExtensions {
    return this.inner.extensions;
  }

  open(ctx: Context): Promise<void> {
    return this.inner.open(ctx);
  }

  close(ctx: Context): Promise<void> {
    return this.inner.close(ctx);
  }

  read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ): Promise<ReadResult<W>> {
    return this.inner.read(ctx, namespace, keys, options);
  }

  scan<W extends ScanWant = "values">(
    ctx: Context,
    namespace: string,
    range: KeyRange,
    options?: ScanOptions<W>,
  ): AsyncIterable<ScanPage<W>> {
    return this.inner.scan(ctx, namespace, range, options);
  }

  commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.inner.commit(batches);
  }

  changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    return this.inner.changes(ctx, namespace, after, options);
  }

  namespaces(ctx: Context): AsyncIterable<readonly string[]> {
    return this.inner.namespaces(ctx);
  }
}

/** Changes the batches on their way in. */
function onBatches(change: (batch: Batch) => Batch): BackendFactory {
  return (setup) =>
    new (class extends PassingBackend {
      override commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
        return this.inner.commit(batches.map(change));
      }
    })(memoryBackend(setup));
}

/** Changes the results of commits on their way out. */
function onResults(change: (results: readonly CommitResult[]) => readonly CommitResult[]): BackendFactory {
  return (setup) =>
    new (class extends PassingBackend {
      override async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
        return change(await this.inner.commit(batches));
      }
    })(memoryBackend(setup));
}

/** Changes the pages of scans on their way out. */
function onPages(
  change: <W extends ScanWant>(page: ScanPage<W>, nth: number) => ScanPage<W>,
): BackendFactory {
  return (setup) =>
    new (class extends PassingBackend {
      override async *scan<W extends ScanWant = "values">(
        ctx: Context,
        namespace: string,
        range: KeyRange,
        options?: ScanOptions<W>,
      ): AsyncGenerator<ScanPage<W>> {
        let nth = 0;
        for await (const page of this.inner.scan(ctx, namespace, range, options)) yield change(page, nth++);
      }
    })(memoryBackend(setup));
}

/** Changes what comes of following changes. */
function onChanges(
  change: (result: ChangesResult, after: Position | undefined) => ChangesResult,
): BackendFactory {
  return (setup) =>
    new (class extends PassingBackend {
      override async changes(
        ctx: Context,
        namespace: string,
        after: Position | undefined,
        options: ChangesOptions,
      ): Promise<ChangesResult> {
        return change(await this.inner.changes(ctx, namespace, after, options), after);
      }
    })(memoryBackend(setup));
}

/** Keeps all namespaces in one, told apart by a name and a colon before the key's kind. */
const mergedNamespaces: BackendFactory = (setup) =>
  new (class extends PassingBackend {
    override read<W extends Want = "values">(
      ctx: Context,
      _namespace: string,
      keys: readonly StoredKey[],
      options?: { readonly want?: W },
    ): Promise<ReadResult<W>> {
      return this.inner.read(ctx, "", keys, options);
    }
  })(memoryBackend(setup));

/** Gives whole headers where nothing but keys was asked for. */
const generousWithKeys: BackendFactory = (setup) =>
  new (class extends PassingBackend {
    override async *scan<W extends ScanWant = "values">(
      ctx: Context,
      namespace: string,
      range: KeyRange,
      options: ScanOptions<W> = {},
    ): AsyncGenerator<ScanPage<W>> {
      const wider = options.want === "keys" ? ({ ...options, want: "headers" } as ScanOptions<W>) : options;
      yield* this.inner.scan(ctx, namespace, range, wider);
    }
  })(memoryBackend(setup));

/** Commits batch after batch, and forgets that a context may be over. */
const deafToContexts: BackendFactory = onBatches((batch) => ({
  ...batch,
  ctx: { ...batch.ctx, err: () => undefined },
}));

/** Applies what it is given write by write, so that a batch is several commits. */
const tornCommits: BackendFactory = (setup) =>
  new (class extends PassingBackend {
    override async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
      const results: CommitResult[] = [];
      for (const batch of batches) results.push(await this.#commitTorn(batch));
      return results;
    }

    async #commitTorn(batch: Batch): Promise<CommitResult> {
      const [result] = await this.inner.commit([{ ...batch, writes: batch.writes.slice(0, 1) }]);
      for (const write of batch.writes.slice(1)) {
        if (result?.status !== "committed") break;
        await this.inner.commit([{ ...batch, checks: [], ranges: [], writes: [write] }]);
      }
      if (result === undefined) throw new Error("a batch must give a result");
      return result;
    }
  })(memoryBackend(setup));

/** A backend with one bug, and cases of the suite that must fail on it. */
export interface BrokenBackend {
  readonly bug: string;
  readonly factory: BackendFactory;
  readonly caughtBy: readonly string[];
  /** Whether the model test must find it too. */
  readonly modelFindsIt: boolean;
}

/** Tells of other heads than were removed. */
function telling(change: (heads: readonly ExpiredHead[]) => readonly ExpiredHead[]): BackendFactory {
  return (setup) =>
    memoryBackend({ ...setup, expired: (namespace, heads) => setup.expired?.(namespace, change(heads)) });
}

export const BROKEN_BACKENDS: readonly BrokenBackend[] = [
  {
    bug: "range checks are ignored",
    factory: onBatches((batch) => ({ ...batch, ranges: [] })),
    caughtBy: [
      "conflict when a key appeared in it (a phantom)",
      "lets exactly one of many inserts into a checked range win",
      "so that a range check from before the deadline conflicts after it",
    ],
    modelFindsIt: true,
  },
  {
    bug: "only keys that are written are checked",
    factory: onBatches((batch) => ({
      ...batch,
      checks: batch.checks.filter(({ key }) =>
        batch.writes.some((write) => "key" in write && write.key === key),
      ),
    })),
    caughtBy: [
      "checks keys that the batch does not write",
      "does not let two that read each other's key write both (write skew)",
    ],
    modelFindsIt: true,
  },
  {
    bug: "absent keys are not checked",
    factory: onBatches((batch) => ({
      ...batch,
      checks: batch.checks.filter(({ version }) => version !== null),
    })),
    caughtBy: ["conflicts when an absent key has appeared", "lets exactly one of many creators of a key win"],
    modelFindsIt: true,
  },
  {
    bug: "range digests see only the number of keys",
    factory: onBatches((batch) => ({ ...batch, ranges: batch.ranges.filter(({ count }) => count === 0) })),
    caughtBy: ["conflict when a key in it was overwritten", "conflict when one key was replaced by another"],
    modelFindsIt: true,
  },
  {
    bug: "a page comes out of order",
    factory: onPages((page) => ({ ...page, entries: page.entries.toReversed() })),
    caughtBy: ["gives everything", "gives thousands of entries in order"],
    modelFindsIt: true,
  },
  {
    bug: "a scan of keys alone gives more than keys",
    factory: generousWithKeys,
    caughtBy: ["gives keys and nothing else"],
    modelFindsIt: true,
  },
  {
    bug: "the second page of a scan is lost",
    factory: onPages((page, nth) => (nth === 1 ? { ...page, entries: page.entries.slice(1) } : page)),
    caughtBy: ["gives thousands of entries in order", "ends after 1024 of 3000 entries"],
    modelFindsIt: false,
  },
  {
    bug: "results of a group come in another order",
    factory: onResults((results) => results.toReversed()),
    caughtBy: ["answers in the order of the batches", "refuses only the batch whose deadline has passed"],
    modelFindsIt: false,
  },
  {
    bug: "a batch is applied write by write",
    factory: tornCommits,
    caughtBy: ["hold all writes of a batch in their order, as one change"],
    modelFindsIt: true,
  },
  {
    bug: "deadlines are dropped",
    factory: onBatches((batch) => ({
      ...batch,
      writes: batch.writes.map((write) => (write.kind === "put" ? { ...write, expiry: undefined } : write)),
    })),
    caughtBy: ["end an entry", "count a time to live from the commit"],
    modelFindsIt: true,
  },
  {
    bug: "a lost position is answered with what is left",
    factory: onChanges((result) =>
      result.lost ? { lost: false, changes: [], position: result.position } : result,
    ),
    caughtBy: [
      "are those whose id is not at their ordinal",
      "are those before the oldest of `count` commits",
    ],
    modelFindsIt: false,
  },
  {
    bug: "namespaces see each other",
    factory: mergedNamespaces,
    caughtBy: ["keep to themselves: a word", "check and conflict apart"],
    modelFindsIt: true,
  },
  {
    bug: "a sweep tells of no head that it removed",
    factory: telling(() => []),
    caughtBy: ["tells of the heads of structures that it removed, and of nothing else"],
    modelFindsIt: false,
  },
  {
    bug: "a sweep tells of the first head of many only",
    factory: telling((heads) => heads.slice(0, 1)),
    caughtBy: ["tells of thousands of heads, each of them"],
    modelFindsIt: false,
  },
  {
    bug: "a sweep tells of heads without their incarnation",
    factory: telling((heads) => heads.map(({ key }) => ({ key, incarnation: "" }))),
    caughtBy: ["tells of no head that lives longer, or for ever, by then"],
    modelFindsIt: false,
  },
  {
    bug: "cancelled contexts are not looked at",
    factory: deafToContexts,
    caughtBy: ["refuses only the batch whose context is cancelled"],
    modelFindsIt: false,
  },
];
