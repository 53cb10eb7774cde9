import { expect } from "chai";
import type { Batch, Write } from "../../../src/backends/backend.js";
import { LocalGroup } from "../../../src/backends/local/local-group.js";
import { localEntry } from "../../../src/backends/local/local-entry.js";
import { LocalStore } from "../../../src/backends/local/local-store.js";
import { prepareRanges } from "../../../src/backends/local/prepare-ranges.js";
import { background } from "../../../src/core/context.js";
import { DigestSum, hashEntry } from "../../../src/core/range-digest.js";
import { EVERYTHING, type KeyRange } from "../../../src/core/range.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";

const ctx = background();
const changes = { count: 1000, ageMs: 3_600_000 };

function newStore(runtime = new FakeRuntime()): LocalStore {
  return new LocalStore({ runtime, changes });
}

function batch(id: string, writes: readonly Write[], parts: Partial<Batch> = {}): Batch {
  return { id, ctx, namespace: "", checks: [], ranges: [], writes, ...parts };
}

function put(key: string, expiresInMs?: number): Write {
  const expiry = expiresInMs === undefined ? undefined : { in: expiresInMs };
  return { kind: "put", key, type: 1, codec: 1, data: "x", expiry };
}

function commit(store: LocalStore, id: string, ...writes: readonly Write[]): void {
  store.apply(store.resolve(batch(id, writes), store.now()));
}

/** The range check by the entries that a scan shows now. */
function freshCheck(store: LocalStore, range: KeyRange) {
  const sum = new DigestSum(hashEntry);
  for (const page of store.scan("", range))
    for (const entry of page.entries) sum.add(entry.key, entry.version);
  return { range, count: sum.count, digest: sum.digest };
}

describe("LocalStore", () => {
  it("changes nothing by validating and resolving", () => {
    const store = newStore();
    const resolved = store.resolve(batch("v1", [put("a")]), store.now());
    expect(store.position("")).to.deep.equal({ ordinal: 0, id: "" });
    expect(store.read("", ["a"]).entries).to.deep.equal([undefined]);
    store.apply(resolved);
    expect(store.read("", ["a"]).entries[0]?.version).to.equal("v1");
  });

  it("gives resolved commits of a group consecutive positions in each namespace", () => {
    const store = newStore();
    commit(store, "v0", put("a"));
    const group = new LocalGroup(store);
    const spaces = ["", "b", "", "b", ""];
    const resolved = spaces.map((namespace, i) =>
      group.resolve(batch(`v${i + 1}`, [put(`k${i}`)], { namespace }), store.now()),
    );
    expect(resolved.map(({ position }) => position.ordinal)).to.deep.equal([2, 1, 3, 2, 4]);
    expect(resolved.map(({ previous }) => previous)).to.deep.equal(["v0", "", "v1", "v2", "v3"]);
  });

  it("gives the same state from the same commits, whenever they are applied", async () => {
    const runtime = new FakeRuntime();
    const store = newStore(runtime);
    const journal = [store.resolve(batch("v1", [put("a"), put("b", 1000), put("c", 1000)]), store.now())];
    store.apply(journal[0] as (typeof journal)[number]);
    await runtime.advance(1000);
    for (const writes of [[put("b")], [{ kind: "delete-range" as const, range: { start: "b", end: "c" } }]]) {
      const resolved = store.resolve(batch(`v${journal.length + 1}`, writes), store.now());
      journal.push(resolved);
      store.apply(resolved);
    }
    const sweep = store.sweep(store.now(), 10);
    expect(sweep?.commit.writes).to.deep.equal([{ kind: "expire", key: "c" }]);
    expect(sweep?.expired.map(({ key }) => key)).to.deep.equal(["c"]);
    const swept = (sweep as NonNullable<typeof sweep>).commit;
    journal.push(swept);
    store.apply(swept);
    const replayed = newStore();
    for (const one of journal) replayed.apply(one);
    expect(replayed.entries("").map(({ key, version }) => [key, version])).to.deep.equal([["a", "v1"]]);
    expect(replayed.changes("", undefined, 100)).to.deep.equal(store.changes("", undefined, 100));
    expect(replayed.now()).to.be.at.least(swept.now);
  });

  it("agrees with a fresh sum in every range check, whatever it remembers of earlier ones", async () => {
    const runtime = new FakeRuntime({ seed: 7 });
    const store = newStore(runtime);
    const key = () => `k${String(Math.floor(runtime.random.uniform() * 9000)).padStart(5, "0")}`;
    const ranges = [
      EVERYTHING,
      { start: "k02000" },
      { start: "k01000", end: "k08000" },
      { start: "k03", end: "k04" },
    ];
    for (let round = 0; round < 60; round++) {
      const writes = Array.from({ length: round < 5 ? 2000 : 3 }, () => key());
      for (const [i, one] of [...new Set(writes)].entries()) {
        const kind = runtime.random.uniform();
        if (kind < 0.7) commit(store, `v${round}-${i}`, put(one));
        else if (kind < 0.85) commit(store, `v${round}-${i}`, put(one, 5000));
        else commit(store, `v${round}-${i}`, { kind: "delete", key: one });
      }
      await runtime.advance(round % 7 === 0 ? 2500 : 1);
      const checks = ranges.map((range) => freshCheck(store, range));
      const checking = batch("check", [], { ranges: checks });
      if (round % 2 === 0) await prepareRanges(store, [checking]);
      expect(store.validate(checking, store.now())).to.deep.equal([]);
      commit(store, `w${round}`, put("k02500"));
      expect(store.validate(checking, store.now())).to.have.length(3);
    }
  });

  it("sees what changed between the preparation of a range and its validation", async () => {
    const store = newStore();
    commit(store, "v1", ...Array.from({ length: 50_000 }, (_, i) => put(`k${i}`)));
    const checking = batch("check", [], { ranges: [freshCheck(store, EVERYTHING)] });
    const preparing = prepareRanges(store, [checking]);
    commit(store, "v2", put("k777"));
    await preparing;
    expect(store.validate(checking, store.now())).to.have.length(1);
  });

  it("continues from a snapshot", () => {
    const store = newStore();
    const entry = localEntry({
      key: "a",
      version: "v9",
      type: 1,
      codec: 1,
      data: "x",
      expiresAt: store.now() + 1000,
    });
    store.restore("", [entry]);
    store.restorePosition("", { ordinal: 9, id: "v9" }, store.now() + 500);
    store.restorePosition("emptied", { ordinal: 3, id: "v3" }, 0);
    expect(store.entries("")).to.deep.equal([entry]);
    expect(store.position("")).to.deep.equal({ ordinal: 9, id: "v9" });
    expect(store.namespaces()).to.deep.equal([""]);
    expect(store.positions()).to.deep.equal([
      ["", { ordinal: 9, id: "v9" }],
      ["emptied", { ordinal: 3, id: "v3" }],
    ]);
    expect(store.sweep(store.now() + 1000, 10)?.commit.writes).to.deep.equal([{ kind: "expire", key: "a" }]);
  });

  it("sweeps no more at once than it is told to", async () => {
    const runtime = new FakeRuntime();
    const store = newStore(runtime);
    commit(store, "v1", ...Array.from({ length: 100 }, (_, i) => put(`k${i}`, 10)));
    await runtime.advance(10);
    for (const expected of [40, 40, 20]) {
      const sweep = store.sweep(store.now(), 40);
      expect(sweep?.commit.writes).to.have.length(expected);
      if (sweep !== undefined) store.apply(sweep.commit);
    }
    expect(store.sweep(store.now(), 40)).to.equal(undefined);
    expect(store.namespaces()).to.deep.equal([]);
  });

  it("keeps account of its bytes through every kind of write", async () => {
    const runtime = new FakeRuntime();
    const store = newStore(runtime);
    const grow = (...writes: readonly Write[]) => {
      const resolved = store.resolve(batch("v", writes), store.now());
      const expected = store.bytes + store.growth(resolved);
      store.apply(resolved);
      expect(store.bytes).to.equal(expected);
    };
    grow(put("a"), put("b"), put("c", 10), put("d"));
    grow(put("a"), { kind: "delete", key: "b" }, { kind: "delete", key: "absent" });
    grow({ kind: "delete-range", range: { start: "c", end: "d" } }, put("cc"));
    grow({ kind: "delete-range", range: { start: "a", end: "b" } }, put("a"));
    expect(store.bytes).to.be.greaterThan(0);
    grow({ kind: "delete-range", range: EVERYTHING });
    expect(store.bytes).to.equal(0);
  });
});
