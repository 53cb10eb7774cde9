import type { LongRow } from "../support/long-row.js";
import { tryCrashStates } from "./crash-states.js";
import { PLAIN, type StoreForm } from "./simulated-store.js";

const PAGE_STATES = 2000;

/** Sizes at which frames meet sectors, parts and compactions in other ways. */
const FORMS: readonly StoreForm[] = [
  PLAIN,
  { ...PLAIN, sizes: { segmentBytes: 0, partBytes: 2048, compactBytes: 1024 } },
  { ...PLAIN, backupCount: 0, sizes: { segmentBytes: 512, partBytes: 1024, compactBytes: 16_384 } },
  { ...PLAIN, durability: "process" },
  { ...PLAIN, durability: "interval" },
];

const title =
  "a power cut on a simulated disk at any operation, half of them while recovering from another one";

function rowOf(backend: "file" | "directory", forms: readonly StoreForm[]): LongRow {
  return {
    id: `R3-${backend}`,
    title,
    fullRounds: 1_000_000,
    async run({ seed, rounds = Infinity, minutes = Infinity, log }) {
      const until = performance.now() + minutes * 60_000;
      const result = { rounds: 0, failures: 0, details: [] as string[], counts: { "second crashes": 0 } };
      for (
        let page = 0;
        result.rounds < rounds && performance.now() < until && result.failures === 0;
        page++
      ) {
        const form = forms[page % forms.length] as StoreForm;
        const states = Math.min(PAGE_STATES, rounds - result.rounds);
        const totals = await tryCrashStates({ seed: seed * 10_000 + page, states, form, until });
        result.rounds += totals.states;
        result.counts["second crashes"] += totals.secondCrashes;
        result.failures += totals.failures.length;
        result.details.push(...totals.failures);
        if (page % 10 === 0) log(`${result.rounds} states`);
      }
      return result;
    },
  };
}

export const rows: readonly LongRow[] = [
  rowOf("file", FORMS),
  rowOf(
    "directory",
    FORMS.map((form) => ({ ...form, backend: "directory" })),
  ),
];
