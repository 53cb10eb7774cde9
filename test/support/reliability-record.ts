import type { LongRow, LongRowResult } from "./long-row.js";

/** One run of a row, as docs/reliability.json keeps it. */
export interface RecordedRun extends LongRowResult {
  readonly seed: number;
  /** Day of the run, `2026-01-31`. */
  readonly date: string;
  readonly node: string;
}

export interface RecordedRow {
  readonly id: string;
  readonly title: string;
  readonly exhaustive: boolean;
  readonly runs: readonly RecordedRun[];
}

/** Everything that long runs have shown so far. */
export interface ReliabilityRecord {
  readonly rows: readonly RecordedRow[];
}

/** The record with one more run. The run of an exhaustive row stands for all earlier ones; the rest add up. */
export function withRun(record: ReliabilityRecord, row: LongRow, run: RecordedRun): ReliabilityRecord {
  const exhaustive = row.fullRounds === "exhaustive";
  const earlier = exhaustive ? [] : runsOf(record, row.id).filter(({ seed }) => seed !== run.seed);
  const updated = { id: row.id, title: row.title, exhaustive, runs: [...earlier, run] };
  const others = record.rows.filter(({ id }) => id !== row.id);
  return { rows: [...others, updated].sort((a, b) => collator.compare(a.id, b.id)) };
}

const collator = new Intl.Collator("en", { numeric: true });

export function runsOf(record: ReliabilityRecord, id: string): readonly RecordedRun[] {
  return record.rows.find((row) => row.id === id)?.runs ?? [];
}

export function totalOf(runs: readonly RecordedRun[], what: "rounds" | "failures"): number {
  return runs.reduce((total, run) => total + run[what], 0);
}

/** A seed that no recorded run has used. */
export function nextSeed(record: ReliabilityRecord, id: string): number {
  return Math.max(0, ...runsOf(record, id).map(({ seed }) => seed)) + 1;
}

const BEGIN = "<!-- rows: written by npm run test:long -->";
const END = "<!-- /rows -->";
const HEAD = "| row | one round | rounds | failures | also counted | at most, 95 % | seeds | last run |";
const RULE = "|---|---|---|---|---|---|---|---|";

/** The page with its table, between two markers, written anew from the record. */
export function renderInto(page: string, record: ReliabilityRecord): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the page lacks ${BEGIN} … ${END}`);
  const table = [HEAD, RULE, ...record.rows.map(renderRow)].join("\n");
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

function renderRow(row: RecordedRow): string {
  const rounds = totalOf(row.runs, "rounds");
  const failures = totalOf(row.runs, "failures");
  const last = row.runs.at(-1);
  const cells = [
    row.id,
    row.title,
    row.exhaustive ? `${grouped(rounds)}, all there are` : grouped(rounds),
    grouped(failures),
    renderCounts(row.runs),
    bound(row, rounds, failures),
    row.exhaustive ? "–" : seedRanges(row.runs.map(({ seed }) => seed)),
    last === undefined ? "–" : `${last.date}, Node ${last.node}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The rule of three: no failure in n independent rounds bounds the failure rate by 3/n with 95 % confidence. */
function bound(row: RecordedRow, rounds: number, failures: number): string {
  if (row.exhaustive || failures > 0 || rounds === 0) return "–";
  return `${(3 / rounds).toExponential(1)} a round`;
}

function renderCounts(runs: readonly RecordedRun[]): string {
  const totals = new Map<string, number>();
  for (const [name, count] of runs.flatMap(({ counts = {} }) => Object.entries(counts))) {
    totals.set(name, (totals.get(name) ?? 0) + count);
  }
  return [...totals].map(([name, count]) => `${grouped(count)} ${name}`).join(", ") || "–";
}

/** `1–12, 40`: neighbours joined. */
function seedRanges(seeds: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const seed of [...seeds].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && seed <= last[1] + 1) last[1] = seed;
    else ranges.push([seed, seed]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US").replaceAll(",", " ");
}
