import { expect } from "chai";
import fc from "fast-check";
import { parseDuration, parseTimeLimit, type Duration } from "../../src/core/duration.js";
import { StorageFault } from "../../src/core/errors.js";

const ACCEPTED: readonly [Duration, number][] = [
  [0, 0],
  [1500, 1500],
  [0.5, 0.5],
  ["0s", 0],
  ["250ms", 250],
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["7d", 604_800_000],
  ["1.5h", 5_400_000],
  ["1d2h3m4s5ms", 93_784_005],
  ["100000000d", 8.64e15],
];

const REFUSED: readonly unknown[] = [
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  8.7e15,
  "100000001d",
  `${"9".repeat(400)}s`,
  "",
  " ",
  "5",
  "s",
  "-5s",
  "5 s",
  " 5s",
  "5s ",
  "5S",
  "1e3ms",
  "1h1h",
  "1m1h",
  "5ms3s",
  ".5s",
  "5.s",
  "1h30",
  "five",
  "Infinitys",
  "5s\n",
  true,
  false,
  null,
  undefined,
  5n,
  {},
  [5],
  Symbol("5s"),
  () => 5,
  new Date(5),
  {
    toString: () => {
      throw new Error("hostile");
    },
  },
  Object.create(null),
];

describe("parseTimeLimit", () => {
  it("takes what is above 0", () => {
    expect([0.5, "1s", "1h30m"].map((limit) => parseTimeLimit("timeout", limit))).to.deep.equal([
      0.5, 1000, 5_400_000,
    ]);
  });

  [...REFUSED, 0, -0, "0s", "0h0m"].forEach((limit, i) => {
    it(`refuses a ${typeof limit} by the name of what it limits, case ${i}`, () => {
      expect(() => parseTimeLimit("timeouts.stop", limit as Duration))
        .to.throw(
          StorageFault,
          /^timeouts\.stop: .* is not a duration above 0; give milliseconds or text such as /,
        )
        .with.property("reason", "invalid-ttl");
    });
  });
});

describe("parseDuration", () => {
  for (const [duration, ms] of ACCEPTED) {
    it(`${JSON.stringify(duration)} is ${ms} ms`, () => {
      expect(parseDuration(duration)).to.equal(ms);
    });
  }

  REFUSED.forEach((duration, i) => {
    it(`refuses a ${typeof duration}, case ${i}`, () => {
      expect(() => parseDuration(duration as Duration))
        .to.throw(StorageFault, "is not a duration")
        .with.property("reason", "invalid-ttl");
    });
  });

  it("adds up the units in any combination", () => {
    const units = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(99), fc.nat(999));
    fc.assert(
      fc.property(units, ([d, h, m, s, ms]) => {
        const total = (((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms;
        expect(parseDuration(`${d}d${h}h${m}m${s}s${ms}ms`)).to.equal(total);
      }),
    );
  });

  it("cuts long text in its message", () => {
    expect(() => parseDuration("x".repeat(10_000)))
      .to.throw(StorageFault)
      .with.property("message")
      .lengthOf.below(250);
  });
});
