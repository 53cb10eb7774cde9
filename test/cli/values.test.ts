import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast get, set, delete, exists, type", () => {
  let box: CliSandbox;
  let config: string;

  before(() => {
    box = new CliSandbox();
    config = box.configureFile();
  });

  after(() => box.remove());

  const call = (args: readonly string[], input?: string | Uint8Array) =>
    box.call(["--config", config, ...args], input === undefined ? {} : { input });

  /** What is given, and what `get` and `get --json` then show. */
  const stored: readonly (readonly [name: string, args: readonly string[], get: string, json: string])[] = [
    ["plain text", ["hello"], "hello", '"hello"'],
    ["a number", ["42"], "42", "42"],
    ["a negative number", ["-5"], "-5", "-5"],
    ["a truth value", ["true"], "true", "true"],
    ["null", ["null"], "null", "null"],
    ["an object", ['{ "a": [1] }'], '{"a":[1]}', '{"a":[1]}'],
    ["quoted text", ['"42"'], "42", '"42"'],
    ["what is no JSON number", ["007"], "007", '"007"'],
    ["nothing", [""], "", '""'],
    ["text by option", ["--text", "42"], "42", '"42"'],
    ["broken JSON by option", ["--text", '{"a'], '{"a', String.raw`"{\"a"`],
    ["a date", ['{"$date":"2026-01-31T00:00:00.000Z"}'], ...twice('{"$date":"2026-01-31T00:00:00.000Z"}')],
    ["a field that looks like a tag", ['{"$$date":1}'], ...twice('{"$$date":1}')],
    ["a bigint", ['{"$bigint":"12345678901234567890"}'], ...twice('{"$bigint":"12345678901234567890"}')],
    ["bytes", ["--bytes", "AB"], ...twice('{"$bytes":"QUI="}')],
    ["text that steers a terminal", ["--text", "\u001b[2J"], "\u001b[2J", '"\\u001b[2J"'],
    ["JSON that steers a terminal", ['["\u202e"]'], '["\\u202e"]', '["\u202e"]'],
  ];
  for (const [name, args, get, json] of stored) {
    it(`store and show ${name}`, async () => {
      expect(await call(["set", "k", ...args])).to.deep.equal({ code: 0, stdout: "", stderr: "" });
      expect((await call(["get", "k"])).stdout).to.equal(`${get}\n`);
      const shown = (await call(["get", "k", "--json"])).stdout;
      expect(shown).to.equal(`${json}\n`);
      // What is shown as JSON can be given back as it is.
      await call(["set", "again", "--json-value", "-"], shown);
      expect((await call(["get", "again", "--json"])).stdout).to.equal(shown);
    });
  }

  it("take a value from standard input, without the line end that a shell adds", async () => {
    await call(["set", "k", "-"], "from a pipe\n");
    expect((await call(["get", "k", "--json"])).stdout).to.equal('"from a pipe"\n');
    await call(["set", "k", "-", "--text"], "exactly\n");
    expect((await call(["get", "k", "--json"])).stdout).to.equal('"exactly\\n"\n');
  });

  it("take a value from a file and give its bytes back", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    writeFileSync(box.path("in.bin"), bytes);
    await call(["set", "k", "--file", box.path("in.bin"), "--bytes"]);
    const copied = await box.shell("holdfast get k --bytes > out.bin");
    expect(copied).to.deep.equal({ code: 0, stdout: "", stderr: "" });
    expect(new Uint8Array(readFileSync(box.path("out.bin")))).to.deep.equal(bytes);
  });

  it("say so when what is written is gone with the command, and not where it is kept or only read", async () => {
    for (const backend of ["memory", "sqlite"]) {
      const written = await box.call(["--backend", backend, "set", "k", "1"]);
      expect(written.code).to.equal(0);
      expect(written.stderr).to.match(
        /^holdfast: this store is kept in memory and is gone when this command ends; /,
      );
      expect((await box.call(["--backend", backend, "keys"])).stderr).to.equal("");
    }
    expect((await call(["set", "k", "1"])).stderr).to.equal("");
  });

  it("give text with --bytes without a line end, and refuse what is neither, and what cannot be both", async () => {
    const both = await call(["get", "k", "--bytes", "--json"]);
    expect(both).to.include({ code: 64, stdout: "" });
    expect(JSON.parse(both.stderr))
      .to.have.nested.property("error.message")
      .that.includes("give one of them");
    await call(["set", "k", "text"]);
    expect((await call(["get", "k", "--bytes"])).stdout).to.equal("text");
    await call(["set", "k", "1"]);
    expect((await call(["get", "k", "--bytes"])).code).to.equal(2);
  });

  it("escape text on a terminal alone, and keep its lines", async () => {
    await call(["set", "k", "--text", "a\n\tb\u001b[2J\u009b"]);
    const shown = await box.call(["--config", config, "get", "k"], { terminal: true });
    expect(shown.stdout).to.equal("a\n\tb\\u001b[2J\\u009b\n");
  });

  it("store with a time to live, and clear it when none is given", async () => {
    await call(["set", "k", "1", "--ttl", "1h"]);
    expect((await call(["ttl", "k"])).stdout).to.match(/^(59m[\d]+s|1h)\n$/);
    await call(["set", "k", "1"]);
    expect((await call(["ttl", "k"])).stdout).to.equal("does not expire\n");
  });

  it("delete several keys at once and count those that were there", async () => {
    await call(["set", "a", "1"]);
    await call(["set", "b", "1"]);
    expect((await call(["delete", "a", "b", "c"])).stdout).to.equal("deleted 2 keys\n");
    await call(["set", "a", "1"]);
    expect((await call(["delete", "a", "--json"])).stdout).to.equal('{"deleted":1}\n');
  });

  it("keep to the namespace that is named", async () => {
    await call(["set", "where", "root"]);
    await call(["-n", "other", "set", "where", "other"]);
    expect((await call(["get", "where"])).stdout).to.equal("root\n");
    expect((await call(["get", "where", "--namespace", "other"])).stdout).to.equal("other\n");
    expect((await call(["delete", "where", "-n", "other"])).code).to.equal(0);
    expect((await call(["exists", "where"])).stdout).to.equal("yes\n");
  });

  it("say what a key holds, and take keys that begin with a hyphen behind --", async () => {
    await call(["set", "--", "-k", "1"]);
    expect((await call(["type", "--", "-k"])).stdout).to.equal("value\n");
    expect((await call(["exists", "--json", "--", "-k"])).stdout).to.equal("true\n");
  });

  const absent = 'holdfast: 5004 absent: nothing is stored under "gone"; holdfast keys lists what is there\n';
  for (const args of [
    ["get", "gone"],
    ["delete", "gone"],
    ["type", "gone"],
    ["ttl", "gone"],
    ["expire", "gone", "5m"],
    ["persist", "gone"],
  ]) {
    it(`exit with 1 where nothing is stored: ${args.join(" ")}`, async () => {
      expect(await call(args)).to.deep.equal({ code: 1, stdout: "", stderr: absent });
    });
  }

  it("answer exists with no, and 1", async () => {
    expect(await call(["exists", "gone"])).to.deep.equal({ code: 1, stdout: "no\n", stderr: "" });
  });
});

function twice(text: string): [string, string] {
  return [text, text];
}
