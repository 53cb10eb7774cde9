/**
 * The full form of a reliability row (R1 to R17, or a name), run by `npm run test:long -- --row R3` and recorded in
 * docs/reliability.json. The short form of the same work stands in a mocha suite beside it.
 *
 * A row is found by the name of its file: every `test/**\/*.long.ts` exports `rows: readonly LongRow[]`.
 */
export interface LongRow {
  /** `R` and a number, or a word, with a suffix where a row is proven backend by backend: `R3`, `R7-sqlite`. */
  readonly id: string;
  /** What one round is and what it would have shown, as the table of docs/reliability.md prints it. */
  readonly title: string;
  /** Rounds of the full form; `"exhaustive"` when one run is all there is, whatever the seed. */
  readonly fullRounds: number | "exhaustive";
  /**
   * Runs rounds until `rounds` are done, `minutes` are over, or there are no more, whichever is first. Looks at the
   * time at least every few seconds, so that a long run can be recorded piece by piece. The same seed repeats the same
   * rounds; the results of different seeds are added up.
   *
   * @throws when the row could not be run at all; a promise that was broken is a failure in the result.
   */
  run(options: LongRowOptions): Promise<LongRowResult>;
}

export interface LongRowOptions {
  readonly seed: number;
  readonly rounds?: number;
  readonly minutes?: number;
  /** Prints a line of progress. */
  readonly log: (line: string) => void;
}

export interface LongRowResult {
  /** Rounds that ran to their verdict. */
  readonly rounds: number;
  /** Rounds that broke the promise. */
  readonly failures: number;
  /** Totals to keep beside the rounds, added up over runs: `{ "acknowledged writes": 120_000 }`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** One line for each failure, enough to repeat it. */
  readonly details: readonly string[];
}
