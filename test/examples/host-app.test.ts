import { expect } from "chai";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = "examples/host-app/main.ts";

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  "alpha/package.json": JSON.stringify({
    name: "alpha",
    version: "1.0.0",
    license: "MIT",
    author: "Ann <ann@example.org> (https://example.org)",
    dependencies: { beta: "^2", gamma: "^3" },
  }),
  "alpha/LICENSE": "\nThe MIT License\n\nPermission is hereby granted",
  "alpha/dist/package.json": '{ "type": "module" }',
  "beta/package.json": JSON.stringify({
    name: "beta",
    version: "2.1.0",
    licenses: [{ type: "MIT" }],
    maintainers: [{ name: "Ann" }, { name: "Ben" }],
    dependencies: { gamma: "^3" },
  }),
  "gamma/package.json": JSON.stringify({ name: "gamma", version: "3.0.0", license: "ISC" }),
  "old/gamma/package.json": JSON.stringify({ name: "gamma", version: "2.0.0" }),
  "@scope/delta/package.json": JSON.stringify({ name: "@scope/delta", version: "0.1.0", license: "MIT" }),
  "__proto__/package.json": JSON.stringify({ name: "__proto__", version: "1.0.0", license: "constructor" }),
  "data/numbers.json": "[1, 2, 3]",
  "data/broken.json": '{ "half": ',
  "data/binary.json": new Uint8Array([0x7b, 0xff, 0x7d]),
  "data/notes.txt": "not looked at",
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function runDemo(args: readonly string[], temporary: string): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", MAIN, ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("the example host, in a pipe", () => {
  let folder: string;
  let temporary: string;
  let ended: Ended;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-input-"));
    temporary = await mkdtemp(join(tmpdir(), "holdfast-demo-test-"));
    for (const [path, content] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    ended = await runDemo(["--input", folder], temporary);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(temporary, { recursive: true, force: true });
  });

  /** The lines from a heading to the next empty one. */
  function answer(heading: string): readonly string[] {
    const lines = ended.out.split("\n");
    const start = lines.findIndex((line) => line.startsWith(heading)) + 1;
    expect(start, heading).to.be.above(0);
    const length = lines.slice(start).indexOf("");
    return lines.slice(start, start + length).map((line) => line.trim().replaceAll(/ {2,}/g, "  "));
  }

  it("ends well", () => {
    expect(ended).to.deep.include({ code: 0, err: "" });
  });

  it("prints neither colours nor progress", () => {
    expect(ended.out).to.not.include("\u001b");
    expect(ended.out).to.not.include("\r");
    expect(ended.out).to.not.include(" of 11 files");
  });

  it("runs all plugins and takes in what it can", () => {
    expect(ended.out).to.include("runs audit, catalog, storage\n");
    expect(ended.out).to.include(`Took in 9 files below ${folder} in `);
  });

  it("reports broken files and skips them", () => {
    expect(ended.out).to.match(/^Skipped data\/broken\.json: .*JSON/m);
    expect(ended.out).to.include("Skipped data/binary.json: not text in UTF-8\n");
  });

  it("counts what is there", () => {
    expect(answer("What is there?").slice(2)).to.deep.equal([
      "packages  6",
      "other JSON files  2",
      "licence texts  1",
    ]);
  });

  it("finds the licence used most", () => {
    const [first, , , ...rows] = answer("Which licence");
    expect(first).to.equal("MIT, with 3 packages");
    expect(rows).to.deep.equal(["MIT  3", "ISC  1", "constructor  1", "none declared  1"]);
  });

  it("finds the longest list of dependencies, and all that it brings along", () => {
    const [first, , , ...rows] = answer("Which package has the most dependencies");
    expect(first).to.equal("alpha@1.0.0, with 2 dependencies");
    expect(rows.slice(0, 2)).to.deep.equal(["alpha@1.0.0  2  3", "beta@2.1.0  1  2"]);
  });

  it("finds packages in several versions, by person and by organisation", () => {
    expect(answer("Which packages are there in more than one version?")).to.deep.equal(["gamma (2)"]);
    expect(answer("Who looks after the most packages?")).to.deep.equal(["Ann, with 2 packages"]);
    expect(answer("Which packages belong to an organisation?")).to.deep.equal(["@scope/delta"]);
  });

  it("shows a conflict and a retry", () => {
    expect(answer("Two transactions compete")).to.deep.equal([
      "Ada reads that review 1 is next; so does Bob, review 1",
      "Ada commits: review 1 is hers",
      "Bob's commit is refused: 5002 conflict, nothing of it is stored",
      "Bob tries again with transact, and Ada is faster once more: it runs again by itself",
      "Bob has review 3 after 2 attempts",
      "review  claimed by",
      "------  ----------",
      "1  Ada",
      "2  Ada",
      "3  Bob",
    ]);
  });

  it("shows the statistics of the cache", () => {
    const [header, , row] = answer("How did the cache do?");
    expect(header).to.equal("hits  misses  hit rate  entries  most  evictions  bytes");
    expect(row).to.match(/^[1-9]\d*  \d+  [\d.]+ %  \d+  5000  0  \d+$/);
  });

  it("recovers the last write before a kill in a new process", () => {
    const killed = /Process (\d+) wrote event (\d+) and is gone/.exec(ended.out);
    const [first, second] = answer("Started again in a new process");
    expect(first).to.equal(`Event ${killed?.[2]} of process ${killed?.[1]} was recovered from the journal`);
    expect(second).to.equal("6 packages are there, 0 problems");
  });

  it("numbers its events without gaps across all processes", () => {
    const rows = answer("Started again in a new process").slice(4);
    expect(rows.map((row) => row.split("  ").slice(0, 2).join(" "))).to.deep.equal([
      "6 the host started",
      "5 the last write before kill -9",
      "4 the host started",
      "3 the host stopped",
      "2 took in 11 files",
    ]);
  });

  it("leaves nothing behind", async () => {
    expect(await readdir(temporary)).to.not.satisfy((names: readonly string[]) =>
      names.some((name) => name.startsWith("holdfast-demo-")),
    );
  });

  it("says how it is used, and does nothing else", async () => {
    for (const option of ["--help", "-h"]) {
      const { code, out, err } = await runDemo([option], temporary);
      expect({ code, err }).to.deep.equal({ code: 0, err: "" });
      expect(out).to.match(/^Usage: npm run demo \[-- --input <folder>\]\n/);
    }
  });

  it("refuses input that is no folder with exit code 2", async () => {
    const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
      [["--input", "/nowhere/at/all"], /no such file or directory.*--input <folder>/],
      [["--input", MAIN], /main\.ts is not a folder; .*--input <folder>/],
      [["--inputs", "x"], /Unknown option '--inputs'.*--input <folder>/],
    ];
    const refused = await Promise.all(mistakes.map(([args]) => runDemo(args, temporary)));
    refused.forEach((one, index) => {
      expect(one).to.deep.include({ code: 2, out: "" });
      expect(one.err).to.match(mistakes[index]?.[1] ?? /^$/);
    });
  });
});
