import type { Context } from "../../core/context.js";
import { background, withTimeout } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { VersionSource } from "../../core/version.js";
import type { BackendSetup, Batch, CommitResult, Limits } from "../backend.js";
import { limitFault } from "../local/batch-limits.js";
import { operationLimit } from "../local/operation-limit.js";
import { committedAt, headsOf, resultsOf, type CommitAnswer } from "./commit-answer.js";
import { chunksOf } from "./commit-chunks.js";
import { addBatch } from "./commit-words.js";
import { tailOf } from "./change-record.js";
import { sweepWhole, tellOfHeads } from "./expiry-sweep.js";
import type { NameRegistry } from "./name-registry.js";
import { AnswerLost, type RedisConnection } from "./redis-connection.js";
import type { Argument } from "./redis-driver.js";
import { redisFault, scriptAnswer } from "./redis-errors.js";
import { SCRIPTS } from "./redis-script.js";
import type { Space, Spaces } from "./spaces.js";

/** Entries that the ranges of one commit may hold together: a range check of so many takes 0.1 s of the server's time. */
export const MOST_IN_RANGES = 100_000;
/** Expired entries a script looks through; when there are more, they are swept first. */
export const MOST_EXPIRED = 2000;
/** A command that went astray for longer than this is not waited for. */
const FENCE_MS = 3_600_000;

export interface CommitterSetup {
  readonly connection: RedisConnection;
  readonly registry: NameRegistry;
  readonly spaces: Spaces;
  readonly ids: VersionSource;
  readonly limits: Limits;
  readonly changes: BackendSetup["changes"];
  readonly expired: BackendSetup["expired"];
  readonly operationTimeoutMs: number;
  readonly warn: BackendSetup["warn"];
}

/**
 * Carries batches to the server: one script call per namespace, in slices that do not hold the server up. No call is
 * sent twice while the first may still run: when its answer is lost, the log is asked what became of it, and if it is
 * not there it is fenced off before it is sent again.
 */
export class Committer {
  readonly #setup: CommitterSetup;

  constructor(setup: CommitterSetup) {
    this.#setup = setup;
  }

  async commit(batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    const results: CommitResult[] = [];
    const sound: Batch[] = [];
    for (const [i, batch] of batches.entries()) {
      const fault = batch.ctx.err() ?? limitFault(batch, this.#setup.limits);
      if (fault === undefined) sound.push(batch);
      else results[i] = { status: "fault", fault };
    }
    if (sound.length > 0) {
      const carried = await this.#carryAll(sound);
      for (const [i, batch] of batches.entries()) results[i] ??= carried.get(batch) as CommitResult;
    }
    return results;
  }

  async #carryAll(batches: readonly Batch[]): Promise<Map<Batch, CommitResult>> {
    const results = new Map<Batch, CommitResult>();
    const [limit, done] = this.#limitOf(batches);
    try {
      const chunks = chunksOf(batches, this.#setup.limits);
      await this.#register(limit, chunks);
      await Promise.all(
        Array.from(chunks, async ([namespace, slices]) => {
          for (const slice of slices) {
            const carried = await this.#carry(limit, this.#setup.spaces.of(namespace), slice);
            for (const [i, batch] of slice.entries()) results.set(batch, carried[i] as CommitResult);
          }
        }),
      );
    } catch (error) {
      const fault = error instanceof StorageFault ? error : redisFault(error);
      for (const batch of batches) if (!results.has(batch)) results.set(batch, { status: "fault", fault });
    } finally {
      done();
    }
    return results;
  }

  /** A call goes on for as long as anybody waits for it, but no longer than operations may take. */
  #limitOf(batches: readonly Batch[]): ReturnType<typeof withTimeout> {
    const { operationTimeoutMs } = this.#setup;
    if (batches.length === 1) return operationLimit((batches[0] as Batch).ctx, operationTimeoutMs);
    const longest = Math.max(...batches.map(({ ctx }) => ctx.remainingMs()));
    if (longest >= operationTimeoutMs) return operationLimit(background(), operationTimeoutMs);
    return withTimeout(background(), Math.max(0, longest));
  }

  async #register(limit: Context, chunks: ReadonlyMap<string, readonly (readonly Batch[])[]>): Promise<void> {
    // Whoever put what is deleted has registered it; a full server takes deletes, but no names.
    const written = [...chunks].filter(([, slices]) => slices.flat().some(hasPut));
    await this.#setup.registry.add(
      limit,
      written.map(([namespace]) => this.#setup.spaces.of(namespace)),
    );
  }

  /** The results of batches of one namespace, whatever happens. */
  async #carry(limit: Context, space: Space, batches: readonly Batch[]): Promise<readonly CommitResult[]> {
    for (;;) {
      const reached = space.reached;
      const token = this.#setup.ids.next();
      try {
        return await this.#send(limit, space, token, batches);
      } catch (error) {
        if (error instanceof AnswerLost) {
          const settled = await this.#settle(limit, space, { token, reached, batches, error });
          if (settled !== undefined) return settled;
          continue;
        }
        const answer = scriptAnswer(error);
        if (answer === "BEHIND") {
          const failed = await this.#sweep(limit, space);
          if (failed === undefined) continue;
          return faulted(batches, failed);
        }
        if (answer === "PARTIAL") return faulted(batches, this.#brokenOff(space, error));
        const fault = redisFault(error);
        if (batches.length > 1 && (answer === "SPLIT" || isOfOneBatch(fault))) {
          return await this.#carryEach(limit, space, batches);
        }
        return faulted(batches, fault);
      }
    }
  }

  async #send(
    limit: Context,
    space: Space,
    token: string,
    batches: readonly Batch[],
  ): Promise<readonly CommitResult[]> {
    const { connection, ids, changes } = this.#setup;
    const words: Argument[] = [
      token,
      ids.next(),
      String(changes.count),
      String(changes.ageMs),
      space.keys.channel,
      String(MOST_IN_RANGES),
      String(MOST_EXPIRED),
    ];
    for (const batch of batches) addBatch(words, batch);
    const answer = (await connection.write(limit, SCRIPTS.commit, space.keys.all, words)) as CommitAnswer;
    space.reached = Math.max(space.reached, answer[1]);
    tellOfHeads(this.#setup, space, headsOf(batches, answer));
    return resultsOf(batches, answer);
  }

  async #carryEach(
    limit: Context,
    space: Space,
    batches: readonly Batch[],
  ): Promise<readonly CommitResult[]> {
    const results: CommitResult[] = [];
    for (const batch of batches) results.push(...(await this.#carry(limit, space, [batch])));
    return results;
  }

  async #sweep(limit: Context, space: Space): Promise<StorageFault | undefined> {
    try {
      await sweepWhole(this.#setup, limit, space);
      return undefined;
    } catch (error) {
      return redisFault(error);
    }
  }

  /**
   * What became of an attempt whose answer was lost: results when that is known or can no longer be found out,
   * undefined when it had no effect and will have none.
   */
  async #settle(
    limit: Context,
    space: Space,
    attempt: Attempt,
  ): Promise<readonly CommitResult[] | undefined> {
    const { token, reached, batches, error } = attempt;
    const ids = batches.map(({ id }) => id);
    const args = [token, String(reached), String(FENCE_MS), ...ids];
    let answer: ResolveAnswer;
    try {
      answer = (await this.#setup.connection.read(
        limit,
        SCRIPTS.resolve,
        space.keys.all,
        args,
      )) as ResolveAnswer;
    } catch (failure) {
      return faulted(batches, unknownOutcome(error, failure));
    }
    const [, parts] = answer;
    if (parts === undefined) return faulted(batches, unknownOutcome(error));
    if (parts.length === 0) return undefined;
    return await this.#settleRest(limit, space, batches, foundCommits(parts));
  }

  /** It ran as a whole: what the log does not hold conflicted or wrote nothing, and may be asked again. */
  async #settleRest(
    limit: Context,
    space: Space,
    batches: readonly Batch[],
    found: ReadonlyMap<string, FoundCommit>,
  ): Promise<readonly CommitResult[]> {
    const rest = batches.filter(({ id }) => !found.has(id));
    const again = rest.length === 0 ? [] : await this.#carry(limit, space, rest);
    return batches.map((batch) => {
      const commit = found.get(batch.id);
      if (commit === undefined) return again[rest.indexOf(batch)] as CommitResult;
      return committedAt(batch, commit.now, commit.ordinal, tailOf(commit.record));
    });
  }

  #brokenOff({ name }: Space, error: unknown): StorageFault {
    this.#setup.warn("a commit broke off at the server and may be there in part; run verify", {
      namespace: name,
    });
    return new StorageFault("io", "the commit broke off at the server and may be there in part; run verify", {
      outcome: "unknown",
      namespace: name,
      cause: error,
    });
  }
}

function hasPut({ writes }: Batch): boolean {
  return writes.some(({ kind }) => kind === "put");
}

interface Attempt {
  readonly token: string;
  readonly reached: number;
  readonly batches: readonly Batch[];
  readonly error: AnswerLost;
}

/** What scripts/resolve.lua answers; the parts come in fours: id, ordinal, clock, record. */
type ResolveAnswer = readonly [now: number, parts?: readonly Buffer[]];

interface FoundCommit {
  readonly ordinal: number;
  readonly now: number;
  readonly record: Buffer;
}

function foundCommits(parts: readonly Buffer[]): Map<string, FoundCommit> {
  const found = new Map<string, FoundCommit>();
  for (let i = 0; i < parts.length; i += 4) {
    const [id, ordinal, now, record] = parts.slice(i, i + 4) as [Buffer, Buffer, Buffer, Buffer];
    found.set(String(id), { ordinal: Number(String(ordinal)), now: Number(String(now)), record });
  }
  return found;
}

function faulted(batches: readonly Batch[], fault: StorageFault): readonly CommitResult[] {
  return batches.map(() => ({ status: "fault", fault }));
}

/** Refusals that may be about one batch of several: a full server still takes deletes. */
function isOfOneBatch({ reason }: StorageFault): boolean {
  return reason === "no-space" || reason === "io";
}

function unknownOutcome({ cause }: AnswerLost, failure: unknown = cause): StorageFault {
  const { reason } = redisFault(failure);
  return new StorageFault(
    reason === "timeout" ? "timeout" : "unavailable",
    "the answer to the commit was lost; read to see whether it took effect",
    { outcome: "unknown", cause },
  );
}
