import { expect } from "chai";
import fc from "fast-check";
import type { ScanPage } from "../../src/backends/backend.js";
import type { StoredEntry } from "../../src/core/entry.js";
import { DigestSum } from "../../src/core/range-digest.js";
import { inRange, type KeyRange } from "../../src/core/range.js";
import { mergeScan } from "../../src/transaction/merge-scan.js";
import { WriteBuffer } from "../../src/transaction/write-buffer.js";

const KEYS = [..."abcdefgh"];

interface Plan {
  readonly stored: readonly string[];
  readonly written: readonly string[];
  readonly deleted: readonly string[];
  readonly reverse: boolean;
  readonly range: KeyRange;
  readonly pageSize: number;
  /** How many entries the caller takes before it leaves. */
  readonly take: number;
}

const some = fc.subarray(KEYS);
const plan: fc.Arbitrary<Plan> = fc.record({
  stored: some,
  written: some,
  deleted: some,
  reverse: fc.boolean(),
  range: fc.constantFrom<KeyRange>(
    { start: "" },
    { start: "c" },
    { start: "b", end: "f" },
    { start: "d", end: "d" },
  ),
  pageSize: fc.integer({ min: 1, max: 4 }),
  take: fc.integer({ min: 0, max: 9 }),
});

function ordered(keys: readonly string[], { reverse, range }: Plan): string[] {
  const sorted = [...keys].sort().filter((key) => inRange(key, range));
  return reverse ? sorted.reverse() : sorted;
}

async function* pagesOf(asked: Plan): AsyncGenerator<ScanPage> {
  const entries = ordered(asked.stored, asked).map(
    (key): StoredEntry => ({ key, version: `v${key}`, type: 1, codec: 1, data: "1", size: 1 }),
  );
  for (let at = 0; at < entries.length; at += asked.pageSize) {
    const page = entries.slice(at, at + asked.pageSize);
    yield { entries: page, count: page.length, now: 0, position: { ordinal: 0, id: "" } };
  }
}

function bufferOf({ written, deleted }: Plan): WriteBuffer {
  const buffer = new WriteBuffer();
  for (const key of written) buffer.put(key, { codec: 1, data: "own" }, undefined);
  for (const key of deleted) buffer.delete(key);
  return buffer;
}

function digestOf(keys: readonly string[]): DigestSum {
  const sum = new DigestSum();
  for (const key of keys) sum.add(key, `v${key}`);
  return sum;
}

async function run(asked: Plan) {
  const seen: string[] = [];
  const sum = new DigestSum();
  const covered: KeyRange[] = [];
  const { range, reverse } = asked;
  const buffer = bufferOf(asked);
  const scan = mergeScan({
    pages: pagesOf(asked),
    buffer,
    range,
    reverse,
    sum,
    covered: (part) => covered.push(part),
  });
  for await (const { key, stored } of scan) {
    seen.push(stored === undefined ? `own ${key}` : key);
    if (seen.length >= asked.take) break;
  }
  return { seen, sum, covered };
}

describe("mergeScan", () => {
  it("gives what a model gives: own writes over what is stored, in order, without the deleted", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (asked) => {
        const live = new Map(asked.stored.map((key) => [key, key]));
        for (const key of asked.written) live.set(key, `own ${key}`);
        for (const key of asked.deleted) live.delete(key);
        const expected = ordered([...live.keys()], asked).map((key) => live.get(key));
        const { seen } = await run(asked);
        expect(seen).to.deep.equal(expected.slice(0, Math.max(1, asked.take)));
      }),
      { numRuns: 1000 },
    );
  });

  it("covers exactly what it passed: the digest of the part it names is the one it summed", async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (asked) => {
        const { seen, sum, covered } = await run(asked);
        expect(covered).to.have.length(1);
        const [part] = covered as [KeyRange];
        const inPart = asked.stored.filter((key) => inRange(key, part) && inRange(key, asked.range));
        expect(sum.digest).to.deep.equal(digestOf(inPart).digest);
        expect(sum.count).to.equal(inPart.length);
        for (const key of seen) expect(inRange(key.replace("own ", ""), part)).to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });
});
