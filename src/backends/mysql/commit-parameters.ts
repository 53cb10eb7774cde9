import type { CommitPlan } from "../sql/commit-plan.js";
import { LOCK_SLOTS } from "./mysql-schema-sql.js";

/** How much of the log a commit leaves. */
export interface Retention {
  readonly count: number;
  readonly ageMs: number;
}

/** A plan in the order of the parameters of the commit procedure. */
export function commitParameters(
  plan: CommitPlan,
  waitSeconds: number,
  { count, ageMs }: Retention,
): readonly unknown[] {
  const { rows, spaces } = planRows(plan);
  return [waitSeconds, plan.sweep, count, ageMs, lockSlots(plan), bytes(plan.data), rows, spaces];
}

/** A plan in the order of the parameters of the recall procedure. */
export function recallParameters(plan: CommitPlan, waitSeconds: number): readonly unknown[] {
  const { rows, spaces } = planRows(plan);
  return [waitSeconds, lockSlots(plan), bytes(plan.data), rows, spaces];
}

/** Ascending and each once, so that commits that need several wait for each other in one direction. */
function lockSlots({ locks }: CommitPlan): string {
  const slots = new Set(locks.map((lock) => lock & (LOCK_SLOTS - 1)));
  return JSON.stringify([...slots].sort((a, b) => a - b));
}

function bytes({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Gathers pieces of JSON into one text, and remembers where each stands. */
class Pieces {
  readonly #pieces: string[] = [];
  #length = 0;

  get text(): string {
    return this.#pieces.join("");
  }

  /** Where the rows stand and how long they are; 0 when there are none. */
  add(rows: readonly string[]): readonly [at: number, length: number] {
    const at = this.#length + 1;
    if (rows.length === 0) return [at, 0];
    const piece = `[${rows.join(",")}]`;
    this.#pieces.push(piece);
    this.#length += piece.length;
    return [at, piece.length];
  }
}

/** The columns of a plan as rows of JSON, those of one namespace side by side; see scripts/commit.sql. */
function planRows(plan: CommitPlan): { readonly rows: string; readonly spaces: string } {
  const { namespaces } = plan;
  const pieces = new Pieces();
  const spaces: (readonly number[])[] = [];
  let from = { batch: 0, check: 0, range: 0, drop: 0, write: 0 };
  for (const n of namespaces.name.keys()) {
    const to = {
      batch: namespaces.batchEnd[n] as number,
      check: namespaces.checkEnd[n] as number,
      range: namespaces.rangeEnd[n] as number,
      drop: namespaces.dropEnd[n] as number,
      write: namespaces.writeEnd[n] as number,
    };
    const { valueAt } = plan.writes;
    spaces.push([
      namespaces.at[n] as number,
      namespaces.length[n] as number,
      from.batch,
      to.batch - from.batch,
      valueAt.slice(from.write, to.write).filter((at) => at === null).length,
      ...pieces.add(made(from.batch, to.batch, (i) => batchRow(plan, i))),
      ...pieces.add(made(from.check, to.check, (i) => checkRow(plan, i))),
      ...pieces.add(made(from.range, to.range, (i) => rangeRow(plan, i))),
      ...pieces.add(made(from.drop, to.drop, (i) => dropRow(plan, i))),
      ...pieces.add(made(from.write, to.write, (i) => writeRow(plan, i))),
    ]);
    from = to;
  }
  return { rows: pieces.text, spaces: JSON.stringify(spaces) };
}

function made(from: number, to: number, row: (i: number) => string): readonly string[] {
  return Array.from({ length: to - from }, (_, i) => row(from + i));
}

function batchRow({ batches: { id, at, length } }: CommitPlan, i: number): string {
  return `[${JSON.stringify(id[i])},${at[i]},${length[i]}]`;
}

function checkRow({ checks: { batch, item, at, length, version } }: CommitPlan, i: number): string {
  return `[${batch[i]},${item[i]},${at[i]},${length[i]},${JSON.stringify(version[i])}]`;
}

/** Hashes are texts of digits: as numbers of JavaScript they would lose some. */
function rangeRow({ ranges }: CommitPlan, i: number): string {
  const { batch, item, at, length, endAt, endLength, count, digest } = ranges;
  return `[${batch[i]},${item[i]},${at[i]},${length[i]},${endAt[i]},${endLength[i]},${count[i]},${digest[i]}]`;
}

function dropRow({ drops: { batch, at, length, endAt, endLength } }: CommitPlan, i: number): string {
  return `[${batch[i]},${at[i]},${length[i]},${endAt[i]},${endLength[i]}]`;
}

function writeRow({ writes: w, batches }: CommitPlan, i: number): string {
  const version = JSON.stringify(batches.id[w.batch[i] as number]);
  const key = `${w.batch[i]},${w.item[i]},${w.at[i]},${w.length[i]}`;
  const value = `${w.valueAt[i]},${w.valueLength[i]},${version},${w.type[i]}`;
  const incarnation = JSON.stringify(w.incarnation[i]);
  return `[${key},${value},${incarnation},${w.hash[i]},${w.expiresIn[i]},${w.expiresAt[i]}]`;
}
