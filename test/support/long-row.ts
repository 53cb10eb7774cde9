/**
 * The full form of a reliability row (R1 to R17), run by `npm run test:long -- --row R3` and recorded in
 * docs/reliability.json. The short form of the same work stands in a mocha suite beside it.
 */
export interface LongRow {
  /** `R` and a number, with a suffix where a row is proven backend by backend: `R3`, `R9-memory`. */
  readonly id: string;
  /** What one round is and what it would have shown, as the table of docs/reliability.md prints it. */
  readonly title: string;
  /**
   * Runs rounds until `rounds` are done, `minutes` are over, or the row is finished, whichever is first; with neither,
   * the full form. Works in steps of seconds, so that its totals are recorded when the time is over. The same seed
   * repeats the same rounds; two runs with different seeds add up.
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
