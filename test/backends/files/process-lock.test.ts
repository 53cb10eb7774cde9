import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { compiledProgram } from "../../support/compiled-program.js";
import { expect } from "chai";
import { thisProcess } from "../../../src/backends/files/process-identity.js";
import { lockHolder, processLock } from "../../../src/backends/files/process-lock.js";
import type { StorageFault } from "../../../src/core/errors.js";
import type { RacerTask } from "../../crash/lock-races.js";

const RACER = new URL("../../crash/lock-racer.ts", import.meta.url);

const faultFrom = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("it must be refused"),
    (error: unknown) => error as StorageFault,
  );

describe("processLock", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
    path = join(folder, "storage.json.lock");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function plant(changes: Record<string, unknown>): Promise<void> {
    const owner = { ...(await thisProcess()), owner: "another", since: "2026-01-31T00:00:00.000Z" };
    await writeFile(path, JSON.stringify({ ...owner, ...changes }));
  }

  it("names the owner to a second one in the same process, and leaves nothing behind", async () => {
    const lock = await processLock.acquire(path);
    const fault = await faultFrom(processLock.acquire(path));
    expect(fault.reason).to.equal("locked");
    expect(fault.message)
      .to.include(`pid ${process.pid}`)
      .and.include(hostname())
      .and.match(/since \d{4}-/);
    expect(await readdir(folder)).to.deep.equal(["storage.json.lock"]);
    await lock.release();
    expect(await readdir(folder)).to.deep.equal([]);
    await (await processLock.acquire(path)).release();
  });

  it("takes over from a process that was killed", async () => {
    const child = fork(compiledProgram(RACER), { execArgv: [] });
    await once(child, "message");
    child.send({ kind: "lock", path } satisfies RacerTask);
    expect(await once(child, "message")).to.include("won");
    const fault = await faultFrom(processLock.acquire(path));
    expect(fault.message).to.include(`process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await processLock.acquire(path)).release();
  });

  it("takes over when the pid belongs to a later process, or the machine was started anew", async () => {
    await plant({ startTime: "1" });
    await (await processLock.acquire(path)).release();
    await plant({ bootId: "an earlier one" });
    await (await processLock.acquire(path)).release();
  });

  it("leaves alone what it cannot judge: another machine, another container", async () => {
    await plant({ host: "elsewhere", bootId: "other", startTime: "1" });
    expect((await faultFrom(processLock.acquire(path))).message).to.include("elsewhere");
    await plant({ pidNamespace: "pid:[1]", startTime: "1" });
    expect((await faultFrom(processLock.acquire(path))).reason).to.equal("locked");
  });

  it("leaves alone a lock file that cannot be read", async () => {
    await writeFile(path, "{");
    const fault = await faultFrom(processLock.acquire(path));
    expect(fault).to.include({ reason: "locked" });
    expect(fault.message).to.include("remove it if no process uses the store");
  });

  it("tells who holds a lock, and that nobody does once its owner is over", async () => {
    expect(await lockHolder(path)).to.equal(undefined);
    const lock = await processLock.acquire(path);
    expect(await lockHolder(path)).to.include({ pid: process.pid, host: hostname() });
    await lock.release();
    expect(await lockHolder(path)).to.equal(undefined);
    await plant({ startTime: "1" });
    expect(await lockHolder(path)).to.equal(undefined);
    await plant({ host: "elsewhere" });
    expect(await lockHolder(path)).to.include({ host: "elsewhere" });
    await writeFile(path, "{");
    expect((await faultFrom(lockHolder(path))).reason).to.equal("locked");
  });

  it("notices that the lock was removed or taken over, and does not release another one's", async () => {
    const lock = await processLock.acquire(path);
    expect(await lock.isHeld()).to.equal(true);
    await unlink(path);
    expect(await lock.isHeld()).to.equal(false);
    await plant({});
    expect(await lock.isHeld()).to.equal(false);
    await lock.release();
    expect(await readFile(path, "utf8")).to.include("another");
  });
});
