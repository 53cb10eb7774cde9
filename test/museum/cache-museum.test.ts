import { expect } from "chai";
import { EntryCache } from "../../src/cache/entry-cache.js";
import { systemClock } from "../../src/core/runtime.js";
import { commitOvertakenByChange, readOvertakenByCommit } from "./cache-races.js";

const OPTIONS = { maxEntries: 10, maxBytes: 10_000, ttlMs: 0 };

/** Fills whatever arrives, however old it is. */
class UnguardedCache extends EntryCache {
  override mayFill(): boolean {
    return true;
  }
}

describe("bug museum: the cache", () => {
  it("a read overtaken by a commit does not fill the cache", async () => {
    expect(await readOvertakenByCommit(new EntryCache(OPTIONS, systemClock))).to.equal(2);
  });

  it("a commit overtaken by another process's change does not fill the cache", async () => {
    expect(await commitOvertakenByChange(new EntryCache(OPTIONS, systemClock))).to.equal(2);
  });

  it("the races find a fill that nothing guards", async () => {
    expect(await readOvertakenByCommit(new UnguardedCache(OPTIONS, systemClock))).to.equal(1);
  });

  it("the races find a write-through that nothing guards", async () => {
    expect(await commitOvertakenByChange(new UnguardedCache(OPTIONS, systemClock))).to.equal(1);
  });
});
