import { expect } from "chai";
import fc from "fast-check";
import { DigestSum, hashEntry, type Digest } from "../../src/core/range-digest.js";

type Pair = readonly [key: string, version: string];

function digestOf(pairs: readonly Pair[]): Digest {
  const sum = new DigestSum();
  for (const [key, version] of pairs) sum.add(key, version);
  expect(sum.count).to.equal(pairs.length);
  return sum.digest;
}

const pairs: fc.Arbitrary<Pair[]> = fc.array(fc.tuple(fc.string(), fc.string()));

describe("DigestSum", () => {
  it("does not depend on the order of addition", () => {
    fc.assert(
      fc.property(pairs, fc.nat(), (list, turn) => {
        const at = list.length === 0 ? 0 : turn % list.length;
        const rotated = [...list.slice(at), ...list.slice(0, at)].toReversed();
        expect(digestOf(rotated)).to.deep.equal(digestOf(list));
      }),
    );
  });

  it("is the sum of the hashes modulo 2^64", () => {
    const word = new Uint32Array(2);
    fc.assert(
      fc.property(pairs, (list) => {
        let expected = 0n;
        for (const [key, version] of list) {
          hashEntry(key, version, word);
          expected += (BigInt(word[0] as number) << 32n) | BigInt(word[1] as number);
        }
        const { hi, lo } = digestOf(list);
        expect((BigInt(hi) << 32n) | BigInt(lo)).to.equal(BigInt.asUintN(64, expected));
      }),
    );
  });

  it("carries from the lower half and wraps at the top", () => {
    const sum = new DigestSum((_key, _version, out) => {
      out[0] = 0xffffffff;
      out[1] = 0xffffffff;
    });
    sum.add("a", "1");
    sum.add("b", "1");
    expect(sum.digest).to.deep.equal({ hi: 0xffffffff, lo: 0xfffffffe });
  });

  it("changes with every key, version and split between them", () => {
    const seen = new Set<string>();
    const add = (pair: Pair): void => {
      const { hi, lo } = digestOf([pair]);
      seen.add(`${hi}:${lo}`);
    };
    for (let i = 0; i < 50_000; i++) {
      add([`user:${i}`, "AAAAAAAAAAA1"]);
      add(["user", `AAAAAAAAAAA${i}`]);
    }
    add(["ab", "c"]);
    add(["a", "bc"]);
    expect(seen.size).to.equal(100_002);
  });
});
