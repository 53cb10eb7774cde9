import { expect } from "chai";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StoreInfo } from "../../src/index.js";
import { ROOT } from "../architecture/source-tree.js";
import { CliSandbox } from "./cli-sandbox.js";

describe("holdfast config", () => {
  let box: CliSandbox;

  beforeEach(() => {
    box = new CliSandbox();
  });

  afterEach(() => box.remove());

  it("finds storage.yaml before config/storage.yaml, and either without being told", async () => {
    mkdirSync(box.path("config"));
    box.configure({ backend: "memory" }, "config/storage.yaml");
    const inFolder = await box.run(["config", "check"]);
    expect(inFolder.stdout).to.equal("config/storage.yaml: right, backend memory\n");
    box.configureFile();
    expect((await box.run(["config", "check"])).stdout).to.equal("storage.yaml: right, backend file\n");
  });

  it("prints what is in force, with places and without secrets, so that it can be read again", async () => {
    const path = box.path("pg.yaml");
    const lines = [
      "storage:",
      "  backend: ${STORE:-postgres}",
      "  cache_size: 0",
      "  compression: true",
      '  postgres: { host: h, password: "p$${w", user: "$${me", database: "1e3", options: { ssl: { key: s3cret } } }',
    ];
    writeFileSync(path, `${lines.join("\n")}\n`);
    const { stdout, stderr } = await box.call(["--config", path, "config", "print"]);
    expect(stderr).to.equal("");
    expect(stdout).to.match(/^storage:\n {2}backend: postgres # .*pg\.yaml:2:3\n/);
    expect(stdout).to.match(/\n {4}max_entries: 0 # .*pg\.yaml:3:3\n {4}max_bytes: 64MiB\n {4}ttl: 0\n/);
    expect(stdout)
      .to.match(/\n {4}password: "\*\*\*" # .*\n/)
      .and.match(/\n {4}options: .*"key":"\*\*\*"/);
    expect(stdout).to.not.match(/s3cret|p\$/);
    expect(stdout).to.not.match(/^ {2}(file|redis|memory):/m);
    writeFileSync(box.path("again.yaml"), stdout);
    const again = await box.call(["--config", box.path("again.yaml"), "config", "print"]);
    const values = (text: string) => text.replace(/ # .*$/gm, "");
    expect(values(again.stdout)).to.equal(values(stdout));
    const asJson = await box.call(["--config", path, "config", "print", "--json"]);
    expect(JSON.parse(asJson.stdout)).to.deep.nested.include({
      "storage.postgres.password": "***",
      "storage.postgres.user": "${me",
      "storage.postgres.database": "1e3",
      "storage.changes.retain.age": "10s",
    });
  });

  it("masks what logs in inside an address", async () => {
    const url = "postgres://ada:s3cret@h/db?password=t0psecret";
    const config = box.configure({ backend: "postgres", postgres: { url } });
    const { stdout } = await box.call(["--config", config, "config", "print"]);
    expect(stdout)
      .to.include('url: "postgres://***@h/db?password=***"')
      .and.not.match(/s3cret|t0psecret/);
  });

  it("reads every example and the reference as right", async () => {
    const files = [
      "storage.yaml",
      ...["file", "sqlite", "redis", "short-names"].map((name) => `examples/${name}.yaml`),
    ];
    for (const file of files) {
      const result = await box.call(["--config", join(ROOT, "config", file), "config", "check"]);
      expect(result.stderr, file).to.equal("");
    }
  });

  it("puts --backend and --set over the file, and begins with nothing without one", async () => {
    const config = box.configure({ backend: "memory", cache: { max_entries: 5, ttl: "1m" } });
    const set = ["--set", "cache.max_entries=7", "--set", "auto_save=false"];
    const printed = await box.call(["--config", config, ...set, "config", "print", "--json"]);
    expect(JSON.parse(printed.stdout)).to.deep.nested.include({
      "storage.cache.max_entries": 7,
      "storage.cache.ttl": "1m",
      "storage.auto_save": false,
    });
    const alone = await box.call([
      "--backend",
      "redis",
      "--set",
      'redis.cluster=["a:1","b:2"]',
      "config",
      "print",
    ]);
    expect(alone.stdout).to.include('cluster: ["a:1","b:2"] # --set redis.cluster\n');
    expect(alone.stdout).to.include("backend: redis # --backend\n");
    const section = ["--backend", "memory", "--set", 'cache={"max_entries":3,"ttl":"1m"}'];
    const whole = await box.call([...section, "config", "print"]);
    expect(whole.stdout).to.include("max_entries: 3 # --set cache\n");
  });

  it("shows the schema that the package ships", async () => {
    const { stdout } = await box.call(["config", "schema"]);
    const shipped = readFileSync(join(ROOT, "config/storage.schema.json"), "utf8");
    expect(stdout).to.equal(shipped);
    const line = (await box.call(["config", "schema", "--json"])).stdout;
    expect(line).to.equal(`${JSON.stringify(JSON.parse(shipped))}\n`);
  });

  it("masks secrets in info too", async () => {
    const config = box.configure({ backend: "memory", redis: { password: "s3cret" } });
    const { stdout } = await box.call(["--config", config, "info"]);
    expect(stdout)
      .to.match(/^configuration +\{"backend":"memory"/m)
      .and.not.include("s3cret");
  });

  it("shows in info how the store is configured, not how the command opens it", async () => {
    for (const backend of ["file", "directory"]) {
      const section = { path: box.path(`data/${backend}`) };
      await box.call(["--config", box.configure({ backend, [backend]: section }), "set", "k", "1"]);
      for (const read_only of [false, true]) {
        const config = box.configure({ backend, [backend]: { ...section, read_only } });
        const info = await box.call(["--config", config, "info", "--json"]);
        const { configuration } = JSON.parse(info.stdout) as StoreInfo;
        expect(configuration["backendOptions"], backend).to.include({
          ...{ path: section.path, readOnly: read_only },
        });
      }
    }
  });

  it("shows the files of a store where the configuration says they are", async () => {
    const path = `${box.folder}/./data/store.json`;
    const config = box.configure({ backend: "file", file: { path } });
    await box.call(["--config", config, "set", "k", "1"]);
    const { stdout } = await box.call(["--config", config, "info", "--json"]);
    const { files = [] } = JSON.parse(stdout) as StoreInfo;
    expect(files.length).to.be.above(1);
    for (const file of files) expect(file.path.startsWith(path), file.path).to.equal(true);
  });
});

describe("holdfast doctor", () => {
  let box: CliSandbox;

  beforeEach(() => {
    box = new CliSandbox();
  });

  afterEach(() => box.remove());

  it("finds nothing wrong with a store that is well", async () => {
    const config = box.configureFile();
    await box.call(["--config", config, "set", "k", "1"]);
    const { code, stdout, stderr } = await box.call(["--config", config, "doctor"]);
    expect(stderr).to.equal("");
    const topics = stdout.split("\n").map((line) => /^ok {7}(\w+): ./.exec(line)?.[1] ?? line);
    const looked = [
      "node",
      "configuration",
      "driver",
      "store",
      "content",
      "durability",
      "permissions",
      "verify",
    ];
    expect(topics).to.deep.equal([...looked, "everything works", ""]);
    expect(code).to.equal(0);
  });

  it("names every problem of the configuration and goes no further", async () => {
    const config = box.configure({ backend: "memroy", cache_sise: 1 });
    const { code, stdout } = await box.call(["--config", config, "doctor"]);
    expect(stdout).to.match(
      /PROBLEM {2}configuration: .*cache_sise.*\nPROBLEM {2}configuration: .*memroy.*\n2 problems\n$/,
    );
    expect(code).to.equal(2);
  });

  it("finds a key that cannot be had, with its place", async () => {
    const encryption = { active: "a", keys: [{ id: "a", env: "NOT_SET_ANYWHERE" }] };
    const config = box.configure({ backend: "memory", encryption });
    const { code, stdout } = await box.call(["--config", config, "doctor"]);
    expect(stdout).to.match(
      /PROBLEM {2}configuration: .*storage\.yaml:1:\d+ storage\.encryption\.keys\.0: key "a": .*\n1 problem\n$/,
    );
    expect(code).to.equal(2);
  });

  it("warns of files and secrets that others can read, and of what is not durable", async () => {
    const config = box.configure({
      backend: "file",
      durability: "none",
      file: { path: box.path("store.json") },
      postgres: { password: "s3cret" },
      redis: { password: "other" },
    });
    await box.call(["--config", config, "set", "k", "1"]);
    await box.shell("chmod 644 store.json*");
    const { code, stdout } = await box.call(["--config", config, "doctor"]);
    expect(stdout).to.match(/warning {2}durability: none: /);
    expect(stdout).to.match(
      /warning {2}permissions: .*store\.json is open to other users\n +→ chmod 600 .*store\.json\n/,
    );
    expect(stdout).to.match(/\neverything works, \d+ warnings\n$/);
    const directory = box.configure({ backend: "directory", directory: { path: box.path("d") } }, "d.yaml");
    for (let i = 0; i < 12; i++) await box.call(["--config", directory, "set", `k${i}`, "1"]);
    await box.shell("chmod -R go+rX d");
    const many = (await box.call(["--config", directory, "doctor"])).stdout;
    expect(many.match(/^warning {2}permissions: /gm)).to.have.length(4);
    expect(many).to.match(/^warning {2}permissions: so are \d+ more files$/m);
    const info = (await box.call(["--config", directory, "info"])).stdout;
    expect(info.match(/^file {2,}/gm)).to.have.length(10);
    expect(info).to.match(/^files +\d+ more, which --json lists$/m);
    expect(code).to.equal(0);
    const secret = box.configure({ backend: "redis", redis: { password: "s3cret", port: 1 } }, "secret.yaml");
    const looked = await box.call(["--config", secret, "--timeout", "2s", "doctor"]);
    expect(looked.stdout).to.match(
      /warning {2}secrets: .*secret\.yaml holds redis\.password and is open to other users/,
    );
    expect(looked.stdout).to.not.include("s3cret");
    expect(looked.stdout).to.match(/PROBLEM {2}store: 5001 (unavailable|timeout): /);
    await box.shell("chmod 600 secret.yaml");
    const kept = await box.call(["--config", secret, "--timeout", "2s", "doctor"]);
    expect(kept.stdout).to.not.include("secrets:");
  });
});
