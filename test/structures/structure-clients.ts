import { setTimeout as delay } from "node:timers/promises";
import { StorageError, type Context, type Storage } from "../../src/index.js";
import type { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { seededPause } from "../history/seeded-pause.js";
import { onStorage, onTransaction, type Outcome } from "./structure-calls.js";
import type { Step } from "./structure-commands.js";
import { nanoseconds, type Operation } from "./structure-history.js";

/** Reasons of the moment. */
const REFUSALS: ReadonlySet<string> = new Set(["conflict", "unavailable", "timeout", "busy"]);
const REFUSED_PAUSE_MS = 20;
/** Openings that share a key meet again and again. */
const MOST_ATTEMPTS = 1000;

/** Whether a call was refused for the moment and had no effect, so that it may be made again. */
export function isWithoutEffect(error: unknown): boolean {
  return error instanceof StorageError && error.outcome === undefined && REFUSALS.has(error.reason);
}

/** Makes a step on a storage; what its calls came to. */
export async function makeStep(storage: Storage, ctx: Context, step: Step): Promise<readonly Outcome[]> {
  if (!step.isTransaction) return [await onStorage(storage, step.calls[0] as Step["calls"][number], ctx)];
  const attempt = async (tx: Parameters<typeof onTransaction>[0]) => {
    const outcomes: Outcome[] = [];
    for (const call of step.calls) outcomes.push(await onTransaction(tx, call));
    return outcomes;
  };
  return await storage.transact(ctx, attempt, { maxAttempts: MOST_ATTEMPTS });
}

/** Keeps what clients did and were told, as it goes on. */
export class OperationRecorder {
  readonly #ended: Operation[] = [];
  readonly #underWay = new Set<Operation>();

  /** Everything until now; what is under way as what nobody was told of. */
  get history(): readonly Operation[] {
    return [...this.#ended, ...this.#underWay];
  }

  /** Those that ended with an outcome. */
  get told(): number {
    return this.#ended.filter(({ outcomes }) => outcomes !== undefined).length;
  }

  /** @returns whether it was made, as far as anybody knows; false when it was refused without effect. */
  async record(client: string, step: Step, make: () => Promise<readonly Outcome[]>): Promise<boolean> {
    const operation: Operation = { client, ...step, begun: nanoseconds(), ended: Infinity };
    this.#underWay.add(operation);
    try {
      const outcomes = await make();
      this.#ended.push({ ...operation, ended: nanoseconds(), outcomes });
      return true;
    } catch (error) {
      if (isWithoutEffect(error)) return false;
      if (!(error instanceof StorageError) || error.outcome !== "unknown") throw error;
      this.#ended.push(operation);
      return true;
    } finally {
      this.#underWay.delete(operation);
    }
  }
}

/** A client that makes one step after the other; one that was refused without effect it makes again. */
export async function runClient(
  client: {
    readonly name: string;
    readonly storage: Storage;
    readonly ctx: Context;
    readonly random: SeededRandom;
  },
  steps: readonly Step[],
  recorder: OperationRecorder,
): Promise<void> {
  const { name, storage, ctx, random } = client;
  for (const step of steps) {
    await seededPause(random);
    while (!(await recorder.record(name, step, () => makeStep(storage, ctx, step))))
      await delay(REFUSED_PAUSE_MS);
  }
}
