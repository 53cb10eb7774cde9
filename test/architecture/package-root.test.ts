import { expect } from "chai";
import { reachable, readSourceTree } from "./source-tree.js";

describe("the package root", () => {
  it("reaches no package but lru-cache before something is opened", () => {
    const files = reachable(readSourceTree("src"), "index.ts", ["static"]);
    const packages = files.flatMap(({ imports }) =>
      imports.filter(({ kind, specifier }) => kind === "static" && !/^(\.|node:)/.test(specifier)),
    );
    expect(files.length).to.be.greaterThan(20);
    expect([...new Set(packages.map(({ specifier }) => specifier))]).to.deep.equal(["lru-cache"]);
  });
});
