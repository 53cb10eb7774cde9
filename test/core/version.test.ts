import { expect } from "chai";
import { systemRandom } from "../../src/core/runtime.js";
import { VersionSource } from "../../src/core/version.js";

describe("VersionSource", () => {
  it("mints ids that differ within and between processes", () => {
    const sources = Array.from({ length: 20 }, () => new VersionSource(systemRandom));
    const versions = sources.flatMap((source) => Array.from({ length: 500 }, () => source.next()));
    expect(new Set(versions).size).to.equal(10_000);
  });

  it("keeps to 24 characters of ASCII for 10^13 ids", () => {
    const first = new VersionSource(systemRandom).next();
    expect(first).to.match(/^[\w-]{11}1$/);
  });

  it("takes its prefix from the random source it is given", () => {
    const source = new VersionSource({ bytes: (length) => new Uint8Array(length), uniform: () => 0 });
    expect([source.next(), source.next()]).to.deep.equal(["AAAAAAAAAAA1", "AAAAAAAAAAA2"]);
  });
});
