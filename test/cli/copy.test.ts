import { expect } from "chai";
import { background, openStorage } from "../../src/index.js";
import { CliSandbox } from "./cli-sandbox.js";

const ctx = background();

describe("holdfast copy", () => {
  let box: CliSandbox;
  let from: string;
  let to: string;

  beforeEach(async () => {
    box = new CliSandbox();
    from = box.configureFile();
    to = box.configure({ backend: "sqlite", sqlite: { path: box.path("store.db") } }, "to.yaml");
    const storage = await openStorage(from);
    await storage.setBatch(ctx, { a: 1, b: new Date(0), c: new Map([["k", 1n]]) });
    await storage.namespace("other").set(ctx, "d", "four", "1h");
    await storage.stop();
  });

  afterEach(() => box.remove());

  const call = (...args: readonly string[]) => box.call(["--config", from, ...args]);
  const there = (...args: readonly string[]) => box.call(["--config", to, ...args]);

  it("brings everything over and tells that both are equal", async () => {
    const { code, stdout, stderr } = await call("copy", "--to", to);
    expect(stderr).to.equal("");
    expect(stdout).to.match(/^copied +4 keys of 2 namespaces \(\d+ bytes\)\nequal, sha-256 +[0-9a-f]{64}\n$/);
    expect(code).to.equal(0);
    expect((await there("namespaces")).stdout).to.equal('""\t3\nother\t1\n');
    expect((await there("get", "c")).stdout).to.equal('{"$map":[["k",{"$bigint":"1"}]]}\n');
  });

  it("does not touch a store that holds one of the keys, goes on with --resume, and prunes when told so", async () => {
    await there("set", "a", "mine");
    await there("set", "z", "1");
    const refused = await call("copy", "--to", to);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/^holdfast: 5002 not-empty: .*\(here: --resume\)\n$/);
    const differs = await call("copy", "--to", to, "--resume");
    expect(differs.code).to.equal(2);
    expect(differs.stderr).to.match(/^holdfast: 5002 differs: .*"z"/);
    const asked = await call("copy", "--to", to, "--resume", "--prune");
    expect(asked.code).to.equal(64);
    const pruned = await call("copy", "--to", to, "--resume", "--prune", "--yes", "--json");
    expect(JSON.parse(pruned.stdout)).to.deep.include({ copied: 0, skipped: 4, deleted: 1, untouched: [] });
    expect((await there("keys")).stdout).to.equal("a\nb\nc\n");
  });

  it("copies what matches, without a comparison when told so", async () => {
    const { stdout } = await call("copy", "--to", to, "--pattern", "[ad]", "--no-verify");
    expect(stdout).to.match(/^copied +2 keys of 2 namespaces .*\ncompared +no \(--no-verify\)\n$/);
    expect((await there("keys")).stdout).to.equal("a\n");
  });

  it("refuses itself as its target, and options that contradict each other", async () => {
    const itself = await call("copy", "--to", from, "--resume");
    expect(itself.code).to.equal(64);
    expect(itself.stderr).to.match(/storage\.yaml is this very store; give another one\n$/);
    // However its path is written.
    const path = box.path("data/../data/store.json");
    const again = await call(
      "copy",
      "--to",
      box.configure({ backend: "file", file: { path } }, "again.yaml"),
    );
    expect(again.stderr).to.match(/again\.yaml is this very store; give another one\n$/);
    const { code, stderr } = await call("copy", "--to", to, "--prune", "--yes");
    expect(code).to.equal(64);
    expect(stderr).to.match(/^holdfast: prune goes with resume/);
  });

  it("shows a bar on a terminal and takes it away at the end", async () => {
    const { stderr, code } = await box.call(["--config", from, "copy", "--to", to], {
      terminal: true,
      environment: { NO_COLOR: "1" },
    });
    expect(code).to.equal(0);
    const steps = stderr.split("\r\u001b[K");
    expect(steps[0]).to.equal("");
    expect(steps.at(-1)).to.equal("");
    for (const step of steps.slice(1, -1)) expect(step).to.match(/^\[[#.]{24}\] +\d+ % (copied|compared) /);
    expect(stderr).to.include("[########################] 100 % compared 4 keys");
  });

  it("says how to go on when it is interrupted, and goes on", async () => {
    const storage = await openStorage(from);
    const many = Array.from({ length: 2000 }, (_, i) => [`m${i}`, i] as const);
    await storage.namespace("many").setBatch(ctx, new Map(many));
    await storage.stop();
    const interrupt = new AbortController();
    const { code, stderr } = await box.call(["--config", from, "copy", "--to", to], {
      terminal: true,
      environment: { NO_COLOR: "1" },
      interrupt: interrupt.signal,
      // The first progress comes when the copy has begun.
      onStderr: () => interrupt.abort(130),
    });
    expect(code).to.equal(130);
    expect(stderr).to.include("the copy is not whole; go on with the same command and --resume");
    expect(stderr).to.match(/holdfast: interrupted\n$/);
    const resumed = await call("copy", "--to", to, "--resume");
    expect(resumed.stdout).to.match(/equal, sha-256 +[0-9a-f]{64}\n$/);
  });
});
