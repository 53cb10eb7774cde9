import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { endOfTests } from "./fixtures.js";
import type { LongRow } from "./long-row.js";
import {
  nextSeed,
  renderInto,
  runsOf,
  totalOf,
  withRun,
  type ReliabilityRecord,
} from "./reliability-record.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RECORD = join(ROOT, "docs/reliability.json");
const PAGE = join(ROOT, "docs/reliability.md");
/** How much of a long run is lost when it is interrupted. */
const PIECE_MINUTES = 1;

interface Wish {
  readonly rounds: number;
  readonly minutes: number;
  readonly seed: number | undefined;
  readonly record: boolean;
}

/** Every row of the repository, by id. */
export async function longRows(): Promise<ReadonlyMap<string, LongRow>> {
  const test = join(ROOT, "test");
  const files = readdirSync(test, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".long.ts"),
  );
  const modules = await Promise.all(files.map((path) => import(pathToFileURL(join(test, path)).href)));
  const rows = modules.flatMap((module) => (module as { rows: readonly LongRow[] }).rows);
  return new Map(rows.map((row) => [row.id, row]));
}

export function readRecord(): ReliabilityRecord {
  return JSON.parse(readFileSync(RECORD, "utf8")) as ReliabilityRecord;
}

/**
 * The command `npm run test:long`: runs a row in pieces, each recorded when it ends, until the wished rounds or
 * minutes are reached; without a wish until the record holds the full form.
 *
 * @returns the exit code: 0 when no round failed.
 */
export async function runLong(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      row: { type: "string" },
      rounds: { type: "string" },
      minutes: { type: "string" },
      seed: { type: "string" },
      "no-record": { type: "boolean", default: false },
    },
  });
  const rows = await longRows();
  const row = rows.get(values.row ?? "");
  if (row === undefined) {
    console.log(`--row must name one of: ${[...rows.keys()].sort().join(", ")}`);
    return 2;
  }
  const seed = values.seed === undefined ? undefined : wholeNumber("seed", values.seed);
  const rounds = values.rounds === undefined ? missingRounds(row) : wholeNumber("rounds", values.rounds);
  const minutes = values.minutes === undefined ? Infinity : wholeNumber("minutes", values.minutes);
  try {
    return await runPieces(row, { rounds, minutes, seed, record: !values["no-record"] });
  } finally {
    // Servers that the row has started, and connections to them.
    await endOfTests();
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new TypeError(`--${name} must be a whole number from 1 on, not ${JSON.stringify(text)}`);
}

/** What the record lacks of the full form; all of it again when it lacks nothing. */
function missingRounds(row: LongRow): number {
  if (row.fullRounds === "exhaustive") return Infinity;
  const done = totalOf(runsOf(readRecord(), row.id), "rounds");
  return done < row.fullRounds ? row.fullRounds - done : row.fullRounds;
}

async function runPieces(row: LongRow, wish: Wish): Promise<number> {
  const end = performance.now() + wish.minutes * 60_000;
  let { rounds } = wish;
  let seed = wish.seed ?? nextSeed(readRecord(), row.id);
  let failures = 0;
  do {
    const done = await runPiece(row, wish, rounds, (end - performance.now()) / 60_000, seed);
    failures += done.failures;
    rounds -= done.rounds;
    seed += 1;
    if (row.fullRounds === "exhaustive" || done.rounds === 0) break;
  } while (rounds > 0 && performance.now() < end);
  return failures === 0 ? 0 : 1;
}

async function runPiece(row: LongRow, wish: Wish, rounds: number, minutesLeft: number, seed: number) {
  const log = (line: string): void => console.log(`${row.id} seed ${seed}: ${line}`);
  const whole = row.fullRounds === "exhaustive";
  const limits = whole ? {} : { rounds, minutes: Math.min(PIECE_MINUTES, minutesLeft) };
  const result = await row.run({ seed, log, ...limits });
  log(`${result.rounds} rounds, ${result.failures} failures ${JSON.stringify(result.counts ?? {})}`);
  for (const detail of result.details) log(detail);
  if (wish.record) record(row, { ...result, seed, date: today(), node: process.versions.node });
  return result;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function record(row: LongRow, run: Parameters<typeof withRun>[2]): void {
  const updated = withRun(readRecord(), row, run);
  writeFileSync(RECORD, `${JSON.stringify(updated, null, 2)}\n`);
  writeFileSync(PAGE, renderInto(readFileSync(PAGE, "utf8"), updated));
}
