import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../architecture/source-tree.js";
import { ensureBuilt } from "../support/built-package.js";
import { brokenLinks, codeBlocks, markdownFiles, readMarkdown } from "./markdown.js";

const DOCUMENTS = markdownFiles();
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

describe("documents", () => {
  it("are there", () => {
    const expected = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];
    expect(DOCUMENTS).to.include.members([
      ...expected,
      "docs/README.md",
      "docs/errors.md",
      "docs/backends.md",
    ]);
  });

  for (const path of DOCUMENTS) {
    it(`link to what is there: ${path}`, () => {
      expect(brokenLinks(path, readMarkdown(path))).to.deep.equal([]);
    });
  }

  it("announce this version or the next in the changelog", () => {
    expect(readMarkdown("CHANGELOG.md")).to.match(/^## \[(Unreleased|0\.1\.0)\]/m);
  });
});

describe("brokenLinks", () => {
  it("finds a missing file and a missing heading, and leaves alone what is right, foreign or code", () => {
    const text = "# A b\n[a](gone.md) [b](README.md#no) [c](#a-b) [d](https://x.y) `[e](f.md)`\n";
    expect(brokenLinks("README.md", text)).to.deep.equal(["gone.md", "README.md#no"]);
  });
});

/** Blocks of these languages are programs; a fragment is marked `ts fragment`. */
const RUNNABLE = new Set(["ts", "js"]);

describe("code in documents", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    ensureBuilt();
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    folder = mkdtempSync(join(ROOT, ".cache/docs-"));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const programs = DOCUMENTS.flatMap((path) => {
    const blocks = codeBlocks(readMarkdown(path)).filter(({ language }) => RUNNABLE.has(language));
    return blocks.map(({ code }, index) => ({ path, code, number: index + 1 }));
  });

  it("is there", () => {
    expect(programs.map(({ path }) => path)).to.include.members(["README.md", "docs/errors.md"]);
  });

  for (const { path, code, number } of programs) {
    it(`runs and prints what its comments say: block ${number} of ${path}`, () => {
      expect(printed(code)).to.deep.equal(promised(code));
    });

    it(`has right types: block ${number} of ${path}`, () => {
      expect(typeErrors(code)).to.equal("");
    });
  }

  /** Runs a block in an empty folder from which the package is found by its own name. */
  function printed(code: string): string[] {
    const work = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
    const file = join(folder, "block.ts");
    writeFileSync(file, code);
    try {
      const args = ["--import", TSX, file];
      return execFileSync(process.execPath, args, { cwd: work, encoding: "utf8" }).trimEnd().split("\n");
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  function typeErrors(code: string): string {
    writeFileSync(join(folder, "block.ts"), code);
    const config = { extends: "../../tsconfig.json", include: ["block.ts", "../../src/**/*.d.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder];
    try {
      return execFileSync(process.execPath, tsc, { encoding: "utf8" });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }
});

/** The lines that a block promises to print: what follows `// → `, wherever it stands. */
function promised(code: string): string[] {
  const lines = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line = ""]) => line);
  return lines.length > 0 ? lines : [""];
}
