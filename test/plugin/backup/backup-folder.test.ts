import { expect } from "chai";
import { StorageFault } from "../../../src/core/errors.js";
import { BackupFolder } from "../../../src/plugin/backup/backup-folder.js";
import { SimulatedFileSystem } from "../../../src/testing/simulated-file-system.js";

describe("BackupFolder", () => {
  it("advises on the folder of the backup, not on the store, where rights are missing", async () => {
    const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    const fs = Object.assign(new SimulatedFileSystem(), { makeDir: () => Promise.reject(denied) });
    const fault = await BackupFolder.begin(fs, "/backups/one").catch((error: unknown) => error);
    expect(fault).to.be.instanceOf(StorageFault).with.property("reason", "read-only");
    expect(fault)
      .to.have.property("message")
      .that.includes("make the folder that the backup goes to writable");
    expect(fault).to.have.property("message").that.does.not.include("read_only");
  });
});
