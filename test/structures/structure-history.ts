import { inspect, isDeepStrictEqual } from "node:util";
import { onModel, type Outcome } from "./structure-calls.js";
import type { Call, Step } from "./structure-commands.js";
import type { StructureModel } from "./structure-model.js";

/** What a client did, and what it was told. */
export interface Operation extends Step {
  readonly client: string;
  /** Nanoseconds on the machine's monotonic clock, the same for all of its processes. */
  readonly begun: number;
  /** Infinity: nobody was told, and it may have had its effect at any time since, or none. */
  readonly ended: number;
  /** Of each call; undefined when nobody was told. */
  readonly outcomes?: readonly Outcome[];
}

/** Nanoseconds now, as {@link Operation} has them. */
export function nanoseconds(): number {
  return Number(process.hrtime.bigint());
}

/** Orders that are tried before a history counts as too entangled to be judged. */
const MOST_TRIED = 200_000;

/**
 * Whether a history is linearizable: whether there is one order of its operations, each whole and between its begin and
 * its end, in which plain arrays, Maps and numbers give the same outcomes and end in the state that was found. What
 * nobody was told of may be in it or not. After Wing and Gong, with a memory of what was tried.
 *
 * @param found the text of the state after all that is told of.
 * @returns undefined when there is such an order, or else the history, to be read.
 * @throws Error when it cannot be judged.
 */
export function whyNotLinearizable(
  history: readonly Operation[],
  initial: StructureModel,
  found: string,
): string | undefined {
  return new Search(history, found).hasOrder(initial) ? undefined : shown(history, initial, found);
}

/** Where an order has got to: what is in it, and what it has led to. */
interface Place {
  /** Told operations before this one are all in it. */
  readonly low: number;
  /** Told operations from `low` on that are in it, ascending. */
  readonly ahead: readonly number[];
  /** Untold operations that are in it, ascending. */
  readonly untold: readonly number[];
  readonly model: StructureModel;
}

class Search {
  readonly #told: readonly Operation[];
  readonly #untold: readonly Operation[];
  readonly #found: string;
  readonly #tried = new Set<string>();

  constructor(history: readonly Operation[], found: string) {
    const ordered = [...history].sort((a, b) => a.begun - b.begun);
    this.#told = ordered.filter(({ outcomes }) => outcomes !== undefined);
    this.#untold = ordered.filter(({ outcomes }) => outcomes === undefined);
    this.#found = found;
  }

  hasOrder(initial: StructureModel): boolean {
    const waiting: Place[] = [{ low: 0, ahead: [], untold: [], model: initial }];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const state = place.model.text;
      if (place.low === this.#told.length && state === this.#found) return true;
      if (this.#isKnown(place, state)) continue;
      // What is told of is tried first: most histories need nothing else.
      waiting.push(...this.#afterUntold(place, state), ...this.#afterTold(place));
    }
    return false;
  }

  #isKnown({ low, ahead, untold }: Place, state: string): boolean {
    const text = `${low}|${ahead.join()}|${untold.join()}|${state}`;
    if (this.#tried.has(text)) return true;
    if (this.#tried.size >= MOST_TRIED)
      throw new Error("too many of the operations ran at once to judge them");
    this.#tried.add(text);
    return false;
  }

  #afterTold(place: Place): Place[] {
    return this.#nextTold(place).flatMap((nth) => {
      const operation = this.#told[nth] as Operation;
      const model = place.model.copy();
      const outcomes = operation.calls.map((call) => onModel(model, call));
      return isDeepStrictEqual(outcomes, operation.outcomes) ? [this.#with(place, nth, model)] : [];
    });
  }

  /** Those that may be next: none of the others had ended before they began. */
  #nextTold({ low, ahead }: Place): number[] {
    const next: number[] = [];
    let firstEnd = Infinity;
    for (let nth = low; nth < this.#told.length; nth++) {
      if (ahead.includes(nth)) continue;
      const { begun, ended } = this.#told[nth] as Operation;
      if (begun > firstEnd) break;
      next.push(nth);
      firstEnd = Math.min(firstEnd, ended);
    }
    // Their ends were not all known on the way.
    return next.filter((nth) => (this.#told[nth] as Operation).begun <= firstEnd).reverse();
  }

  #with({ low, ahead, untold }: Place, nth: number, model: StructureModel): Place {
    const done = [...ahead, nth].sort((a, b) => a - b);
    let first = low;
    while (done[0] === first) {
      done.shift();
      first += 1;
    }
    return { low: first, ahead: done, untold, model };
  }

  #afterUntold(place: Place, state: string): Place[] {
    const firstEnd = this.#firstEnd(place);
    return this.#untold.flatMap(({ begun, calls }, nth) => {
      if (begun > firstEnd || place.untold.includes(nth)) return [];
      const model = place.model.copy();
      for (const call of calls) onModel(model, call);
      // One that changes nothing need not be in the order.
      if (model.text === state) return [];
      return [{ ...place, untold: [...place.untold, nth].sort((a, b) => a - b), model }];
    });
  }

  #firstEnd({ low, ahead }: Place): number {
    let firstEnd = Infinity;
    for (let nth = low; nth < this.#told.length; nth++) {
      const { begun, ended } = this.#told[nth] as Operation;
      if (begun > firstEnd) break;
      if (!ahead.includes(nth)) firstEnd = Math.min(firstEnd, ended);
    }
    return firstEnd;
  }
}

function shown(history: readonly Operation[], initial: StructureModel, found: string): string {
  const ordered = [...history].sort((a, b) => a.begun - b.begun);
  const start = ordered[0]?.begun ?? 0;
  const microseconds = (time: number) =>
    time === Infinity ? "?" : String(Math.round((time - start) / 1000));
  const line = ({ client, begun, ended, calls, outcomes }: Operation) =>
    `${client} ${microseconds(begun)}–${microseconds(ended)} µs: ${calls.map(callText).join("; ")} → ${outcomeText(outcomes)}`;
  return [
    "no order of these operations explains what they came to",
    `at first ${initial.text}`,
    ...ordered.map(line),
    `in the end ${found}`,
  ].join("\n");
}

function callText({ verb, ...rest }: Call): string {
  return `${verb} ${inspect(rest, { breakLength: Infinity, depth: 5 })}`;
}

function outcomeText(outcomes: readonly Outcome[] | undefined): string {
  return outcomes === undefined ? "nobody was told" : inspect(outcomes, { breakLength: Infinity, depth: 6 });
}
