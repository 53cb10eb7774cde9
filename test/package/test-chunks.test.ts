import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../architecture/source-tree.js";

interface Chunk {
  readonly name: string;
  readonly files: readonly string[];
}

const FILES = [
  "core/key.test.ts",
  "core/deep/range.test.ts",
  "backends/one/one.test.ts",
  "backends/one/other.test.ts",
  "backends/two/two.test.ts",
  "backends/registry.test.ts",
  "backends/memory/memory.test.ts",
  "stack/one.test.ts",
  "stack/one-uncached.test.ts",
  "stack/onerous.test.ts",
  "docs/page.test.ts",
  "golden/a.test.ts",
  "cache/a.test.ts",
  "seeds/a.test.ts",
  "expiry/b.test.ts",
  "faults/c.test.ts",
];

describe("the chunks of a test run", () => {
  let root: string;
  let chunks: readonly Chunk[];

  before(async () => {
    const { testChunks } = (await import(pathToFileURL(join(ROOT, "scripts/test-chunks.mjs")).href)) as {
      testChunks(root: string): readonly Chunk[];
    };
    root = `${mkdtempSync(join(tmpdir(), "holdfast-chunks-"))}/`;
    for (const file of [...FILES, "core/key-cases.ts", "stack/form.long.ts"]) {
      mkdirSync(dirname(join(root, "test", file)), { recursive: true });
      writeFileSync(join(root, "test", file), "");
    }
    chunks = testChunks(root);
  });

  after(() => rmSync(root, { recursive: true }));

  it("hold every test file once, and nothing else", () => {
    const all = chunks.flatMap(({ files }) => files).sort();
    expect(all).to.deep.equal(FILES.map((file) => `test/${file}`).sort());
  });

  it("are the folders of test, the backends and their forms, and the short ones together", () => {
    expect(Object.fromEntries(chunks.map(({ name, files }) => [name, files.length]))).to.deep.equal({
      "test/backends and stack, memory": 1,
      "test/backends and stack, one": 4,
      "test/backends and stack, onerous": 1,
      "test/backends and stack, two": 1,
      "test/cache, package and seeds": 2,
      "test/docs": 1,
      "test/expiry, faults, golden, structures and support": 3,
      "test, the short ones": 3,
    });
  });

  it("begin with the long ones", () => {
    expect(chunks.slice(0, 4).map(({ name }) => name)).to.deep.equal([
      "test/backends and stack, memory",
      "test/backends and stack, one",
      "test/backends and stack, two",
      "test/backends and stack, onerous",
    ]);
  });
});
