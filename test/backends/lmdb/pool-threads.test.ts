import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { poolThreads } from "../../../src/backends/lmdb/pool-threads.js";
import { MEMORY_FOLDER } from "../../support/memory-folder.js";
import { StoreProcess } from "../../support/store-process.js";
import type { OneThreadReport, OneThreadTask } from "./one-thread-process.js";

const PROGRAM = new URL("one-thread-process.ts", import.meta.url);
describe("poolThreads", () => {
  it("reads the setting as libuv does", () => {
    const settings = [undefined, "1", "2", "5000", " 3x", "-2", "", "many", "0"];
    expect(settings.map(poolThreads)).to.deep.equal([4, 1, 2, 1024, 3, 1024, 1, 1, 1]);
  });

  for (const threads of ["1", "2"]) {
    it(`lets a process with ${threads === "1" ? "one thread" : "two threads"} for files compact, write and read`, async function () {
      this.timeout(180_000);
      const path = await mkdtemp(join(MEMORY_FOLDER, "holdfast-lmdb-pool-"));
      const task: OneThreadTask = { path, stores: ["one", "two"], times: 3 };
      const child = new StoreProcess(PROGRAM, task, { UV_THREADPOOL_SIZE: threads });
      try {
        const report = await child.next<OneThreadReport>();
        expect(report.held).to.deep.equal([
          [2, 2, 2],
          [2, 2, 2],
        ]);
        expect(report).to.include({ problems: 0, afterwards: "written" });
        expect(report.failed).to.include("no copies here");
        for (const name of task.stores) expect(await readdir(join(path, name))).to.deep.equal(["data-4"]);
      } finally {
        await child.end();
        await rm(path, { recursive: true });
      }
    });
  }
});
