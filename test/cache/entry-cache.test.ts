import { expect } from "chai";
import { EntryCache } from "../../src/cache/entry-cache.js";
import type { KeysUnderWay } from "../../src/cache/keys-under-way.js";
import { ABSENT, NO_DEADLINE, PresentEntry, type Deadline } from "../../src/core/decoded-entry.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import { requestOf } from "../transaction/requests.js";

const JSON_PAYLOADS = {
  decode: ({ data }: { data: string | Uint8Array }): unknown => JSON.parse(String(data)),
};

function entry(version: string, bytes = 10, deadline: Deadline = NO_DEADLINE): PresentEntry {
  const payload = { codec: 1, data: JSON.stringify(version) };
  return new PresentEntry(version, 1, payload, bytes, deadline, JSON_PAYLOADS, "copy");
}

function cacheOf(options: { maxEntries?: number; maxBytes?: number; ttlMs?: number } = {}) {
  const runtime = new FakeRuntime();
  const all = { maxEntries: 3, maxBytes: 100_000, ttlMs: 0, ...options };
  return { runtime, cache: new EntryCache(all, runtime.clock) };
}

describe("EntryCache", () => {
  describe("bounds", () => {
    it("drops the entry used least recently", () => {
      const { cache } = cacheOf();
      for (const key of ["a", "b", "c"]) cache.fill(key, entry(key));
      cache.peek("a");
      cache.fill("d", entry("d"));
      expect(["a", "b", "c", "d"].filter((key) => cache.peek(key) !== undefined)).to.deep.equal([
        "a",
        "c",
        "d",
      ]);
      expect(cache.counts.evictions).to.equal(1);
    });

    it("stays within its bytes", () => {
      const { cache } = cacheOf({ maxEntries: 1000, maxBytes: 5000 });
      for (let i = 0; i < 100; i++) cache.fill(`key:${i}`, entry(`${i}`, 300));
      expect(cache.bytes).to.be.at.most(5000);
      expect(cache.size).to.be.greaterThan(5);
    });

    it("keeps nothing larger than all of it, and forgets what stood there", () => {
      const { cache } = cacheOf({ maxBytes: 1000 });
      cache.fill("a", entry("old"));
      cache.fill("a", entry("new", 5000));
      expect(cache.peek("a")).to.equal(undefined);
      expect(cache.size).to.equal(0);
    });

    it("does not count absences as entries, however often they are filled", () => {
      const { cache } = cacheOf();
      for (let i = 0; i < 5; i++) cache.fill("a", ABSENT);
      expect(cache.size).to.equal(0);
      cache.fill("a", entry("1"));
      expect(cache.size).to.equal(1);
      cache.fill("a", ABSENT);
      cache.fill("b", ABSENT);
      expect(cache.size).to.equal(0);
      cache.invalidate("a");
      expect(cache.size).to.equal(0);
    });

    it("keeps its size right when absences are evicted, expire or do not fit", () => {
      const { cache } = cacheOf({ maxEntries: 2 });
      for (const key of ["a", "b", "c", "d"]) cache.fill(key, ABSENT);
      cache.fill("e", entry("1"));
      expect(cache.size).to.equal(1);
      const tiny = cacheOf({ maxBytes: 100 }).cache;
      tiny.fill("a", ABSENT);
      expect(tiny.size).to.equal(0);
    });
  });

  describe("deadlines", () => {
    it("forgets an entry at its deadline, and counts that", async () => {
      const { cache, runtime } = cacheOf();
      cache.fill("a", entry("1", 10, { expiresAt: 5, staleAt: 5 }));
      await runtime.advance(4);
      expect(cache.lookup("a")?.version).to.equal("1");
      await runtime.advance(1);
      expect(cache.lookup("a")).to.equal(undefined);
      expect(cache.counts).to.include({ hits: 1, misses: 1, expirations: 1 });
      expect(cache.size).to.equal(0);
    });
  });

  describe("counts", () => {
    it("counts lookups, not peeks", () => {
      const { cache } = cacheOf();
      cache.fill("a", entry("1"));
      cache.lookup("a");
      cache.lookup("x");
      cache.peek("a");
      cache.peek("x");
      expect(cache.counts).to.include({ hits: 1, misses: 1 });
    });

    it("zeroes what was counted, and keeps the totals", () => {
      const { cache } = cacheOf();
      for (let round = 1; round <= 3; round++) {
        cache.fill("a", entry("1"));
        cache.lookup("a");
        cache.countLoad();
        expect(cache.counts.hits).to.equal(1);
        cache.clear();
        expect(cache.counts).to.include({ hits: 0, loads: 0, evictions: 0 });
        expect(cache.totals).to.include({ hits: round, loads: round });
      }
      expect(cache.size).to.equal(0);
      expect(cache.bytes).to.equal(0);
    });

    it("counts what it forgot because it changed, not what was not there", () => {
      const { cache } = cacheOf();
      cache.fill("a", entry("1"));
      cache.invalidate("a");
      cache.invalidate("a");
      expect(cache.counts.invalidations).to.equal(1);
    });

    it("counts what it corrected as forgotten, and keeps what took its place", () => {
      const { cache } = cacheOf();
      const [before, after] = [entry("1"), entry("2")];
      cache.fill("a", before);
      cache.correct("a", after);
      cache.correct("b", after);
      expect([cache.peek("a"), cache.peek("b")]).to.deep.equal([after, after]);
      expect(cache.counts.invalidations).to.equal(1);
    });
  });

  describe("answers on their way", () => {
    it("may fill what did not change since they were asked for", () => {
      const { cache } = cacheOf();
      const ticket = cache.expectAnswer();
      cache.changed("b");
      cache.invalidate("c");
      expect(cache.mayFill("a", ticket)).to.equal(true);
      cache.endAnswer();
    });

    for (const [change, act] of [
      ["changed", (cache: EntryCache) => cache.changed("n\0a")],
      ["invalidated", (cache: EntryCache) => cache.invalidate("n\0a")],
      ["corrected", (cache: EntryCache) => cache.correct("n\0a", entry("2"))],
      ["cleared with its namespace", (cache: EntryCache) => cache.invalidateNamespace("n")],
      ["cleared with everything", (cache: EntryCache) => cache.clear()],
      ["retired with the cache", (cache: EntryCache) => cache.retire()],
    ] as const) {
      it(`may not fill a key that was ${change} meanwhile`, () => {
        const { cache } = cacheOf();
        const ticket = cache.expectAnswer();
        act(cache);
        expect(cache.mayFill("n\0a", ticket)).to.equal(false);
        cache.endAnswer();
      });
    }

    it("may fill a key that changed before they were asked for, while others wait for longer", () => {
      const { cache } = cacheOf();
      const early = cache.expectAnswer();
      cache.changed("a");
      cache.invalidateNamespace("n");
      const late = cache.expectAnswer();
      for (const key of ["a", "n\0a"]) {
        expect(cache.mayFill(key, early)).to.equal(false);
        expect(cache.mayFill(key, late)).to.equal(true);
      }
      cache.endAnswer();
      expect(cache.mayFill("a", early)).to.equal(false);
      cache.endAnswer();
    });

    it("tells namespaces apart from each other and from the root", () => {
      const { cache } = cacheOf({ maxEntries: 10 });
      for (const key of ["a", "n\0a", "n\0b", "n2\0a"]) cache.fill(key, entry("1"));
      const ticket = cache.expectAnswer();
      cache.invalidateNamespace("n");
      expect(["a", "n\0a", "n\0b", "n2\0a"].map((key) => cache.peek(key) !== undefined)).to.deep.equal([
        true,
        false,
        false,
        true,
      ]);
      expect(["a", "n\0a", "n\0new", "n2\0a"].map((key) => cache.mayFill(key, ticket))).to.deep.equal([
        true,
        false,
        false,
        true,
      ]);
      cache.invalidateNamespace("");
      expect(cache.peek("a")).to.equal(undefined);
      expect(cache.peek("n2\0a")).not.to.equal(undefined);
      cache.endAnswer();
    });

    it("may not show a key that a call writes, until that call is answered, whatever became of others", () => {
      const { cache } = cacheOf();
      for (const key of ["a", "b"]) cache.fill(key, entry(key));
      const [first, second] = ["a", "b"].map((key) => cache.callSent([requestOf({ puts: [key] })]));
      const shown = () => ["a", "b"].filter((key) => cache.peek(key) !== undefined);
      expect(shown()).to.deep.equal([]);
      cache.callEnded(first as KeysUnderWay);
      expect(shown()).to.deep.equal(["a"]);
      cache.callEnded(second as KeysUnderWay);
      expect(shown()).to.deep.equal(["a", "b"]);
    });

    it("holds its own answer's change against others only", () => {
      const { cache } = cacheOf();
      const read = cache.expectAnswer();
      const write = cache.expectAnswer();
      expect(cache.mayFill("a", write)).to.equal(true);
      cache.changedByAnswer("a");
      cache.endAnswer();
      expect(cache.mayFill("a", read)).to.equal(false);
      cache.endAnswer();
    });
  });
});
