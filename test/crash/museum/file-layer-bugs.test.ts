import { expect } from "chai";
import { tryCrashStates, type Wrap } from "../crash-states.js";
import { tryIoFaults } from "../io-faults.js";
import { tryStoreFlips } from "../store-flips.js";
import { FILE_LAYER_BUGS } from "./file-layer-bugs.js";

type Proof = (wrap: Wrap) => Promise<readonly string[]>;

/** Each of the bugs was found within 100 states; without one, all are tried. */
const powerCuts: Proof = async (wrap) =>
  (await tryCrashStates({ seed: 1, states: 500, maxFailures: 1, wrap })).failures;
const ioFaults: Proof = async (wrap) => (await tryIoFaults(2, { wrap, maxFailures: 1 })).failures;
const flips: Proof = (wrap) => tryStoreFlips(3, 100, wrap);

const CAUGHT_BY: Readonly<Record<keyof typeof FILE_LAYER_BUGS, Proof>> = {
  "never syncs a file": powerCuts,
  "never syncs a folder": powerCuts,
  "acknowledges before the sync": powerCuts,
  "takes a short write for a whole one": ioFaults,
  "syncs again after a failed sync": ioFaults,
  "believes that a replaced file is whole": ioFaults,
  "replaces the snapshot in place": powerCuts,
  "does not cut off half a frame": ioFaults,
  "drops a last frame whose newline is damaged": flips,
  "reads a missing snapshot as an empty store": flips,
};

describe("bug museum: the file layer", () => {
  for (const [name, wrap] of Object.entries(FILE_LAYER_BUGS)) {
    it(`one that ${name} is caught`, async () => {
      const proof = CAUGHT_BY[name as keyof typeof FILE_LAYER_BUGS];
      expect(await proof(wrap)).not.to.be.empty;
    });
  }

  it("without a bug nothing is reported", async () => {
    expect(await powerCuts((fs) => fs)).to.be.empty;
    expect(await flips((fs) => fs)).to.be.empty;
  });
});
