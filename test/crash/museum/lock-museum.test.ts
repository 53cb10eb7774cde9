import { expect } from "chai";
import { processLock } from "../../../src/backends/files/process-lock.js";
import { lockOfTheLast, unguarded } from "../simulated-store.js";
import { ownersAfterSleep } from "../sleeping-owner.js";
import { tryTakeover } from "../takeover.js";
import { mtimeLock } from "./mtime-lock.js";

describe("bug museum: owners of a store", () => {
  for (const backend of ["file", "directory"] as const) {
    it(`a former owner of a ${backend} store is kept out of it`, async () => {
      expect(await tryTakeover(backend, lockOfTheLast())).to.deep.equal([]);
    });

    it(`a takeover finds a ${backend} store that goes on after its lock was taken over`, async () => {
      expect(await tryTakeover(backend, unguarded)).not.to.be.empty;
    });
  }

  it("an owner that sleeps keeps its lock", async () => {
    expect(await ownersAfterSleep(processLock)).to.equal(1);
  });

  it("an owner that sleeps finds a lock judged by the time of its file", async () => {
    expect(await ownersAfterSleep(mtimeLock)).to.equal(2);
  });
});
