import type { CommitPlan } from "../sql/commit-plan.js";
import { LOCK_SLOTS } from "./mysql-schema-sql.js";

/** Characters of a row that is found by its number; the longest has sixteen numbers of at most ten digits. */
const ROW_WIDTH = 192;

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
  return [waitSeconds, plan.sweep, count, ageMs, ...planParameters(plan)];
}

/** A plan in the order of the parameters of the recall procedure. */
export function recallParameters(plan: CommitPlan, waitSeconds: number): readonly unknown[] {
  return [waitSeconds, ...planParameters(plan)];
}

function planParameters(plan: CommitPlan): readonly unknown[] {
  const { rows, spaces } = planRows(plan);
  return [lockSlots(plan), bytes(plan.data), rows, spaces.join(""), ROW_WIDTH];
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
    if (rows.length === 0) return [1, 0];
    return this.#put(`[${rows.join(",")}]`);
  }

  /** The same, of rows that are all of one width. */
  addFixed(rows: readonly string[]): readonly [at: number, length: number] {
    return this.#put(rows.map(fixed).join(""));
  }

  #put(piece: string): readonly [at: number, length: number] {
    const at = this.#length + 1;
    this.#pieces.push(piece);
    this.#length += piece.length;
    return [at, piece.length];
  }
}

/** Where the columns of one namespace begin or end. */
interface Bounds {
  readonly batch: number;
  readonly check: number;
  readonly range: number;
  readonly drop: number;
  readonly write: number;
}

const BEGINNING: Bounds = { batch: 0, check: 0, range: 0, drop: 0, write: 0 };

function fixed(row: string): string {
  return row.padEnd(ROW_WIDTH);
}

/** The columns of a plan as rows of JSON, those of one namespace side by side; see scripts/commit.sql. */
function planRows(plan: CommitPlan): { readonly rows: string; readonly spaces: readonly string[] } {
  const pieces = new Pieces();
  let from = BEGINNING;
  const spaces = plan.namespaces.name.map((_name, n) => {
    const to = endOf(plan, n);
    const space = spaceRow(plan, n, from, to, pieces);
    from = to;
    return fixed(space);
  });
  return { rows: pieces.text, spaces };
}

function endOf({ namespaces }: CommitPlan, n: number): Bounds {
  return {
    batch: namespaces.batchEnd[n] as number,
    check: namespaces.checkEnd[n] as number,
    range: namespaces.rangeEnd[n] as number,
    drop: namespaces.dropEnd[n] as number,
    write: namespaces.writeEnd[n] as number,
  };
}

function spaceRow(plan: CommitPlan, n: number, from: Bounds, to: Bounds, pieces: Pieces): string {
  const { at, length } = plan.namespaces;
  const start = at[n] as number;
  const end = at[n + 1] ?? plan.data.byteLength + 1;
  const skipped = start - 1;
  const deletes = plan.writes.valueAt.slice(from.write, to.write).filter((value) => value === null).length;
  return JSON.stringify([
    start,
    end - start,
    length[n],
    from.batch,
    to.batch - from.batch,
    deletes,
    ...pieces.add(made(from.batch, to.batch, (i) => batchRow(plan, i, skipped))),
    ...pieces.add(made(from.check, to.check, (i) => checkRow(plan, i, skipped))),
    ...pieces.addFixed(made(from.range, to.range, (i) => rangeRow(plan, i, skipped))),
    ...pieces.addFixed(made(from.drop, to.drop, (i) => dropRow(plan, i, skipped))),
    ...pieces.add(made(from.write, to.write, (i) => writeRow(plan, i, skipped))),
  ]);
}

function made(from: number, to: number, row: (i: number) => string): readonly string[] {
  return Array.from({ length: to - from }, (_, i) => row(from + i));
}

/** A place in the namespace's own part of the data; null where there is none, or where it stands before all parts. */
function within(at: number | null | undefined, skipped: number): number | null {
  return at == null || at <= skipped ? null : at - skipped;
}

function batchRow({ batches: { id, at, length } }: CommitPlan, i: number, skipped: number): string {
  return `[${JSON.stringify(id[i])},${within(at[i], skipped)},${length[i]}]`;
}

function checkRow({ checks }: CommitPlan, i: number, skipped: number): string {
  const { batch, item, at, length, version } = checks;
  return `[${batch[i]},${item[i]},${within(at[i], skipped)},${length[i]},${JSON.stringify(version[i])}]`;
}

/** Hashes are texts of digits: as numbers of JavaScript they would lose some. */
function rangeRow({ ranges }: CommitPlan, i: number, skipped: number): string {
  const { batch, item, at, length, endAt, endLength, count, digest } = ranges;
  const bounds = `${within(at[i], skipped)},${length[i]},${within(endAt[i], skipped)},${endLength[i]}`;
  return `[${batch[i]},${item[i]},${bounds},${count[i]},${digest[i]}]`;
}

function dropRow({ drops }: CommitPlan, i: number, skipped: number): string {
  const { batch, at, length, endAt, endLength } = drops;
  return `[${batch[i]},${within(at[i], skipped)},${length[i]},${within(endAt[i], skipped)},${endLength[i]}]`;
}

function writeRow({ writes: w, batches }: CommitPlan, i: number, skipped: number): string {
  const version = JSON.stringify(batches.id[w.batch[i] as number]);
  const key = `${w.batch[i]},${w.item[i]},${within(w.at[i], skipped)},${w.length[i]}`;
  const value = `${within(w.valueAt[i], skipped)},${w.valueLength[i]},${version},${w.type[i]}`;
  const incarnation = JSON.stringify(w.incarnation[i]);
  return `[${key},${value},${incarnation},${w.hash[i]},${w.expiresIn[i]},${w.expiresAt[i]}]`;
}
