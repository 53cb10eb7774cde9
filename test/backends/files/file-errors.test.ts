import { expect } from "chai";
import { fileFault } from "../../../src/backends/files/file-errors.js";
import { StorageFault } from "../../../src/core/errors.js";

const CASES = [
  ["ENOSPC", "no-space", /free some space/],
  ["EDQUOT", "no-space", /quota/],
  ["EACCES", "read-only", /writable/],
  ["EPERM", "read-only", /writable/],
  ["EROFS", "read-only", /read_only: true/],
  ["EIO", "io", /check the disk/],
  ["ENOENT", "io", /missing/],
  ["EEXIST", "locked", /another process/],
  ["EISDIR", "io", /is a folder/],
  ["ENOTDIR", "io", /parents are folders/],
  ["ELOOP", "io", /symbolic link/],
  ["ENAMETOOLONG", "io", /shorter path/],
  ["EFBIG", "io", /too large/],
  ["EMFILE", "io", /ulimit/],
  ["ENFILE", "io", /open files/],
  ["EWHATEVER", "io", /see the cause/],
] as const;

describe("fileFault", () => {
  for (const [code, reason, advice] of CASES) {
    it(`translates ${code} to ${reason}, and says what to try`, () => {
      const native = Object.assign(new Error(`${code}: it failed`), { code });
      const fault = fileFault(native, "writing data/storage.json");
      expect(fault.reason).to.equal(reason);
      expect(fault.message)
        .to.match(/^writing data\/storage\.json failed \(E\w+\); /)
        .and.match(advice);
      expect(fault.cause).to.equal(native);
    });
  }

  it("keeps a fault as it is", () => {
    const fault = new StorageFault("locked", "somebody has it");
    expect(fileFault(fault, "opening")).to.equal(fault);
  });

  it("takes an error without a code, and an outcome", () => {
    const fault = fileFault(new Error("odd"), "reading", { outcome: "unknown" });
    expect(fault).to.include({
      reason: "io",
      outcome: "unknown",
      message: "reading failed (odd); see the cause",
    });
  });
});
