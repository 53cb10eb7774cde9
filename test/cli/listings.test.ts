import { expect } from "chai";
import { Writable } from "node:stream";
import { background, openStorage } from "../../src/index.js";
import { CliSandbox } from "./cli-sandbox.js";

const ctx = background();
/** More than a page of keys, and with their values more text than a pipe or some chunks take. */
const MANY = 4000;
const VALUE = "v".repeat(80);

describe("holdfast keys, find, count, namespaces, clear", () => {
  let box: CliSandbox;
  let config: string;

  before(async () => {
    box = new CliSandbox();
    config = box.configureFile();
    const storage = await openStorage(config);
    const many = Array.from(
      { length: MANY },
      (_, i) => [`key-${String(i).padStart(6, "0")}`, VALUE] as const,
    );
    await storage.namespace("many").setBatch(ctx, new Map(many));
    await storage.setBatch(ctx, { "user:1": { name: "Ada" }, "user:2": "Bob", zoo: 3 });
    await storage.set(ctx, "user:3", 1, "1h");
    await storage.namespace("odd").setBatch(
      ctx,
      new Map([
        ["a\tb\u001b", 1],
        ['"q"', 2],
        ["ü", 3],
      ]),
    );
    await storage.namespace("x\ny").set(ctx, "k", 1);
    await storage.stop();
  });

  after(() => box.remove());

  const call = (...args: readonly string[]) => box.call(["--config", config, ...args]);
  const lines = async (...args: readonly string[]) => (await call(...args)).stdout.trimEnd().split("\n");

  it("list keys by pattern, in order, a page or backwards", async () => {
    expect(await lines("keys")).to.deep.equal(["user:1", "user:2", "user:3", "zoo"]);
    expect(await lines("keys", "user:[12]")).to.deep.equal(["user:1", "user:2"]);
    expect(await lines("keys", "--limit", "2", "--after", "user:1")).to.deep.equal(["user:2", "user:3"]);
    expect(await lines("keys", "--reverse", "--limit", "2")).to.deep.equal(["zoo", "user:3"]);
    expect((await call("keys", "--limit", "0")).stdout).to.equal("");
    expect((await call("keys", "none*")).stdout).to.equal("");
  });

  it("list more keys than one page, each once", async () => {
    const listed = await lines("keys", "-n", "many");
    expect(listed).to.have.length(MANY);
    expect(new Set(listed).size).to.equal(MANY);
    expect(await lines("keys", "-n", "many", "--limit", "1500")).to.deep.equal(listed.slice(0, 1500));
    expect(await lines("keys", "-n", "many", "--reverse")).to.deep.equal(listed.toReversed());
  });

  it("list values beside their keys", async () => {
    expect(await lines("find", "user:[12]")).to.deep.equal(['user:1\t{"name":"Ada"}', 'user:2\t"Bob"']);
    const [entry = ""] = await lines("find", "user:3", "--json");
    const shown = JSON.parse(entry) as { readonly expiresAt: number };
    expect(shown).to.have.keys("key", "value", "expiresAt");
    expect(Number.isInteger(shown.expiresAt), `${shown.expiresAt}`).to.equal(true);
    expect(await lines("find", "zoo", "--json")).to.deep.equal(['{"key":"zoo","value":3}']);
    expect(await lines("find", "*", "--reverse", "--limit", "1")).to.deep.equal(["zoo\t3"]);
  });

  it("count keys", async () => {
    expect((await call("count")).stdout).to.equal("4\n");
    expect((await call("count", "*:1", "--json")).stdout).to.equal("1\n");
  });

  it("quote names that steer a terminal or look quoted, unless --json", async () => {
    expect(await lines("keys", "-n", "odd")).to.deep.equal([
      String.raw`"\"q\""`,
      String.raw`"a\tb\u001b"`,
      "ü",
    ]);
    const [, json = ""] = await lines("keys", "-n", "odd", "--json");
    expect(JSON.parse(json)).to.equal("a\tb\u001b");
    expect(await lines("find", "a*", "-n", "odd")).to.deep.equal(['"a\\tb\\u001b"\t1']);
  });

  it("list namespaces with their keys", async () => {
    expect(await lines("namespaces")).to.deep.equal(['""\t4', `many\t${MANY}`, "odd\t3", '"x\\ny"\t1']);
    expect(await lines("namespaces", "--json")).to.include('{"namespace":"x\\ny","keys":1}');
  });

  it("take no more from the store than their reader takes from them", async () => {
    const reader = new SlowReader();
    const listing = box.call(["--config", config, "find", "*", "-n", "many"], { stdout: reader });
    await reader.reached(1);
    // Everything that could be written ahead is by then.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(reader.chunks).to.equal(1);
    expect(reader.writableLength).to.be.lessThan(128 * 1024);
    reader.open();
    expect((await listing).code).to.equal(0);
    expect(reader.chunks).to.be.greaterThan(3);
  });

  it("end quietly when their reader leaves", async () => {
    const left = await box.shell("holdfast find '*' -n many | head -n 1; echo ${PIPESTATUS[0]}");
    expect(left).to.deep.equal({ code: 0, stdout: `key-000000\t"${VALUE}"\n0\n`, stderr: "" });
  });

  it("clear one namespace and no other, when told so", async () => {
    const asked = await call("clear", "-n", "odd");
    expect(asked.code).to.equal(64);
    expect(asked.stderr).to.match(/would remove all 3 keys of namespace "odd" .*--yes/);
    expect((await call("count", "-n", "odd")).stdout).to.equal("3\n");
    expect((await call("clear", "-n", "odd", "--yes")).stdout).to.equal("removed 3 keys\n");
    expect((await call("count", "-n", "odd")).stdout).to.equal("0\n");
    expect((await call("count")).stdout).to.equal("4\n");
  });

  for (const [answer, code, left] of [
    ["n\n", 2, "1"],
    ["", 2, "1"],
    ["yes\n", 0, "0"],
  ] as const) {
    it(`ask on a terminal, and take ${JSON.stringify(answer)} as meant`, async () => {
      const asked = await box.call(["--config", config, "clear", "-n", "x\ny"], {
        terminal: true,
        input: answer,
      });
      expect(asked.stderr).to.include('remove the one key of namespace "x\\ny"');
      // Who ends the input instead of answering has not ended the line of the question.
      if (answer === "") expect(asked.stderr).to.match(/\[y\/N\] \n/);
      expect(asked.code).to.equal(code);
      expect((await call("count", "-n", "x\ny")).stdout).to.equal(`${left}\n`);
    });
  }
});

/** Takes one chunk and no more until it is opened. */
class SlowReader extends Writable {
  chunks = 0;
  #isOpen = false;
  #release: () => void = () => undefined;
  readonly #arrivals: (() => void)[] = [];

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks += 1;
    for (const arrived of this.#arrivals.splice(0)) arrived();
    if (this.#isOpen) done();
    else this.#release = done;
  }

  async reached(chunks: number): Promise<void> {
    while (this.chunks < chunks) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }

  open(): void {
    this.#isOpen = true;
    this.#release();
  }
}
