import { expect } from "chai";
import fc from "fast-check";
import { ExpiryQueue } from "../../../src/backends/local/expiry-queue.js";
import { localEntry, type ExpiringEntry } from "../../../src/backends/local/local-entry.js";

let made = 0;

function expiring(expiresAt: number): ExpiringEntry {
  made += 1;
  const parts = { key: `k${made}`, version: "v", type: 1, codec: 1, data: "", expiresAt } as const;
  return localEntry(parts) as ExpiringEntry;
}

describe("ExpiryQueue", () => {
  it("has no deadline when it is empty", () => {
    expect(new ExpiryQueue().nextMs).to.equal(Infinity);
    expect(new ExpiryQueue().due(1e15, 10)).to.deep.equal([]);
  });

  it("agrees with a list through arbitrary additions and removals", () => {
    const step = fc.oneof(
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("add" as const), at: fc.integer({ min: 0, max: 50 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 100, size: "max" }),
        fc.integer({ min: 0, max: 50 }),
        (steps, now) => {
          const queue = new ExpiryQueue();
          const held: ExpiringEntry[] = [];
          for (const { kind, at } of steps) {
            if (kind === "add") {
              const entry = expiring(at);
              held.push(entry);
              queue.add(entry);
            } else if (held.length > 0) {
              queue.remove(held.splice(at % held.length, 1)[0] as ExpiringEntry);
            }
            expect(queue.nextMs).to.equal(Math.min(Infinity, ...held.map(({ expiresAt }) => expiresAt)));
          }
          const due = held.filter(({ expiresAt }) => expiresAt <= now);
          const keys = (entries: readonly ExpiringEntry[]) => entries.map(({ key }) => key).sort();
          expect(keys(queue.due(now, Infinity))).to.deep.equal(keys(due));
          expect(queue.due(now, 3)).to.have.length(Math.min(3, due.length));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("gives what is due without taking it out", () => {
    const queue = new ExpiryQueue();
    queue.add(expiring(1));
    expect(queue.due(1, 10)).to.have.length(1);
    expect(queue.due(1, 10)).to.have.length(1);
  });
});
