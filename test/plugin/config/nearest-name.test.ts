import { expect } from "chai";
import { nearestName } from "../../../src/plugin/config/nearest-name.js";

describe("nearestName", () => {
  const names = ["backend", "cache", "cache_size", "file", "file_path", "storage"];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["cache_sise", "cache_size"],
    ["cachesize", "cache_size"],
    ["flie", "file"],
    ["FILE", "file"],
    ["bakcend", "backend"],
    ["storages", "storage"],
    ["cach", "cache"],
    ["unrelated", undefined],
    ["x", undefined],
    ["", undefined],
    ["encryption", undefined],
  ];
  for (const [name, nearest] of cases) {
    it(`${JSON.stringify(name)} → ${nearest ?? "nothing"}`, () => {
      expect(nearestName(name, names)).to.equal(nearest);
    });
  }

  it("prefers the nearer one, whatever the order", () => {
    expect(nearestName("file_pat", ["file_pats2", "file_path"])).to.equal("file_path");
    expect(nearestName("file_pat", ["file_path", "file_pats2"])).to.equal("file_path");
  });
});
