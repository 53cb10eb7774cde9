import type { VerifyProblem } from "../../backend.js";
import type { DamageFault } from "../damage-fault.js";
import { verifyProblem } from "../verify-problem.js";

/** Beyond these they are only counted: a file of which nothing is left must not fill the memory. */
const MOST_NAMED = 1000;

/** What is wrong with a store that is being salvaged: the first thousand problems, and how many there are. */
export class Losses {
  readonly #named: VerifyProblem[] = [];
  #count = 0;

  add(fault: DamageFault): void {
    this.#count += 1;
    if (this.#count <= MOST_NAMED) this.#named.push(verifyProblem(fault));
  }

  /** Those named, and one that says how many more there are, if any. */
  get problems(): readonly VerifyProblem[] {
    const more = this.#count - this.#named.length;
    if (more === 0) return [...this.#named];
    return [
      ...this.#named,
      { reason: "checksum", message: `${more} more problems are not listed one by one` },
    ];
  }
}
