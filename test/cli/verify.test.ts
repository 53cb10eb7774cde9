import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast verify --repair", () => {
  let box: CliSandbox;
  let config: string;
  let into: string;

  beforeEach(async () => {
    box = new CliSandbox();
    config = box.configure({ backend: "directory", directory: { path: box.path("store") } });
    into = box.configure({ backend: "sqlite", sqlite: { path: box.path("new.db") } }, "new.yaml");
    await call("set", "a", '"first"');
    await call("set", "b", '"second"');
    await call("-n", "other", "hash", "hset", "h", "f", "1");
  });

  afterEach(() => box.remove());

  const call = (...args: readonly string[]) => box.call(["--config", config, ...args]);
  const there = (...args: readonly string[]) => box.call(["--config", into, ...args]);
  const damage = () => writeFileSync(box.path("store/@root/a.json"), "{}");

  it("writes what is undamaged into another store, and names the rest", async () => {
    damage();
    const file = box.path("store/@root/a.json");
    const { code, stdout, stderr } = await call("verify", "--repair", into);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(/^5003 \w+: key "a": .*a\.json: /);
    expect(lines[1]).to.equal("4 entries checked: 1 wrong");
    expect(lines[2]).to.match(/^not salvaged: key "a": \w+: .*a\.json: /);
    expect(lines[3]).to.equal("salvaged 2 keys of 2 namespaces; 1 not");
    expect(stderr).to.equal("");
    expect(code).to.equal(3);
    expect((await there("keys")).stdout).to.equal("b\n");
    expect((await there("-n", "other", "hash", "hget", "h", "f")).stdout).to.equal("1\n");
    expect(readFileSync(file, "utf8")).to.equal("{}");
  });

  it("answers with one JSON text under --json", async () => {
    damage();
    const { code, stdout } = await call("verify", "--repair", into, "--json");
    const { ok, repair } = JSON.parse(stdout) as { ok: boolean; repair: Record<string, unknown> };
    expect(ok).to.equal(false);
    expect(repair).to.include({ salvaged: 2, lostParts: 1 });
    expect(code).to.equal(3);
  });

  it("ends with 0 where nothing is wrong, and copies all of it", async () => {
    const { code, stdout } = await call("verify", "--repair", into);
    expect(stdout).to.equal(
      "4 entries checked: nothing is wrong\nsalvaged 3 keys of 2 namespaces; nothing was lost\n",
    );
    expect(code).to.equal(0);
  });

  it("tells on a terminal how far it is", async () => {
    const { stderr } = await box.call(["--config", config, "verify", "--repair", into], { terminal: true });
    expect(stderr)
      .to.match(/\[[#.]{24}\] checked 4 values in other/)
      .and.match(/\[[#.]{24}\] salvaged 3 keys in other/);
  });

  it("refuses a store that is not empty, itself, and edits taken over on the way", async () => {
    await there("set", "z", "1");
    const full = await call("verify", "--repair", into);
    expect(full).to.include({ code: 2, stdout: "" });
    expect(full.stderr).to.match(/^holdfast: 5002 not-empty: [^(]*; give an empty one\n$/);
    const itself = await call("verify", "--repair", config);
    expect(itself).to.include({ code: 64 });
    expect(itself.stderr).to.include("is this very store");
    const both = await call("verify", "--repair", into, "--accept-edits");
    expect(both).to.include({ code: 64 });
    const missing = await call("verify", "--repair", box.path("none.yaml"));
    expect(missing).to.include({ code: 78 });
  });
});

describe("holdfast verify --repair on a file that does not open", () => {
  let box: CliSandbox;
  let config: string;
  let into: string;
  let path: string;

  beforeEach(async () => {
    box = new CliSandbox();
    config = box.configureFile();
    path = box.path("data/store.json");
    into = box.configure({ backend: "sqlite", sqlite: { path: box.path("new.db") } }, "new.yaml");
    await call("set", "a", '"first"');
    await call("set", "b", '"second"');
    await call("compact");
  });

  afterEach(() => box.remove());

  const call = (...args: readonly string[]) => box.call(["--config", config, ...args]);
  const there = (...args: readonly string[]) => box.call(["--config", into, ...args]);
  const damage = (from: string, to: string) => {
    const text = readFileSync(path, "utf8");
    expect(text).to.include(from);
    writeFileSync(path, text.replace(from, to));
  };

  it("saves what is undamaged, says so, and leaves the damaged file as it is", async () => {
    damage('"first"', '"farst"');
    const damaged = readFileSync(path);
    const { code, stdout, stderr } = await call("verify", "--repair", into);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).to.have.length(5);
    expect(lines[0]).to.match(
      /^5003 checksum: .*store\.json, byte 0: .*1 of the 2 entries that it held are whole/,
    );
    expect(lines[1]).to.match(/^5003 checksum: key "a": .*store\.json, byte \d+: the line is damaged/);
    expect(lines[2]).to.equal("2 entries checked: 2 wrong");
    expect(lines[3]).to.match(/^not salvaged: key "a": checksum: .*store\.json/);
    expect(lines[4]).to.equal("salvaged 1 key of 1 namespace; 1 not");
    expect(stderr).to.match(/^holdfast: the store is too damaged to be opened as a whole/);
    expect(code).to.equal(3);
    expect((await there("get", "b")).stdout).to.equal("second\n");
    expect((await there("keys")).stdout).to.equal("b\n");
    expect(readFileSync(path).equals(damaged)).to.equal(true);
  });

  it("ends with what can be tried instead where the header is damaged", async () => {
    damage('"holdfast":"snapshot"', '"holdfast":"snapshat"');
    const { code, stdout, stderr } = await call("verify", "--repair", into);
    expect(code).to.equal(3);
    expect(stdout).to.equal("");
    expect(stderr).to.match(/5003 .*without its header nothing can be salvaged; .*backup/);
  });

  it("is not opened so by anything else", async () => {
    damage('"first"', '"farst"');
    for (const command of [["verify"], ["get", "b"], ["backup", box.path("backup")]]) {
      const { code, stderr } = await call(...command);
      expect(code, command[0]).to.equal(3);
      expect(stderr).to.include("5003 checksum");
    }
  });
});
