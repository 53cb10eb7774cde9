import { expect } from "chai";
import { buildSync } from "esbuild";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../architecture/source-tree.js";
import { ensureBuilt } from "../support/built-package.js";
import { brokenLinks, codeBlocks, markdownFiles, readMarkdown } from "./markdown.js";

const DOCUMENTS = markdownFiles();

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
  /** What the compiler says of all blocks, looked at together: most of its time is for what they import. */
  let typeErrors: readonly string[];

  const programs = DOCUMENTS.flatMap((path) => {
    const blocks = codeBlocks(readMarkdown(path)).filter(({ language }) => RUNNABLE.has(language));
    return blocks.map(({ code }, index) => ({ path, code, number: index + 1 }));
  });
  const blocks = programs.map((program, index) => ({ ...program, name: `block-${index + 1}` }));

  before(() => {
    ensureBuilt();
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    folder = mkdtempSync(join(ROOT, ".cache/docs-"));
    const config = { extends: "../../tsconfig.json", include: ["*.ts", "../../src/**/*.d.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    for (const { name, code } of blocks) writeFileSync(join(folder, `${name}.ts`), code);
    const entryPoints = blocks.map(({ name }) => join(folder, `${name}.ts`));
    buildSync({ entryPoints, outdir: folder, platform: "node", format: "esm", target: "node20" });
    typeErrors = checkTypes();
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("is there", () => {
    expect(programs.map(({ path }) => path)).to.include.members(["README.md", "docs/errors.md"]);
  });

  for (const { path, code, number, name } of blocks) {
    it(`runs and prints what its comments say: block ${number} of ${path}`, () => {
      expect(printed(name)).to.deep.equal(promised(code));
    });

    it(`has right types: block ${number} of ${path}`, () => {
      expect(typeErrors.filter((error) => error.includes(`/${name}.ts(`))).to.deep.equal([]);
    });
  }

  it("has no wrong type anywhere else either", () => {
    expect(typeErrors.filter((error) => !/\/block-\d+\.ts\(/.test(error))).to.deep.equal([]);
  });

  /** Runs a block in an empty folder; the package is found by its own name. */
  function printed(name: string): string[] {
    const work = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
    try {
      const args = [join(folder, `${name}.js`)];
      return execFileSync(process.execPath, args, { cwd: work, encoding: "utf8" }).trimEnd().split("\n");
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** Its errors, each with the lines that explain it. */
  function checkTypes(): string[] {
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"];
    try {
      return errorsIn(execFileSync(process.execPath, tsc, { cwd: ROOT, encoding: "utf8" }));
    } catch (error) {
      return errorsIn((error as { stdout: string }).stdout);
    }
  }
});

function errorsIn(output: string): string[] {
  return output.split(/\n(?! )/).filter((line) => line !== "");
}

/** The lines that a block promises to print: what follows `// → `, wherever it stands. */
function promised(code: string): string[] {
  const lines = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line = ""]) => line);
  return lines.length > 0 ? lines : [""];
}
