import type { LongRow, LongRowOptions, LongRowResult } from "../../support/long-row.js";
import { STORES } from "../../support/stores.js";
import { tryBackups } from "./backup-rounds.js";

/** Backups of one store, before the next kind is taken. */
const BACKUPS = 10;

async function run({
  seed,
  rounds = Infinity,
  minutes = Infinity,
  log,
}: LongRowOptions): Promise<LongRowResult> {
  const until = performance.now() + minutes * 60_000;
  const counts: Record<string, number> = {};
  const details: string[] = [];
  const add = (name: string, count: number) => (counts[name] = (counts[name] ?? 0) + count);
  let done = 0;
  for (let turn = 0; done < rounds && performance.now() < until; turn++) {
    const kind = STORES[(seed + turn) % STORES.length] as (typeof STORES)[number];
    const wanted = Math.min(BACKUPS, rounds - done);
    const totals = await tryBackups(kind, { seed: seed * 1000 + turn, rounds: wanted, until });
    if (totals === undefined) throw new Error(`${kind.needs ?? kind.name} is missing`);
    done += totals.rounds;
    details.push(...totals.failures);
    add("commits meanwhile", totals.commits);
    for (const [source, count] of Object.entries(totals.sources)) add(`namespaces by ${source}`, count);
    add(`backups of ${kind.name}`, totals.rounds);
    log(`${done} backups, the last of ${kind.name}`);
  }
  return { rounds: done, failures: details.length, counts, details };
}

export const rows: readonly LongRow[] = [
  {
    id: "R16",
    title:
      "a backup, full or incremental, of a store of any kind under six writers, and its restore: every namespace is exactly one of its commits",
    fullRounds: 1000,
    run,
  },
];
