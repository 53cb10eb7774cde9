import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { Batch, CommitResult } from "../backend.js";
import { planCommit, type CommitPlan } from "./commit-plan.js";
import { commitResults, recalledResult } from "./commit-results.js";
import { UnansweredCommit, type Recollection, type SqlStore } from "./sql-store.js";

/** Between two attempts to ask a server that does not answer, at first; doubled up to the longest. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;
/** Namespaces whose last position is remembered. */
const MOST_REMEMBERED = 10_000;

/**
 * Carries batches to a server and, when an answer is lost, finds out by their ids what became of them. What is found in
 * the log has happened. What is missing, once the attempt has ended and the locks are held, has not, if the log still
 * reaches back to before the attempt: then it is sent again. What cannot be told within the deadline stays unknown.
 */
export class CommitCarrier {
  readonly #store: SqlStore;
  /** The last ordinals seen here; the log must reach back to those of before an attempt to prove an id missing. */
  readonly #seen = new Map<string, number>();

  constructor(store: SqlStore) {
    this.#store = store;
  }

  /** @param batches those of one namespace side by side; their results stand in the same order. */
  async carry(ctx: Context, batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    if (batches.length === 0) return [];
    const plan = planCommit(batches);
    const seen = plan.namespaces.name.map((name) => this.#seen.get(name) ?? 0);
    try {
      const rows = await this.#store.commit(ctx, plan);
      const results = commitResults(batches, plan, rows);
      for (const row of rows) {
        if (row.kind === "state")
          this.#remember(plan.namespaces.name[row.namespace] as string, row.state.ordinal);
      }
      return results;
    } catch (error) {
      if (!(error instanceof UnansweredCommit)) throw error;
      return await this.#recover(ctx, batches, plan, { seen, lost: error });
    }
  }

  /** A read has seen this ordinal: a commit sent from now on comes after it. */
  noted(namespace: string, ordinal: number): void {
    if (ordinal > (this.#seen.get(namespace) ?? 0)) this.#remember(namespace, ordinal);
  }

  #remember(namespace: string, ordinal: number): void {
    if (this.#seen.size >= MOST_REMEMBERED) this.#seen.clear();
    this.#seen.set(namespace, ordinal);
  }

  async #recover(
    ctx: Context,
    batches: readonly Batch[],
    plan: CommitPlan,
    { seen, lost }: LostCommit,
  ): Promise<readonly CommitResult[]> {
    const recollection = await this.#recall(ctx, plan, lost);
    if (recollection === undefined) return batches.map(() => unknownOutcome(lost));
    const results: (CommitResult | undefined)[] = batches.map(() => undefined);
    for (const found of recollection.found) {
      results[found.batch] = recalledResult(batches[found.batch] as Batch, found);
    }
    const provable = isProvable(plan, recollection, seen);
    const missing = batches.filter((_batch, i) => results[i] === undefined && provable[i]);
    const again = [...(await this.carry(ctx, missing))];
    return batches.map(
      (_batch, i) => results[i] ?? (provable[i] ? again.shift() : undefined) ?? unknownOutcome(lost),
    );
  }

  /** Asks until the server answers or the deadline has passed. */
  async #recall(ctx: Context, plan: CommitPlan, lost: UnansweredCommit): Promise<Recollection | undefined> {
    for (
      let pauseMs = FIRST_PAUSE_MS;
      ctx.err() === undefined;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    ) {
      try {
        return await this.#store.recall(ctx, lost.attempt, plan);
      } catch {
        await delay(Math.max(0, Math.min(pauseMs, ctx.remainingMs())));
      }
    }
    return undefined;
  }
}

/** A commit that was not answered, and the last ordinals of its namespaces that were seen when it was sent. */
interface LostCommit {
  readonly seen: readonly number[];
  readonly lost: UnansweredCommit;
}

/** Of which batches it is known that they are missing because they did not happen, not because the log forgot. */
function isProvable(
  { namespaces }: CommitPlan,
  recollection: Recollection,
  seen: readonly number[],
): readonly boolean[] {
  const provable: boolean[] = [];
  for (const [n, end] of namespaces.batchEnd.entries()) {
    const reachesBack = (recollection.namespaces[n]?.oldest ?? Infinity) <= (seen[n] as number) + 1;
    while (provable.length < end) provable.push(reachesBack);
  }
  return provable;
}

function unknownOutcome({ cause }: UnansweredCommit): CommitResult {
  const known = cause instanceof StorageFault ? cause : undefined;
  const message = `${known?.message ?? "the server did not answer"}; read to see whether the commit took effect`;
  const fault = new StorageFault(known?.reason ?? "unavailable", message, { outcome: "unknown", cause });
  return { status: "fault", fault };
}
