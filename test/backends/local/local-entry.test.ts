import { expect } from "chai";
import fc from "fast-check";
import { isLive, localEntry } from "../../../src/backends/local/local-entry.js";
import { ENTRY_TYPE } from "../../../src/core/entry.js";
import { systemRandom } from "../../../src/core/runtime.js";
import { VersionSource } from "../../../src/core/version.js";

const PLAIN = { key: "a", version: "v1", type: ENTRY_TYPE.value, codec: 1, data: "x" };

describe("localEntry", () => {
  it("gives back any version as it was", () => {
    const odd = [
      "",
      "0",
      "00",
      "7",
      "a0",
      "a01",
      "a007",
      "123456789",
      "1234567890123",
      "x".repeat(24),
      "ä1",
      "1.5",
      "-3",
    ];
    for (const version of odd) expect(localEntry({ ...PLAIN, version }).version).to.equal(version);
    const digits = fc.string({ unit: fc.constantFrom("0", "1", "9", "a", "-"), maxLength: 24 });
    fc.assert(
      fc.property(digits, (version) => localEntry({ ...PLAIN, version }).version === version),
      { numRuns: 2000 },
    );
  });

  it("gives back the versions of several processes, mixed", () => {
    const sources = Array.from({ length: 5 }, () => new VersionSource(systemRandom));
    const versions = Array.from({ length: 1000 }, (_, i) => (sources[i % 5] as VersionSource).next());
    const entries = versions.map((version) => localEntry({ ...PLAIN, version }));
    expect(entries.map(({ version }) => version)).to.deep.equal(versions);
  });

  it("gives back every codec and type", () => {
    for (const type of Object.values(ENTRY_TYPE)) {
      for (const codec of [0, 1, 127, 128, 255]) {
        const entry = localEntry({ ...PLAIN, type, codec });
        expect([entry.type, entry.codec]).to.deep.equal([type, codec]);
      }
    }
  });

  it("has an incarnation and a deadline only when it was given them", () => {
    expect(localEntry(PLAIN)).not.to.have.any.keys("incarnation", "expiresAt");
    expect(localEntry({ ...PLAIN, expiresAt: 5 }))
      .to.include({ expiresAt: 5 })
      .and.not.have.property("incarnation");
    expect(localEntry({ ...PLAIN, incarnation: "i" }))
      .to.include({ incarnation: "i" })
      .and.not.have.property("expiresAt");
    expect(localEntry({ ...PLAIN, incarnation: "i", expiresAt: 5 })).to.include({
      incarnation: "i",
      expiresAt: 5,
    });
  });

  it("counts bytes of UTF-8 and of binary data", () => {
    expect(localEntry({ ...PLAIN, data: "ä€" }).size).to.equal(5);
    expect(localEntry({ ...PLAIN, data: new Uint8Array(7) }).size).to.equal(7);
  });

  it("lives until its deadline", () => {
    expect(isLive(localEntry(PLAIN), Number.MAX_VALUE)).to.equal(true);
    expect(isLive(localEntry({ ...PLAIN, expiresAt: 5 }), 4.999)).to.equal(true);
    expect(isLive(localEntry({ ...PLAIN, expiresAt: 5 }), 5)).to.equal(false);
  });
});
