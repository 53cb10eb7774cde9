import type { Header } from "../../core/entry.js";
import { StorageFault } from "../../core/errors.js";
import type { Batch, CommitResult, Committed, Conflict, Position } from "../backend.js";
import { parseTail, PLAIN_TAIL, replacedBy, type RecordTail } from "./change-record.js";
import { openEntry } from "./entry-header.js";

/** What scripts/commit.lua answers for one batch. */
type BatchAnswer = number | readonly [number, Buffer] | readonly [Buffer, ...(number | Buffer)[]];

/** What scripts/commit.lua answers; behind the answers of the batches what {@link headsOf} gives, if anything. */
export type CommitAnswer = readonly [now: number, ordinal: number, id: Buffer, ...answers: BatchAnswer[]];

/** The results of the batches that an answer is about. */
export function resultsOf(batches: readonly Batch[], [now, , , ...answers]: CommitAnswer): CommitResult[] {
  return batches.map((batch, i) => {
    try {
      return resultOf(batch, now, answers[i] as BatchAnswer);
    } catch (error) {
      // A conflict whose current entry cannot be read; nothing was written.
      return { status: "fault", fault: error as Error };
    }
  });
}

/** Key and incarnation, one after the other, of the heads of structures that were swept along. */
export function headsOf(batches: readonly Batch[], [, , , ...answers]: CommitAnswer): readonly Buffer[] {
  return (answers[batches.length] ?? []) as readonly Buffer[];
}

function resultOf(batch: Batch, now: number, answer: BatchAnswer): CommitResult {
  if (typeof answer === "number") return committedAt(batch, now, answer, PLAIN_TAIL);
  const [first, ...rest] = answer;
  if (typeof first === "number") {
    return committedAt(batch, now, first, parseTail((rest[0] as Buffer).toString("latin1")));
  }
  const mark = first.toString("latin1");
  if (mark === "!") return { status: "conflict", now, conflicts: conflictsOf(batch, rest) };
  if (mark === "=") return validatedAt(batch, now, { ordinal: rest[0] as number, id: String(rest[1]) });
  return { status: "fault", fault: tooManyInRange(batch, rest[0] as number) };
}

const NONE: readonly (Header | undefined)[] = Object.freeze([]);
const ONE_NEW: readonly (Header | undefined)[] = Object.freeze([undefined]);

/** The result of a batch whose commit has this ordinal. */
export function committedAt(batch: Batch, now: number, ordinal: number, tail: RecordTail): Committed {
  const { id, writes } = batch;
  const isPlain = tail.met.size === 0 && writes.length === 1;
  const replaced = isPlain ? ONE_NEW : replacedBy(writes, tail.met, now);
  return { status: "committed", position: { ordinal, id }, now, replaced, removed: tail.removed };
}

/** Without writes, or with ranges alone that are empty. */
function validatedAt({ writes }: Batch, now: number, position: Position): Committed {
  const replaced = writes.length === 0 ? NONE : writes.map(() => undefined);
  return { status: "committed", position, now, replaced, removed: 0 };
}

function conflictsOf({ namespace, checks, ranges }: Batch, answer: readonly (number | Buffer)[]): Conflict[] {
  const conflicts: Conflict[] = [];
  for (let i = 0; i < answer.length; ) {
    const number = answer[i] as number;
    if (number < 0) {
      const { range } = ranges[-number - 1] as Batch["ranges"][number];
      conflicts.push({ range });
      i += 1;
    } else {
      const { key } = checks[number - 1] as Batch["checks"][number];
      const header = answer[i + 1] as Buffer;
      const current =
        header.length === 0 ? undefined : openEntry(namespace, key, header, answer[i + 2] as Buffer);
      conflicts.push(current === undefined ? { key } : { key, current });
      i += 3;
    }
  }
  return conflicts;
}

function tooManyInRange({ namespace }: Batch, held: number): StorageFault {
  return new StorageFault(
    "too-large",
    `ranges of ${held} entries are too many to check or delete in one commit; the server would stand still`,
    { namespace },
  );
}
