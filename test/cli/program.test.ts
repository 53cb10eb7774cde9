import { expect } from "chai";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missing } from "../support/fixtures.js";
import { background, openStorage } from "../../src/index.js";
import { CliSandbox } from "./cli-sandbox.js";

/** Runs a command on a terminal of its own. */
const SCRIPT = "/usr/bin/script";

/** What only a process of its own can show: its ending, signals, terminals, and others that hold the store. */
describe("holdfast as a program", () => {
  let box: CliSandbox;

  beforeEach(() => {
    box = new CliSandbox();
    box.configureFile();
  });

  afterEach(() => box.remove());

  const STORE = "data/store.json";

  it("ends with the code of what happened", async () => {
    writeFileSync(box.path("wrong.yaml"), "storage:\n  backend: nowhere\n");
    const script = [
      "holdfast set k 1; echo $?",
      "holdfast get gone; echo $?",
      "holdfast get k --bytes; echo $?",
      "holdfast nothing; echo $?",
      "holdfast --config wrong.yaml get k; echo $?",
    ].join("\n");
    const { stdout, stderr } = await box.shell(script);
    expect(stdout).to.equal("0\n1\n2\n64\n78\n");
    expect(stderr.trimEnd().split("\n")).to.have.length(4);
  });

  it("ends quietly when nobody reads its help, its answers or its failures", async () => {
    await box.run(["set", "k", "1"]);
    const script = [
      "exec 3>&1",
      '{ sleep 1; holdfast --help; echo "$?" >&3; holdfast doctor; echo "$?" >&3; } | true',
      '{ sleep 1; holdfast get gone 2>&1; echo "$?" >&3; } | true',
    ].join("\n");
    expect(await box.shell(script)).to.deep.equal({ code: 0, stdout: "0\n0\n1\n", stderr: "" });
  });

  it("ends with 3 where data is damaged, naming the file, and the doctor says so too", async () => {
    await box.run(["set", "k", '"some value"']);
    await box.run(["compact"]);
    const text = readFileSync(box.path(STORE), "utf8");
    writeFileSync(box.path(STORE), text.replace("some value", "same value"));
    const damaged = await box.run(["get", "k"]);
    expect(damaged.code).to.equal(3);
    expect(damaged.stderr).to.match(/^holdfast: 5003 checksum: .*store\.json.*restore the store from a copy/);
    // No command opens it; this one reads what is whole without.
    expect(damaged.stderr).to.include("here: holdfast verify --repair CONFIG");
    const sick = await box.run(["doctor"]);
    expect(sick.code).to.equal(2);
    expect(sick.stdout).to.match(/\nPROBLEM {2}store: 5003 checksum: .*\n1 problem\n$/);
  });

  for (const backend of ["file", "directory"] as const) {
    const settings = () => ({ backend, [backend]: { path: box.path("data/store") } });

    it(`reads a ${backend} store that another process holds, says so, and does not write to it`, async () => {
      box.configure(settings());
      const storage = await openStorage(box.path("storage.yaml"));
      try {
        await storage.set(background(), "k", "held");
        const holder = `process ${process.pid} on `;
        const read = await box.run(["get", "k"]);
        expect(read.stdout).to.equal("held\n");
        expect(read.stderr).to.match(new RegExp(`^holdfast: ${holder}.* it is read as it is now`));
        expect(read.code).to.equal(0);
        const written = await box.run(["set", "k", "mine"]);
        expect(written.code).to.equal(75);
        expect(written.stderr).to.match(new RegExp(`^holdfast: 5001 locked: .*${holder}`));
        const verified = await box.call(["--config", box.path("storage.yaml"), "verify"]);
        expect(verified.code).to.equal(75);
        expect(verified.stderr).to.match(/\nholdfast: 5001 locked: .*; verify in that process/);
        const looked = await box.call(["--config", box.path("storage.yaml"), "doctor", "--json"]);
        expect(looked.code).to.equal(0);
        const { findings } = JSON.parse(looked.stdout) as { findings: { topic: string; level: string }[] };
        const warnings = findings.filter(({ level }) => level === "warning").map(({ topic }) => topic);
        expect(warnings).to.deep.equal(["store", "verify"]);
        expect(await storage.get(background(), "k")).to.equal("held");
      } finally {
        await storage.stop();
      }
      const free = await box.run(["get", "k"]);
      expect(free).to.deep.equal({ code: 0, stdout: "held\n", stderr: "" });
    });

    it(`changes none of the files of a ${backend} store that it only reads`, async () => {
      box.configure(settings());
      const call = (...args: readonly string[]) => box.call(["--config", box.path("storage.yaml"), ...args]);
      await call("set", "k", "1");
      const before = contents(box.path("data"));
      for (const reading of ["get k", "keys", "find *", "count", "info", "stats", "verify", "namespaces"]) {
        expect((await call(...reading.split(" "))).code).to.equal(0);
      }
      expect(contents(box.path("data"))).to.deep.equal(before);
      await call("set", "k", "2");
      expect(contents(box.path("data"))).to.not.deep.equal(before);
    });
  }

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`ends with ${code} on ${signal}`, async () => {
      box.configure({ backend: "sqlite", sqlite: { path: box.path("store.db") } });
      await box.run(["set", "k", "1"]);
      const running = box.start(["watch"]);
      while (running.stdout === "") await box.run(["set", "k", "1"]);
      running.child.kill(signal);
      const { code: ended, stderr } = await running.ended;
      expect(stderr).to.equal("holdfast: interrupted\n");
      expect(ended).to.equal(code);
    });
  }

  it("closes the store when Ctrl-C answers a question", async function () {
    if (!existsSync(SCRIPT)) return missing(this, "script of util-linux");
    const lock = `${box.path(STORE)}.lock`;
    const asking = box.terminal("trap : INT; NO_COLOR=1 holdfast clear; echo code $?");
    while (!asking.stdout.includes("[y/N]")) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(existsSync(lock)).to.equal(true);
    asking.child.stdin?.write("\u0003");
    const { stdout } = await asking.ended;
    expect(stdout).to.match(/holdfast: interrupted\r\ncode 130\r\n$/);
    expect(existsSync(lock)).to.equal(false);
  });

  it("can be interrupted while it waits for a value, and holds no store meanwhile", async () => {
    const waiting = `mkfifo in; exec 9<>in; holdfast set k - <in & sleep 1
      holdfast set other 1; echo "other $?"; kill -INT $!; wait $!; echo $?`;
    expect((await box.shell(waiting)).stdout).to.equal("other 0\n130\n");
  });

  it("colours on a terminal, and not with NO_COLOR or in a pipe", async function () {
    if (!existsSync(SCRIPT)) return missing(this, "script of util-linux");
    const onTerminal = async (environment: string) => {
      const running = box.terminal(`env ${environment} holdfast --backend memory doctor`);
      return (await running.ended).stdout;
    };
    expect(await onTerminal("TERM=xterm")).to.include("\u001b[32mok");
    expect(await onTerminal("TERM=xterm NO_COLOR=1"))
      .to.include("ok       node")
      .and.not.include("\u001b");
    const piped = await box.run(["--backend", "memory", "doctor"]);
    expect(piped.stdout).to.include("ok       node").and.not.include("\u001b");
  });
});

/** What stands in every file of a folder. */
function contents(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.sort().map((path) => [path, readFileSync(path, "latin1")]));
}
