import fc from "fast-check";
import { anyCommands } from "./model-commands.js";
import { runModel } from "./model-run.js";
import { STORE_KINDS } from "./model-subject.js";

const RUNS = 60;
const COMMANDS = 100;

describe("a store, by commands", function () {
  this.timeout(60_000);

  it(`does what a sorted Map does: ${STORE_KINDS.map(({ name }) => name).join(", ")}`, async () => {
    await fc.assert(
      fc.asyncProperty(anyCommands(COMMANDS), async (commands) => {
        await runModel(STORE_KINDS, commands);
      }),
      { numRuns: RUNS },
    );
  });
});
