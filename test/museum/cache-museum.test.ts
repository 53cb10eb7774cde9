import { expect } from "chai";
import { FollowedLog } from "../../src/cache/followed-log.js";
import { EntryCache } from "../../src/cache/entry-cache.js";
import { systemClock } from "../../src/core/runtime.js";
import { commitOvertakenByChange, readOvertakenByCommit } from "./cache-races.js";
import { readAfterLostHistory } from "./replaced-history.js";

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

  it("what a failover undid is not answered beyond the bound", async () => {
    expect(await readAfterLostHistory()).to.equal(0);
  });

  it("the schedule finds a follower that trusts what the log has not told of", async () => {
    const ahead = Object.getOwnPropertyDescriptor(FollowedLog.prototype, "aheadSince") as PropertyDescriptor;
    Object.defineProperty(FollowedLog.prototype, "aheadSince", { ...ahead, get: () => Infinity });
    try {
      expect(await readAfterLostHistory()).to.equal(2);
    } finally {
      Object.defineProperty(FollowedLog.prototype, "aheadSince", ahead);
    }
  });
});
