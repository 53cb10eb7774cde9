import type { LongRow } from "../support/long-row.js";
import { tryIoFaults } from "./io-faults.js";
import { PLAIN } from "./simulated-store.js";

function rowOf(backend: "file" | "directory"): LongRow {
  return {
    id: `R4-${backend}`,
    title: "one operation of the file system failing in one way, once or for good",
    fullRounds: 100_000,
    async run({ seed, rounds = Infinity, minutes = Infinity, log }) {
      const until = performance.now() + minutes * 60_000;
      const result = { rounds: 0, failures: 0, details: [] as string[], counts: { "refused calls": 0 } };
      for (
        let page = 0;
        result.rounds < rounds && performance.now() < until && result.failures === 0;
        page++
      ) {
        const totals = await tryIoFaults(seed * 1000 + page, { form: { ...PLAIN, backend } });
        result.rounds += totals.rounds;
        result.counts["refused calls"] += totals.refused;
        result.failures += totals.failures.length;
        result.details.push(...totals.failures.slice(0, 10));
        log(`${result.rounds} rounds`);
      }
      return result;
    },
  };
}

export const rows: readonly LongRow[] = [rowOf("file"), rowOf("directory")];
