import { expect } from "chai";
import { parseSize, type ByteSize } from "../../src/core/size.js";

describe("parseSize", () => {
  const accepted: readonly [ByteSize, number][] = [
    [0, 0],
    [512, 512],
    ["512", 512],
    ["512B", 512],
    ["64KiB", 65_536],
    ["64 KiB", 65_536],
    ["64MiB", 67_108_864],
    ["1GiB", 1_073_741_824],
    ["10MB", 10_000_000],
    ["1.5KiB", 1536],
  ];
  for (const [size, bytes] of accepted) {
    it(`${JSON.stringify(size)} is ${bytes} bytes`, () => {
      expect(parseSize(size)).to.equal(bytes);
    });
  }

  const refused: readonly unknown[] = [
    -1,
    1.5,
    Number.NaN,
    Infinity,
    2 ** 53,
    "",
    "KiB",
    "1.5",
    "-1B",
    "1kb",
    "1Ki",
    "1TiB",
    "1 0",
    "64MiBs",
    " 1",
    "9".repeat(400),
    null,
    undefined,
    true,
    5n,
    {},
  ];
  refused.forEach((size, i) => {
    it(`refuses a ${typeof size}, case ${i}`, () => {
      expect(parseSize(size as ByteSize)).to.equal(undefined);
    });
  });
});
