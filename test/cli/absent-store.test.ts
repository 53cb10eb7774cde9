import { expect } from "chai";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast where there is no store", () => {
  let box: CliSandbox;

  beforeEach(() => {
    box = new CliSandbox();
  });

  afterEach(() => box.remove());

  for (const [backend, path] of [
    ["file", "data/store.json"],
    ["directory", "data/store"],
    ["sqlite", "data/store.db"],
    ["lmdb", "data/lmdb"],
  ] as const) {
    describe(`of the backend ${backend}`, () => {
      let config: string;

      beforeEach(() => {
        config = box.configure({ backend, [backend]: { path: box.path(path) } });
      });

      const call = (...args: readonly string[]) => box.call(["--config", config, ...args]);
      const other = () =>
        box.configure({ backend: "file", file: { path: box.path("other.json") } }, "to.yaml");

      it("says so when it is to look, and makes none", async () => {
        const said = `holdfast: there is no store at ${box.path(path)} yet; the first holdfast set makes one, or correct ${backend}.path\n`;
        for (const args of [
          ...[
            "get k",
            "exists k",
            "type k",
            "ttl k",
            "keys",
            "find *",
            "count",
            "namespaces",
            "info",
            "stats",
          ],
          ...["list llen l", "hash hgetall h", "counter get c", "verify", `verify --repair ${other()}`],
          ...[`copy --to ${other()}`, `backup ${box.path("monday")}`],
        ]) {
          const result = await call(...args.split(" "));
          expect(result, args).to.deep.equal({ code: 66, stdout: "", stderr: said });
        }
        for (const made of ["data", "other.json", "monday"])
          expect(existsSync(box.path(made)), made).to.equal(false);
      });

      it("finds that as a problem", async () => {
        const { code, stdout, stderr } = await call("doctor");
        expect(stderr).to.equal("");
        expect(stdout).to.match(/\nPROBLEM {2}store: there is no store at .*\n1 problem\n$/);
        expect(code).to.equal(2);
        expect(existsSync(box.path("data"))).to.equal(false);
      });

      it("tries a restore all the same, and makes one when it writes", async () => {
        await box.call(["--config", other(), "set", "k", "1"]);
        await box.call(["--config", other(), "backup", box.path("monday")]);
        const dry = await call("restore", box.path("monday"), "--dry-run");
        expect(dry.stdout).to.match(/^whole, and could be restored: 1 record of 1 namespace, [^\n]*\n$/);
        expect(dry).to.include({ code: 0, stderr: "" });
        expect(existsSync(box.path("data"))).to.equal(false);
        expect(await call("restore", box.path("monday"))).to.include({ code: 0, stderr: "" });
        expect((await call("get", "k")).stdout).to.equal("1\n");
      });
    });
  }

  it("takes an empty folder for none", async () => {
    for (const backend of ["directory", "lmdb"]) {
      mkdirSync(box.path(backend));
      const config = box.configure({ backend, [backend]: { path: box.path(backend) } });
      expect((await box.call(["--config", config, "keys"])).code, backend).to.equal(66);
      expect(readdirSync(box.path(backend)), backend).to.deep.equal([]);
    }
  });

  it("tells damage where something of a store is left, and recommends nothing that cannot work", async () => {
    const config = box.configureFile();
    await box.call(["--config", config, "set", "k", "1"]);
    rmSync(box.path("data/store.json"));
    const left = readdirSync(box.path("data"));
    const mended = box.configure({ backend: "sqlite", sqlite: { path: box.path("new.db") } }, "new.yaml");
    for (const args of [["get", "k"], ["verify"], ["verify", "--repair", mended]]) {
      const { code, stderr } = await box.call(["--config", config, ...args]);
      expect(stderr, args.join(" ")).to.match(
        /^holdfast: 5003 truncated: open failed: [^(]*store\.json.*it is missing, but .*store\.json\.\S+ is there[^(]*\n$/,
      );
      expect(code).to.equal(3);
    }
    expect(readdirSync(box.path("data"))).to.deep.equal(left);
  });

  it("looks at stores in memory as they are", async () => {
    for (const memory of [
      ["--backend", "memory"],
      ["--backend", "sqlite"],
      ["--backend", "sqlite", "--set", "sqlite.path=:memory:"],
    ])
      expect(await box.call([...memory, "count"])).to.include({ code: 0, stdout: "0\n" });
  });
});
