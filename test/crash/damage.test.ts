import { expect } from "chai";
import { sampleJournal, tryFlips, tryTruncations } from "./damaged-journal.js";
import {
  sampleSnapshot,
  tryCompressedFlips,
  trySnapshotFlips,
  trySnapshotTruncations,
} from "./damaged-snapshot.js";
import { tryTornWrites } from "./torn-writes.js";

const SEED = 1;

describe("damaged files", () => {
  it("every truncation of a journal leaves exactly the frames that are whole", () => {
    expect(tryTruncations(sampleJournal(48 * 1024, 4096, SEED)).failures).to.deep.equal([]);
  });

  it("a group of commits of which sectors are lost is dropped whole, and not taken for damage", () => {
    expect(tryTornWrites(SEED, 500)).to.deep.equal([]);
  });

  it("every flipped bit of a journal is reported where it is", () => {
    const totals = tryFlips(sampleJournal(24 * 1024, 0, SEED));
    expect(totals.failures).to.deep.equal([]);
    expect(totals.harmless).to.equal(0);
  });

  it("every flipped bit of a preallocated journal is reported, or dropped without a loss", () => {
    const totals = tryFlips(sampleJournal(8 * 1024, 4096, SEED));
    expect(totals.failures).to.deep.equal([]);
    expect(totals.harmless).to.be.below(100);
  });

  it("every flipped bit of a snapshot is reported", async () => {
    expect((await trySnapshotFlips(sampleSnapshot(4096, SEED))).failures).to.deep.equal([]);
  });

  it("every truncation of a snapshot is reported", async () => {
    expect((await trySnapshotTruncations(sampleSnapshot(16 * 1024, SEED))).failures).to.deep.equal([]);
  });

  it("every flipped bit of a compressed snapshot is reported, or means nothing", async () => {
    const totals = await tryCompressedFlips(sampleSnapshot(2048, SEED));
    expect(totals.failures).to.deep.equal([]);
    expect(totals.harmless).to.be.below(8);
  });
});
