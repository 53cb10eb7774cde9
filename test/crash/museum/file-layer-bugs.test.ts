import { expect } from "chai";
import { tryCrashStates, type Wrap } from "../crash-states.js";
import { tryIoFaults } from "../io-faults.js";
import { tryStoreFlips } from "../store-flips.js";
import { FILE_LAYER_BUGS } from "./file-layer-bugs.js";

type Proof = (wrap: Wrap) => Promise<readonly string[]>;

/** Each of the bugs was found within 100 states; without one, all are tried. */
const powerCuts: Proof = async (wrap) =>
  (await tryCrashStates({ seed: 1, states: 500, maxFailures: 1, wrap })).failures;
const flips: Proof = (wrap) => tryStoreFlips(3, 100, wrap);

const PROOFS = {
  "power cuts": powerCuts,
  "failing operations": async (wrap) => (await tryIoFaults(2, { wrap, maxFailures: 1 })).failures,
  "flipped bits": flips,
} as const satisfies Readonly<Record<string, Proof>>;

const FOUND_BY: Readonly<Record<keyof typeof FILE_LAYER_BUGS, keyof typeof PROOFS>> = {
  "never syncs a file": "power cuts",
  "never syncs a folder": "power cuts",
  "acknowledges before the sync": "power cuts",
  "takes a short write for a whole one": "failing operations",
  "syncs again after a failed sync": "failing operations",
  "believes that a replaced file is whole": "failing operations",
  "replaces the snapshot in place": "power cuts",
  "does not cut off half a frame": "failing operations",
  "drops a last frame whose newline is damaged": "flipped bits",
  "reads a missing snapshot as an empty store": "flipped bits",
};

describe("bug museum: the file layer", () => {
  for (const [name, wrap] of Object.entries(FILE_LAYER_BUGS)) {
    const proof = FOUND_BY[name as keyof typeof FILE_LAYER_BUGS];
    it(`${proof} find a file layer that ${name}`, async () => {
      expect(await PROOFS[proof](wrap)).not.to.be.empty;
    });
  }

  it("without a bug nothing is reported", async () => {
    expect(await powerCuts((fs) => fs)).to.be.empty;
    expect(await flips((fs) => fs)).to.be.empty;
  });
});
