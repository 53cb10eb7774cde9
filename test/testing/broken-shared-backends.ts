import type {
  Backend,
  Batch,
  ChangesOptions,
  ChangesResult,
  CommitResult,
  Position,
  ReadResult,
  Want,
} from "../../src/backends/backend.js";
import type { Context } from "../../src/core/context.js";
import type { StoredKey } from "../../src/core/key.js";
import type { Wrap } from "../support/shared-memory-harness.js";
import { PassingBackend } from "./broken-backends.js";

/** Instances on one store with one bug in how they share it, and cases of the suite that must fail. */
export interface BrokenSharedBackend {
  readonly bug: string;
  readonly wrap: Wrap;
  readonly caughtBy: readonly string[];
}

/** Gives again what it read first, until it commits itself. */
class Forgetful extends PassingBackend {
  readonly #seen = new Map<string, Promise<unknown>>();

  override read<W extends Want = "values">(
    ctx: Context,
    namespace: string,
    keys: readonly StoredKey[],
    options?: { readonly want?: W },
  ): Promise<ReadResult<W>> {
    const place = JSON.stringify([namespace, keys, options]);
    const seen =
      (this.#seen.get(place) as Promise<ReadResult<W>> | undefined) ??
      this.inner.read(ctx, namespace, keys, options);
    this.#seen.set(place, seen);
    return seen;
  }

  override commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    this.#seen.clear();
    return this.inner.commit(batches);
  }
}

/** Looks at the log when asked and when it has committed something itself, but has no signal of others' commits. */
class Deaf extends PassingBackend {
  #wakes: (() => void)[] = [];

  override async changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    { limit, waitMs }: ChangesOptions,
  ): Promise<ChangesResult> {
    const look = () => this.inner.changes(ctx, namespace, after, { limit });
    const result = await look();
    if (waitMs === undefined || result.lost || result.changes.length > 0) return result;
    await new Promise<void>((resolve) => {
      this.#wakes.push(resolve);
      setTimeout(resolve, waitMs).unref();
    });
    return await look();
  }

  override async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results = await this.inner.commit(batches);
    for (const wake of this.#wakes.splice(0)) wake();
    return results;
  }
}

/** Follows the log twice: what two signals announced comes twice. */
class Stuttering extends PassingBackend {
  override async changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    const result = await this.inner.changes(ctx, namespace, after, options);
    if (result.lost || options.waitMs === undefined) return result;
    return { ...result, changes: [...result.changes, ...result.changes.slice(-1)] };
  }
}

/** Every instance sweeps and records for itself. */
class RecordsEverySweep extends PassingBackend {
  override async changes(
    ctx: Context,
    namespace: string,
    after: Position | undefined,
    options: ChangesOptions,
  ): Promise<ChangesResult> {
    const result = await this.inner.changes(ctx, namespace, after, options);
    if (result.lost) return result;
    const changes = result.changes.map((change) => ({
      ...change,
      writes: change.writes.flatMap((write) => (write.kind === "expire" ? [write, write] : [write])),
    }));
    return { ...result, changes };
  }
}

/** Trusts that nobody else writes. */
class Trusting extends PassingBackend {
  override commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    return this.inner.commit(batches.map((batch) => ({ ...batch, checks: [], ranges: [] })));
  }
}

/** Counts positions by itself, as many as it has made. */
class CountsAlone extends PassingBackend {
  #made = 0;

  override async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results = await this.inner.commit(batches);
    return results.map((result) => {
      if (result.status !== "committed") return result;
      this.#made += 1;
      return { ...result, position: { ...result.position, ordinal: this.#made } };
    });
  }
}

/** Closes what the others use too. */
class ClosesForAll extends PassingBackend {
  readonly #other: Backend;

  constructor(inner: Backend, other: Backend) {
    super(inner);
    this.#other = other;
  }

  override async close(ctx: Context): Promise<void> {
    await this.inner.close(ctx);
    await this.#other.close(ctx);
  }
}

let first: Backend | undefined;
const closesForAll: Wrap = (view, nth) => {
  if (nth === 0) first = view;
  return nth === 0 || first === undefined ? view : new ClosesForAll(view, first);
};

export const BROKEN_SHARED_BACKENDS: readonly BrokenSharedBackend[] = [
  {
    bug: "an instance remembers what it read",
    wrap: (view) => new Forgetful(view),
    caughtBy: ["is seen by reads once its commit resolved"],
  },
  {
    bug: "an instance has no signal of the others' commits",
    wrap: (view) => new Deaf(view),
    caughtBy: ["end a wait well before its time, in both directions", "end every wait of every instance"],
  },
  {
    bug: "a change comes as often as it was announced",
    wrap: (view) => new Stuttering(view),
    caughtBy: ["are followed by both, each once and in one order, while both write"],
  },
  {
    bug: "each instance records what all have swept",
    wrap: (view) => new RecordsEverySweep(view),
    caughtBy: ["is swept once when both sweep, with one record for each entry"],
  },
  {
    bug: "the second instance checks nothing",
    wrap: (view, nth) => (nth === 0 ? view : new Trusting(view)),
    caughtBy: [
      "exactly one of many creators of a key wins",
      "exactly one of many inserts into a checked range wins",
      "two that read each other's key do not both write (write skew)",
      "no increment of one counter is lost in tight loops of both",
      "no increment is lost by 50 tasks of each",
    ],
  },
  {
    bug: "each instance counts positions by itself",
    wrap: (view) => new CountsAlone(view),
    caughtBy: ["counts on in one row of positions", "groups of batches from both get one row of positions"],
  },
  {
    bug: "closing one instance closes the others",
    wrap: closesForAll,
    caughtBy: ["closing one leaves the other whole"],
  },
];
