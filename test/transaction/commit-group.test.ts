import { expect } from "chai";
import fc from "fast-check";
import type { Write } from "../../src/backends/backend.js";
import { inRange, overlaps, type KeyRange } from "../../src/core/range.js";
import { CommitGroup } from "../../src/transaction/commit-group.js";
import type { CommitRequest } from "../../src/transaction/commit-request.js";
import { requestOf } from "./requests.js";

const NO_DIGEST = { hi: 0, lo: 0 };
const KEYS = ["a", "b", "c", "d", "e"] as const;

const key = fc.constantFrom(...KEYS);
const range: fc.Arbitrary<KeyRange> = fc.oneof(
  fc.tuple(key, key).map(([start, end]) => ({ start, end })),
  key.map((start) => ({ start })),
);
const put = key.map(
  (name): Write => ({ kind: "put", key: name, type: 1, codec: 1, data: "1", expiry: undefined }),
);
const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 5, arbitrary: put },
  { weight: 2, arbitrary: key.map((name): Write => ({ kind: "delete", key: name })) },
  { weight: 1, arbitrary: range.map((dropped): Write => ({ kind: "delete-range", range: dropped })) },
);
const request: fc.Arbitrary<CommitRequest> = fc
  .record({
    namespace: fc.constantFrom("", "n"),
    writes: fc.array(write, { maxLength: 2 }),
    checks: fc.array(
      key.map((name) => ({ key: name, version: null })),
      { maxLength: 2 },
    ),
    ranges: fc.array(
      range.map((seen) => ({ range: seen, count: 0, digest: NO_DIGEST })),
      { maxLength: 1 },
    ),
  })
  .map(requestOf);

/** By definition: whether a write of one touches what a request checks, ranges over or writes. */
function writesInto(one: CommitRequest, other: CommitRequest): boolean {
  if (one.namespace !== other.namespace) return false;
  return one.writes.some(
    (written) =>
      other.checks.some((check) => touches(written, check.key)) ||
      other.ranges.some((check) => touchesRange(written, check.range)) ||
      other.writes.some((second) =>
        second.kind === "delete-range" ? touchesRange(written, second.range) : touches(written, second.key),
      ),
  );
}

function touches(written: Write, name: string): boolean {
  return written.kind === "delete-range" ? inRange(name, written.range) : written.key === name;
}

function touchesRange(written: Write, seen: KeyRange): boolean {
  return written.kind === "delete-range" ? overlaps(written.range, seen) : inRange(written.key, seen);
}

function dependent(one: CommitRequest, other: CommitRequest): boolean {
  return writesInto(one, other) || writesInto(other, one);
}

describe("CommitGroup", () => {
  it("takes exactly those that depend on nobody who was offered before", () => {
    const queue = fc.array(request, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(queue, (offered) => {
        const group = new CommitGroup(100, 1_000_000);
        for (const [i, one] of offered.entries()) {
          const expected = offered.slice(0, i).every((earlier) => !dependent(earlier, one));
          expect(group.offer(one), `number ${i}`).to.equal(expected);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("is full at its number of requests", () => {
    const group = new CommitGroup(2, 1_000_000);
    expect(["a", "b", "c", "d"].map((name) => group.offer(requestOf({ puts: [name] })))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect(group.isFull).to.equal(true);
    expect(group.requests).to.have.length(2);
  });

  it("is full at its bytes, but takes a first one of any size", () => {
    const group = new CommitGroup(100, 10);
    expect(group.offer(requestOf({ puts: ["a"], data: "x".repeat(50) }))).to.equal(true);
    expect(group.offer(requestOf({ puts: ["b"] }))).to.equal(false);
    const small = new CommitGroup(100, 10);
    const sizes = [4, 4, 4, 1];
    const taken = sizes.map((size, i) => small.offer(requestOf({ puts: [`${i}`], data: "x".repeat(size) })));
    expect(taken).to.deep.equal([true, true, false, false]);
  });
});
