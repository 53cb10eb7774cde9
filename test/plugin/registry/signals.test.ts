import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiledProgram } from "../../support/compiled-program.js";
import { background, openStorage } from "holdfast";

const HOST = "signals-host.ts";
const STORAGE_HOST = "signals-storage-host.ts";

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A host whose plugin stops in some way, and how it ended. */
class HostProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #out = "";
  #err = "";

  constructor(script: string, argument: string) {
    const path = compiledProgram(new URL(script, import.meta.url));
    this.#child = spawn(process.execPath, [path, argument], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.on("data", (text: Buffer) => {
      this.#out += text.toString();
    });
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#err += text.toString();
    });
    this.ended = new Promise((resolve) => {
      this.#child.on("close", (code, signal) => resolve({ code, signal, out: this.#out, err: this.#err }));
    });
  }

  async says(line: string): Promise<void> {
    while (!this.#out.split("\n").includes(line)) {
      if (this.#child.exitCode !== null) throw new Error(`the host ended early: ${this.#err}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

describe("signals", () => {
  const rows: readonly (readonly [string, NodeJS.Signals, number])[] = [
    ["clean", "SIGINT", 130],
    ["clean", "SIGTERM", 143],
    ["slow", "SIGTERM", 143],
  ];
  for (const [how, signal, code] of rows) {
    it(`${signal} stops a host with a ${how} plugin in reverse and ends it with ${code}`, async () => {
      const host = new HostProcess(HOST, how);
      await host.says("ready");
      host.signal(signal);
      const ended = await host.ended;
      expect(ended).to.deep.include({ code, out: "ready\nstop high\nstop low\n", err: "" });
    });
  }

  it("save what was not saved yet", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-signals-"));
    try {
      const file_path = join(folder, "store.json");
      const host = new HostProcess(STORAGE_HOST, file_path);
      await host.says("ready");
      host.signal("SIGTERM");
      expect(await host.ended).to.deep.include({ code: 143, err: "" });
      await using storage = await openStorage({ backend: "file", file_path });
      expect(await storage.get(background(), "unsaved")).to.equal("until the signal");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("a second signal ends the process at once", async () => {
    const host = new HostProcess(HOST, "hanging");
    await host.says("ready");
    host.signal("SIGTERM");
    await host.says("stop high");
    host.signal("SIGINT");
    expect(await host.ended).to.deep.include({ code: 130, out: "ready\nstop high\n" });
  });

  it("what fails while stopping is reported, and the rest is stopped", async () => {
    const host = new HostProcess(HOST, "failing");
    await host.says("ready");
    host.signal("SIGINT");
    expect(await host.ended).to.deep.include({
      code: 130,
      out: "ready\nstop high\nstop low\n",
      err: 'the host did not stop cleanly: plugin "high" failed to stop: the disk is gone\n',
    });
  });

  it("are the process's own again once the handlers are taken away", async () => {
    const host = new HostProcess(HOST, "uninstalled");
    await host.says("ready");
    host.signal("SIGTERM");
    expect(await host.ended).to.deep.include({ signal: "SIGTERM", out: "ready\n" });
  });
});
