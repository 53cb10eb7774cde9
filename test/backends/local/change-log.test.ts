import { expect } from "chai";
import { START } from "../../../src/backends/backend.js";
import { ChangeLog } from "../../../src/backends/local/change-log.js";
import { SEGMENT_COMMITS } from "../../../src/backends/local/change-segment.js";

const LONG = 3_600_000;

function logOf(commits: number, retention = { count: 1_000_000, ageMs: LONG }): ChangeLog {
  const log = new ChangeLog(retention);
  for (let i = 1; i <= commits; i++) {
    log.put(`k${i}`, 1);
    log.finish({ ordinal: i, id: `v${i}` }, i);
  }
  return log;
}

describe("ChangeLog", () => {
  it("keeps its order over many segments", () => {
    const commits = SEGMENT_COMMITS * 3 + 5;
    const result = logOf(commits).read(START, Infinity, commits);
    expect(result.lost).to.equal(false);
    const changes = result.lost ? [] : result.changes;
    expect(changes.map(({ position }) => position.ordinal)).to.deep.equal(changes.map((_, i) => i + 1));
    expect(changes.map(({ previous }) => previous)).to.deep.equal(
      changes.map((_, i) => (i === 0 ? "" : `v${i}`)),
    );
  });

  it("finds its way in from every position, also when segments were dropped", () => {
    const commits = SEGMENT_COMMITS * 3;
    const log = logOf(commits, { count: SEGMENT_COMMITS + 10, ageMs: LONG });
    for (let ordinal = commits - SEGMENT_COMMITS - 10; ordinal < commits; ordinal += 7) {
      const result = log.read({ ordinal, id: `v${ordinal}` }, 1, commits);
      expect(result.lost ? "lost" : result.changes[0]?.position.ordinal).to.equal(ordinal + 1);
    }
    const before = commits - SEGMENT_COMMITS - 11;
    expect(log.read({ ordinal: before, id: `v${before}` }, 1, commits).lost).to.equal(true);
  });

  it("keeps exactly as many commits as it is told to", () => {
    const result = logOf(100, { count: 7, ageMs: LONG }).read(undefined, Infinity, 100);
    expect(result.lost ? "lost" : result.changes.map(({ position }) => position.ordinal)).to.deep.equal([
      94, 95, 96, 97, 98, 99, 100,
    ]);
  });

  it("drops by age when it is read, too", () => {
    const log = logOf(10, { count: 100, ageMs: 5 });
    const result = log.read(undefined, Infinity, 1000);
    expect(result).to.deep.equal({ lost: false, changes: [], position: { ordinal: 10, id: "v10" } });
    expect(log.read({ ordinal: 9, id: "v9" }, 1, 1000).lost).to.equal(true);
  });

  it("bounds huge commits by their writes, but keeps the last one", () => {
    const log = new ChangeLog({ count: 10, ageMs: LONG });
    for (let i = 1; i <= 5; i++) {
      for (let key = 0; key < 100; key++) log.put(`k${key}`, 1);
      log.finish({ ordinal: i, id: `v${i}` }, i);
    }
    const result = log.read(undefined, Infinity, 5);
    expect(result.lost ? "lost" : result.changes.map(({ writes }) => writes.length)).to.deep.equal([100]);
  });

  it("goes on from a position of an earlier life and knows nothing of before", () => {
    const log = new ChangeLog({ count: 10, ageMs: LONG });
    log.restore({ ordinal: 41, id: "old" });
    expect(log.read({ ordinal: 41, id: "old" }, 10, 0).lost).to.equal(false);
    expect(log.read({ ordinal: 40, id: "older" }, 10, 0).lost).to.equal(true);
    log.add({ kind: "delete", key: "ka" });
    log.finish({ ordinal: 42, id: "new" }, 1);
    const result = log.read({ ordinal: 41, id: "old" }, 10, 1);
    expect(result.lost ? "lost" : result.changes.map(({ previous }) => previous)).to.deep.equal(["old"]);
  });
});
