import { expect } from "chai";
import { encodeFrame } from "../../../src/backends/file/journal-frame.js";
import { encodeCommits } from "../../../src/backends/file/journal-record.js";
import { SEED } from "../damaged-journal.js";
import { tryTornWrites, type EncodeGroup } from "../torn-writes.js";

/** A checksum, and a line, for each commit of a group. */
const inFrames: EncodeGroup = (sequence, commits) =>
  Buffer.concat(commits.map((commit, i) => encodeFrame(encodeCommits(sequence + i, [commit]), SEED)));

describe("bug museum: the journal", () => {
  it("torn writes find a journal with a checksum for each commit", () => {
    expect(tryTornWrites(1, 200, inFrames).join()).to.include("a frame does not match its checksum");
  });
});
