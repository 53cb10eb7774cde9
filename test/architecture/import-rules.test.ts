import { expect } from "chai";
import { importCycle, violations } from "./import-rules.js";
import { readSourceTree, sourceTree } from "./source-tree.js";

describe("imports", () => {
  const src = readSourceTree("src");

  it("keep to the rules of their folders", () => {
    expect(src.size).to.be.greaterThan(50);
    expect(violations(src)).to.deep.equal([]);
  });

  it("have no cycles", () => {
    expect(importCycle(src)).to.equal(undefined);
  });
});

describe("violations", () => {
  const cases: readonly (readonly [name: string, path: string, code: string])[] = [
    ["I/O in core", "core/a.ts", 'import { readFileSync } from "node:fs";'],
    ["a package in core", "core/a.ts", 'import { LRUCache } from "lru-cache";'],
    [
      "core naming a backend, even a type of it",
      "core/a.ts",
      'import type { B } from "../backends/backend.js";',
    ],
    ["a transaction naming a backend", "transaction/a.ts", 'import { M } from "../backends/memory/m.js";'],
    ["a backend naming another one", "backends/file/a.ts", 'import { M } from "../memory/m.js";'],
    ["the container outside di.ts", "plugin/a.ts", 'import { container } from "tsyringe";'],
    ["the container loaded late", "plugin/a.ts", 'const di = await import("tsyringe");'],
    ["the layers outside stack.ts", "plugin/a.ts", 'import { EntryCache } from "../cache/entry-cache.js";'],
    ["a backend past the registry", "plugin/a.ts", 'import { M } from "../backends/memory/m.js";'],
    ["the parser of command lines below them", "plugin/a.ts", 'import { Command } from "commander";'],
    ["the command line naming a backend", "cli/a.ts", 'import { M } from "../backends/memory/m.js";'],
    ["a layer naming the command line", "plugin/a.ts", 'import { m } from "../cli/main.js";'],
    ["a file that is not there", "core/a.ts", 'import { gone } from "./gone.js";'],
    ["a folder without a rule", "elsewhere/a.ts", ""],
  ];
  const around: readonly (readonly [string, string])[] = [
    ["backends/backend.ts", ""],
    ["backends/memory/m.ts", ""],
    ["cache/entry-cache.ts", ""],
    ["cli/main.ts", ""],
  ];
  for (const [name, path, code] of cases) {
    it(`finds ${name}`, () => {
      expect(violations(sourceTree(new Map([...around, [path, code]])))).to.have.length(1);
    });
  }

  it("lets stack.ts load the layers and di.ts the container", () => {
    const stack = ["plugin/stack.ts", 'import { EntryCache } from "../cache/entry-cache.js";'] as const;
    const di = ["plugin/di.ts", 'import "reflect-metadata";\nimport { container } from "tsyringe";'] as const;
    expect(violations(sourceTree(new Map([...around, stack, di])))).to.deep.equal([]);
  });
});

describe("importCycle", () => {
  it("finds a cycle over three files and names it", () => {
    const tree = sourceTree(
      new Map([
        ["a.ts", 'import { b } from "./b.js";'],
        ["b.ts", 'import { c } from "./c.js";'],
        ["c.ts", 'import type { B } from "./b.js";'],
      ]),
    );
    expect(importCycle(tree)).to.deep.equal(["b.ts", "c.ts", "b.ts"]);
  });

  it("finds none where two ways lead to one file", () => {
    const tree = sourceTree(
      new Map([
        ["a.ts", 'import "./b.js";\nimport "./c.js";'],
        ["b.ts", 'import "./c.js";'],
        ["c.ts", ""],
      ]),
    );
    expect(importCycle(tree)).to.equal(undefined);
  });
});
