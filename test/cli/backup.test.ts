import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rekeyExitCode } from "../../src/cli/commands/backup-commands.js";
import { EXIT } from "../../src/cli/exit-codes.js";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast backup, restore and rekey", () => {
  let box: CliSandbox;
  let config: string;

  beforeEach(() => {
    box = new CliSandbox();
    config = box.configureFile();
  });
  afterEach(() => box.remove());

  const call = (...args: readonly string[]) => box.call(["--config", config, ...args]);

  async function filled(): Promise<void> {
    await call("set", "a", "1");
    await call("list", "rpush", "l", "x", "y");
    await call("-n", "other", "set", "b", "2");
  }

  it("bring back what was there, also from an incremental backup", async () => {
    await filled();
    const [full, more] = [box.path("full"), box.path("more")];
    expect((await call("backup", full)).stdout).to.match(/^full backup: \d+ records of 2 namespaces \(/);
    await call("set", "a", "2");
    const second = await call("backup", more, "--base", full, "--gzip");
    expect(second.stdout).to.match(/^incremental backup: 1 record of 2 namespaces \(/);

    config = box.configure({ backend: "sqlite", sqlite: { path: box.path("new.db") } }, "new.yaml");
    const dry = await call("restore", more, "--dry-run");
    expect(dry.stdout).to.match(
      /^whole, and could be restored: \d+ records of 2 namespaces, backed up at 20/,
    );
    expect((await call("keys")).stdout).to.equal("");
    expect((await call("restore", more)).stdout).to.match(/^restored: \d+ records of 2 namespaces/);
    expect((await call("get", "a")).stdout).to.equal("2\n");
    expect((await call("list", "lrange", "l")).stdout).to.equal('"x"\n"y"\n');
    expect((await call("-n", "other", "get", "b")).stdout).to.equal("2\n");
  });

  it("restore one namespace, under another name", async () => {
    await filled();
    await call("backup", box.path("full"));
    const { stdout } = await call("restore", box.path("full"), "--only", "other", "--as", "copy");
    expect(stdout).to.match(/^restored: 1 record of 1 namespace/);
    expect((await call("-n", "copy", "get", "b")).stdout).to.equal("2\n");
  });

  it("refuse a store that is not empty, and replace it only when that is confirmed", async () => {
    await filled();
    await call("backup", box.path("full"));
    await call("set", "later", "1");
    const refused = await call("restore", box.path("full"));
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/5002 not-empty/);
    const dry = await call("restore", box.path("full"), "--dry-run");
    expect(dry).to.include({ code: 0 });
    expect(dry.stdout).to.match(
      /^whole, and could be restored: .*\nnot empty: the root and 1 other namespace; a restore needs --replace, which removes what is there first\n$/,
    );
    const one = ["restore", box.path("full"), "--dry-run", "--only", "other"];
    expect((await call(...one)).stdout).to.match(/\nnot empty: namespace "other"; a restore needs --replace/);
    expect((await call(...one, "--replace")).stdout).to.match(
      /"other"; a restore removes what is there first\n$/,
    );
    expect((await call(...one, "--as", "new")).stdout).to.match(/^whole.*\n$/);
    const listed = await call(...one, "--json");
    expect(JSON.parse(listed.stdout)).to.deep.include({ occupied: ["other"] });
    const asked = await call("restore", box.path("full"), "--replace");
    expect(asked).to.include({ code: 64 });
    expect(asked.stderr).to.match(/this would remove everything in the store of .*; give --yes/);
    expect((await call("restore", box.path("full"), "--replace", "--yes")).code).to.equal(0);
    expect((await call("keys")).stdout).to.equal("a\nl\n");
  });

  it("refuse a damaged backup, one that is none, and a target that is there", async () => {
    await filled();
    const full = box.path("full");
    await call("backup", full);
    expect((await call("backup", full)).stderr).to.match(/5002 not-empty: .*is there already/);
    mkdirSync(box.path("nothing"));
    expect((await call("restore", box.path("nothing"))).stderr).to.match(
      /5003 truncated: .*manifest\.ndjson": it is missing; a folder without it is no backup/,
    );
    for (const name of readdirSync(full)) appendFileSync(join(full, name), "x");
    const damaged = await call("restore", full, "--dry-run");
    expect(damaged.code).to.equal(3);
    expect(damaged.stderr).to.match(/5003 \w+: /);
    expect(await call("restore", full, "--as", "x")).to.include({ code: 64 });
  });

  it("say that there is no folder where a name was mistyped, before anything is asked or made", async () => {
    const said = `holdfast: there is no folder ${box.path("nosuch")}; give that of a backup\n`;
    for (const args of [
      ["restore", box.path("nosuch"), "--replace"],
      ["restore", box.path("nosuch"), "--dry-run"],
      ["backup", box.path("more"), "--base", box.path("nosuch")],
    ])
      expect(await call(...args), args.join(" ")).to.deep.equal({ code: 64, stdout: "", stderr: said });
    expect((await call("restore", config)).stderr).to.match(
      /storage\.yaml is no folder; give that of a backup\n$/,
    );
    expect(readdirSync(box.folder)).to.not.include("data");
  });

  it("advise for a damaged base to do without, and for a damaged key to verify", async () => {
    config = box.configure({ backend: "directory", directory: { path: box.path("store") } });
    await call("set", "k", "1");
    await call("backup", box.path("full"));
    await call("set", "k", "2");
    appendFileSync(box.path("full/manifest.ndjson"), "x");
    const more = ["backup", box.path("more"), "--base", box.path("full")];
    const base = await call(...more);
    expect(base.code).to.equal(3);
    expect(base.stderr).to.match(
      /^holdfast: 5003 \w+: backup failed: .*full\/manifest\.ndjson.* \(here: back up without --base; should it be the store, holdfast verify lists everything that is damaged\)\n$/,
    );
    rmSync(box.path("full"), { recursive: true });
    await call("backup", box.path("full"));
    await call("set", "k", "3");
    writeFileSync(box.path("store/@root/k.json"), "scribble");
    const store = await call(...more);
    expect(store.code).to.equal(3);
    expect(store.stderr).to.match(/\(here: holdfast verify lists everything that is damaged\)\n$/);
  });

  describe("with keys", () => {
    const keyFile = (id: string): string => {
      writeFileSync(box.path(`${id}.key`), randomBytes(32).toString("base64"), { mode: 0o600 });
      return `${id}=file:${box.path(`${id}.key`)}`;
    };
    const onSqlite = () =>
      box.configure({ backend: "sqlite", sqlite: { path: box.path("new.db") } }, "new.yaml");

    it("encrypt with a key that is given, and open with it, bases too", async () => {
      await filled();
      const [full, more] = [box.path("full"), box.path("more")];
      const [k1, k2] = [keyFile("k1"), keyFile("k2")];
      expect((await call("backup", full, "--key", k1)).stdout).to.match(
        /^full backup, encrypted with k1: \d+ records of 2 namespaces \(/,
      );
      await call("set", "a", "2");
      const plain = await call("backup", more, "--base", full);
      expect(plain).to.include({ code: 3 });
      expect(plain.stderr).to.match(
        /5003 wrong-key: .*full\/manifest\.ndjson" line 1: .* the key "k1", which is not here/,
      );
      const second = await call("backup", more, "--base", full, "--gzip", "--key", k2, "--key", k1);
      expect(second.stdout).to.match(/^incremental backup, encrypted with k2: 1 record of 2 namespaces/);
      config = onSqlite();
      const refused = await call("restore", more, "--key", k1);
      expect(refused).to.include({ code: 3 });
      expect(refused.stderr).to.match(/5003 wrong-key: .*more\/manifest\.ndjson" line 1: .* "k2"/);
      expect((await call("restore", more, "--key", k1, "--key", k2)).stdout).to.match(/^restored: /);
      expect((await call("get", "a")).stdout).to.equal("2\n");
    });

    it("encrypt with the key of the configuration", async () => {
      keyFile("k1");
      const encryption = { active: "none", keys: [{ id: "k1", file: box.path("k1.key") }] };
      const settings = { backend: "file", file: { path: box.path("data/store.json") }, encryption };
      config = box.configure({ ...settings, backup: { key: "k1" } });
      await filled();
      expect((await call("backup", box.path("full"), "--encrypt")).stdout).to.match(
        /^full backup, encrypted with k1: /,
      );
      expect((await call("restore", box.path("full"), "--replace", "--yes")).stdout).to.match(/^restored: /);
      config = onSqlite();
      expect((await call("restore", box.path("full"))).stderr).to.match(/5003 wrong-key/);
    });

    it("say what is wrong with what was typed", async () => {
      await filled();
      const target = box.path("full");
      const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
        [["--key", "k1"], /give ID=env:NAME or ID=file:PATH/],
        [["--key", "k1=c2VjcmV0"], /give ID=env:NAME or ID=file:PATH/],
        [
          ["--key", "k1=env:HOLDFAST_TEST_NO_KEY"],
          /key "k1": the environment variable HOLDFAST_TEST_NO_KEY is not set/,
        ],
        [["--key", `k1=file:${box.path("none")}`], /key "k1": the file cannot be read: /],
        [["--key", "a b=env:X"], /the id of a key is missing or not allowed/],
        [["--encrypt"], /encryption: true needs a key of the store; give backup\.key or encryption\.active/],
        [["--encrypt", "--key", keyFile("k1")], /leave out --encrypt/],
      ];
      for (const [args, said] of mistakes) {
        const { code, stderr } = await call("backup", target, ...args);
        expect({ code, stderr }, args.join(" ")).to.include({ code: EXIT.usage });
        expect(stderr).to.match(said).and.not.to.include("c2VjcmV0");
      }
      expect(existsSync(target)).to.equal(false);
    });
  });

  it("tell damage, and being outrun, by their exit codes", () => {
    const result = { ok: true, looked: 1, rewritten: 1, unreadable: 0, outrun: false, problems: [] };
    expect(rekeyExitCode(result)).to.equal(EXIT.done);
    expect(rekeyExitCode({ ...result, outrun: true })).to.equal(EXIT.tryAgain);
    expect(rekeyExitCode({ ...result, outrun: true, unreadable: 1 })).to.equal(EXIT.damaged);
  });

  it("encrypt what was plain, and say when there is no key", async () => {
    await filled();
    const none = await call("rekey");
    expect(none.code).to.equal(2);
    expect(none.stderr).to.match(/there are no keys/);
    writeFileSync(box.path("k1.key"), randomBytes(32).toString("base64"), { mode: 0o600 });
    const encryption = { active: "k1", keys: [{ id: "k1", file: box.path("k1.key") }] };
    const file = { path: box.path("data/store.json") };
    config = box.configure({ backend: "file", file, encryption }, "encrypted.yaml");
    expect((await call("rekey")).stdout).to.match(/^\d+ values looked at, [1-9]\d* rewritten\n$/);
    expect((await call("rekey")).stdout).to.match(/^\d+ values looked at, 0 rewritten\n$/);
    expect((await call("get", "a")).stdout).to.equal("1\n");
    config = box.configureFile();
    const locked = await call("get", "a");
    expect(locked.code).to.equal(3);
    expect(locked.stderr).to.match(/5003 wrong-key/);
  });
});
