import fc from "fast-check";
import { missing } from "../support/fixtures.js";
import { anyCommands, withoutTime } from "./model-commands.js";
import { runModel } from "./model-run.js";
import { OTHER_STORE_KINDS, STORE_KINDS } from "./model-subject.js";

const COMMANDS = 100;
/** On each other backend: opening stores takes most of the time. */
const RUNS_EACH = 3;

describe("a store, by commands", function () {
  this.timeout(60_000);

  /** Files are opened and closed in every run, which takes most of its time. */
  const suites = [
    { kinds: STORE_KINDS.filter(({ persistent }) => !persistent), runs: 100 },
    { kinds: STORE_KINDS, runs: 15 },
  ];
  for (const { kinds, runs } of suites) {
    it(`does what a sorted Map does: ${kinds.map(({ name }) => name).join(", ")}`, async () => {
      const property = fc.asyncProperty(anyCommands(COMMANDS), async (commands) => {
        await runModel(kinds, commands);
      });
      await fc.assert(property, { numRuns: runs });
    });
  }

  for (const kind of OTHER_STORE_KINDS) {
    it(`does so on ${kind.name}`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      await store.destroy();
      const property = fc.asyncProperty(anyCommands(COMMANDS), async (commands) => {
        await runModel([kind], kind.time === "real" ? withoutTime(commands) : commands);
      });
      await fc.assert(property, { numRuns: RUNS_EACH });
    });
  }
});
