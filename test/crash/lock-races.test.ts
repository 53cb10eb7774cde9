import { expect } from "chai";
import { tryRaces } from "./lock-races.js";

const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);

describe(`races for a stale lock, seed ${SEED} (HOLDFAST_SEED)`, () => {
  it("one of 8 processes becomes the owner, never two", async () => {
    const totals = await tryRaces({ seed: SEED, rounds: 30, racers: 8 });
    expect(totals.failures).to.deep.equal([]);
  }).timeout(120_000);

  it("one of 8 processes opens a directory, the others are told that it is locked", async () => {
    const totals = await tryRaces({ seed: SEED, rounds: 5, racers: 8, prize: "directory" });
    expect(totals.failures).to.deep.equal([]);
  }).timeout(120_000);
});
