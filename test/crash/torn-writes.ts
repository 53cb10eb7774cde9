import { encodeFrame } from "../../src/backends/file/journal-frame.js";
import { encodeCommits } from "../../src/backends/file/journal-record.js";
import { replay, type ReplayPoint } from "../../src/backends/file/journal-replay.js";
import type { LocalCommit } from "../../src/backends/local/local-commit.js";
import { FILE, HEADER, sampleCommit, sampleJournal, SEED } from "./damaged-journal.js";
import { SeededRandom } from "./seeded-random.js";

const SECTOR_BYTES = 512;
const TAIL_BYTES = 16 * 1024;

/** What a group of commits is written as, by one write; `sequence` is the number of its first frame. */
export type EncodeGroup = (sequence: number, commits: readonly LocalCommit[]) => Buffer;

/** As the journal does it. */
const inOneFrame: EncodeGroup = (sequence, commits) => encodeFrame(encodeCommits(sequence, commits), SEED);

/**
 * Writes a group of commits at the end of a journal, of which any sectors do not reach the disk. The journal must then be
 * read to its end, with all commits of the group or none: the power was cut, and nothing is damaged.
 *
 * @returns what was not as it should be.
 */
export function tryTornWrites(seed: number, rounds: number, encode = inOneFrame): readonly string[] {
  const random = new SeededRandom(seed);
  const failures: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { bytes, points } = sampleJournal(1024 + random.below(1024), TAIL_BYTES, random.below(1e9));
    const last = points.at(-1) as ReplayPoint;
    const commits = Array.from({ length: 2 + random.below(6) }, (_, i) =>
      sampleCommit(last.sequence + 1 + i, random),
    );
    const group = encode(last.sequence + 1, commits);
    tear(bytes, last.offset, group, random);
    const found = commitsAfter(bytes, last);
    const isWhole = bytes.subarray(last.offset, last.offset + group.length).equals(group);
    if (found !== (isWhole ? commits.length : 0)) failures.push(`round ${round}: ${found}`);
  }
  return failures;
}

/** Puts those parts of a write in place whose sectors reach the disk. */
function tear(bytes: Buffer, offset: number, written: Buffer, random: SeededRandom): void {
  for (let from = offset; from < offset + written.length; ) {
    const to = Math.min(offset + written.length, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (random.chance(0.7)) written.copy(bytes, from, from - offset, to - offset);
    from = to;
  }
}

function commitsAfter(bytes: Buffer, point: ReplayPoint): number | string {
  try {
    return [...replay(bytes, FILE, HEADER, point)].reduce((sum, { commits }) => sum + commits.length, 0);
  } catch (error) {
    return String(error);
  }
}
