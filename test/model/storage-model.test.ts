import fc from "fast-check";
import { anyCommands } from "./model-commands.js";
import { runModel } from "./model-run.js";
import { STORE_KINDS } from "./model-subject.js";

const COMMANDS = 100;

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
});
