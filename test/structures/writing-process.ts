/**
 * The process that a round ends by kill -9: works on the structures of one namespace, as the task argv[2] says. Writes a
 * line of JSON to stdout before each operation is begun, and one once it knows what it came to.
 */
import { writeSync } from "node:fs";
import { background, openStorage, withConsistency, type StorageSettings } from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import { seededPause } from "../history/seeded-pause.js";
import { isWithoutEffect, makeStep } from "./structure-clients.js";
import { stepsOf } from "./structure-commands.js";
import { nanoseconds, type Operation } from "./structure-history.js";

export interface WritingTask {
  readonly settings: StorageSettings;
  readonly namespace: string;
  readonly seed: number;
}

/** What it says: ready, an operation that is begun, how the operation of that number ended, or that it had no effect. */
export type Said =
  | { readonly ready: true }
  | { readonly begun: number; readonly operation: Operation }
  | { readonly ended: number; readonly at: number; readonly outcomes: Operation["outcomes"] }
  | { readonly refused: number };

const CLIENTS = 4;
/** More than any of them makes before it is killed. */
const STEPS = 300;

const { settings, namespace, seed } = JSON.parse(process.argv[2] as string) as WritingTask;
const say = (said: Said) => writeSync(1, `${JSON.stringify(said)}\n`);
const ctx = withConsistency(background(), "strong");
let count = 0;

const store = await openStorage(settings);
const storage = store.namespace(namespace);
const plans = Array.from({ length: CLIENTS }, (_, i) => stepsOf(seed * 31 + i, STEPS));
say({ ready: true });
await Promise.all(
  plans.map(async (steps, i) => {
    const random = new SeededRandom(seed * 31 + i);
    for (const step of steps) {
      await seededPause(random);
      const number = count++;
      say({
        begun: number,
        operation: { client: `killed ${i}`, ...step, begun: nanoseconds(), ended: Infinity },
      });
      try {
        const outcomes = await makeStep(storage, ctx, step);
        say({ ended: number, at: nanoseconds(), outcomes });
      } catch (error) {
        if (!isWithoutEffect(error)) throw error;
        say({ refused: number });
      }
    }
  }),
);
