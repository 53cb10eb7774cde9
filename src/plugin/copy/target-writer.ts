import type { Check, Conflict, Write } from "../../backends/backend.js";
import { StorageFault } from "../../core/errors.js";
import { itemRange } from "../../core/incarnation.js";
import { isHead, userKey } from "../../core/key.js";
import { CommitRequest } from "../../transaction/commit-request.js";
import type { CopyRun } from "./copy-run.js";
import type { EntryPair } from "./entry-pairs.js";
import type { LiveEntry } from "./live-entries.js";

const BATCH_STEPS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;
/** A step writes an entry, checks it and may clear the items of the structure it replaces. */
const MOST_PER_STEP = 3;

/**
 * Makes the target hold what was found, in batches. Every write checks that the target still holds what the walk saw
 * there, so that nothing of somebody else's is ever overwritten unseen.
 */
export class TargetWriter {
  readonly #run: CopyRun;
  readonly #namespace: string;
  readonly #maxSteps: number;
  readonly #maxBytes: number;
  #steps: EntryPair[] = [];
  #bytes = 0;

  constructor(run: CopyRun, namespace: string) {
    const { maxBatchEntries, maxBatchBytes } = run.target.slot.stack.backend.info.limits;
    this.#run = run;
    this.#namespace = namespace;
    this.#maxSteps = Math.max(1, Math.min(BATCH_STEPS, Math.floor(maxBatchEntries / MOST_PER_STEP)));
    this.#maxBytes = Math.min(BATCH_BYTES, maxBatchBytes);
  }

  /** Puts what was found in the place of what is held; deletes what is held where nothing was found. */
  async write(step: EntryPair): Promise<void> {
    const bytes = step.found?.entry.size ?? 0;
    const isFull = this.#steps.length >= this.#maxSteps || this.#bytes + bytes > this.#maxBytes;
    if (isFull) await this.flush();
    this.#steps.push(step);
    this.#bytes += bytes;
  }

  async flush(): Promise<void> {
    let steps: readonly EntryPair[] = this.#steps;
    this.#steps = [];
    this.#bytes = 0;
    while (steps.length > 0) {
      const due = steps.filter((step) => !this.#isOver(step));
      const conflicts = await this.#commit(due);
      if (conflicts === undefined) return this.#count(due, steps.length - due.length);
      steps = withoutExpired(due, conflicts, this.#run, this.#namespace);
    }
  }

  /** Nothing is to be done for an entry that has expired meanwhile, unless it is to replace another one. */
  #isOver({ found, held }: EntryPair): boolean {
    return found !== undefined && held === undefined && this.#run.source.leftMs(found) <= 0;
  }

  /** The conflicts, or undefined when everything was written. */
  async #commit(steps: readonly EntryPair[]): Promise<readonly Conflict[] | undefined> {
    if (steps.length === 0) return undefined;
    const checks = steps.map(checkOf);
    const writes = steps.flatMap((step) => this.#writesOf(step));
    const result = await this.#run.target.call(this.#namespace, ({ services: { pump, versions } }) => {
      const request = new CommitRequest(versions.next(), this.#run.ctx, this.#namespace, writes, checks);
      request.isBulk = true;
      return pump.submit(request);
    });
    return result.status === "conflict" ? result.conflicts : undefined;
  }

  #writesOf({ found, held }: EntryPair): Write[] {
    const replaced = held?.entry.incarnation;
    const range =
      replaced === undefined || replaced === found?.entry.incarnation ? undefined : itemRange(replaced);
    const clear: Write[] = range === undefined ? [] : [{ kind: "delete-range", range }];
    if (found === undefined) return [...clear, { kind: "delete", key: keyOf({ found, held }) }];
    const { key, type, codec, data, incarnation } = found.entry;
    const left = this.#run.source.leftMs(found);
    const expiry = left === Infinity ? undefined : { in: Math.max(1, left) };
    const whose = incarnation === undefined ? {} : { incarnation };
    return [...clear, { kind: "put", key, type, codec, data, expiry, ...whose }];
  }

  #count(steps: readonly EntryPair[], expired: number): void {
    const { report } = this.#run;
    report.expired += expired;
    for (const { found, held } of steps) {
      report.bytes += found?.entry.size ?? 0;
      if (!isHead(keyOf({ found, held }))) continue;
      if (found === undefined) report.deleted += 1;
      else report.copied += 1;
    }
  }
}

function keyOf({ found, held }: EntryPair): string {
  return ((found ?? held) as LiveEntry).entry.key;
}

function checkOf(step: EntryPair): Check {
  return { key: keyOf(step), version: step.held?.entry.version ?? null };
}

/**
 * The steps again, when the conflicts come only from entries of the target that have expired since they were seen.
 *
 * @throws StorageError `conflict` when somebody else wrote to the target.
 */
function withoutExpired(
  steps: readonly EntryPair[],
  conflicts: readonly Conflict[],
  { target }: CopyRun,
  namespace: string,
): EntryPair[] {
  const gone = new Map(conflicts.flatMap((each) => ("key" in each ? [[each.key, each] as const] : [])));
  if (gone.size === 0) throw target.error(writtenByOthers(), namespace);
  return steps.flatMap((step) => {
    const conflict = gone.get(keyOf(step));
    if (conflict === undefined) return [step];
    const hasExpired = conflict.current === undefined && (step.held?.endsAt ?? Infinity) !== Infinity;
    if (!hasExpired) throw target.error(writtenByOthers(keyOf(step)), namespace);
    return step.found === undefined ? [] : [{ found: step.found, held: undefined }];
  });
}

function writtenByOthers(key?: string): StorageFault {
  const message =
    "the target was written to while the copy ran; keep others from it and call again with resume: true";
  return new StorageFault("conflict", message, key !== undefined && isHead(key) ? { key: userKey(key) } : {});
}
