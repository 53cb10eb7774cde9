import { expect } from "chai";
import { failureReport } from "../../src/cli/failure-report.js";
import { StorageError, type Reason } from "../../src/index.js";

describe("failureReport", () => {
  const lineOf = (operation: string, reason: Reason, backend: string) => {
    const init = {
      code: 5003,
      reason,
      message: "it failed",
      operation,
      access: "read",
      backend,
    } as const;
    return failureReport(new StorageError(init)).lines[0];
  };

  type Case = readonly [operation: string, reason: Reason, advice: string | undefined, backend?: string];
  const cases: readonly Case[] = [
    [
      "open",
      "checksum",
      "holdfast verify --repair CONFIG writes what is undamaged into another store",
      "file",
    ],
    ["open", "newer-format", undefined, "file"],
    ["get", "checksum", "holdfast verify lists everything that is damaged"],
    ["verify", "checksum", "--repair CONFIG writes what is undamaged into another store"],
    // Nobody can verify what does not open, and a backup is no store.
    ["open", "checksum", undefined],
    ["restore", "truncated", undefined],
    ["copyStorage", "not-empty", "--resume"],
    ["restore", "not-empty", "--replace"],
    ["verify", "not-empty", undefined],
    ["set", "conflict", "run it again"],
    ["set", "too-large", undefined],
  ];
  for (const [operation, reason, advice, backend = "memory"] of cases) {
    it(`advises ${advice ?? "nothing"} when ${operation} of ${backend} failed with ${reason}`, () => {
      const said = advice === undefined ? "" : ` (here: ${advice})`;
      expect(lineOf(operation, reason, backend)).to.equal(`5003 ${reason}: it failed${said}`);
    });
  }
});
