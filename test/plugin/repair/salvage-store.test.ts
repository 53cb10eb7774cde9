import { expect } from "chai";
import type { ScanOptions, Write } from "../../../src/backends/backend.js";
import {
  background,
  openStorage,
  StorageError,
  StorageFault,
  type VerifyOptions,
  type VerifyProgress,
} from "../../../src/index.js";
import type { StoredEntry } from "../../../src/core/entry.js";
import { itemRange } from "../../../src/core/incarnation.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { ENCRYPTED } from "../../support/sealed-settings.js";
import { valuesOf } from "../../support/store-values.js";
import { openTapped, type Tap, type TappedStore } from "../../support/tapped-store.js";

const ctx = background();
const MANY = Array.from({ length: 1200 }, (_, i) => [`k${String(i).padStart(4, "0")}`, i] as const);

describe("verify with repair", () => {
  let runtime: FakeRuntime;
  let tap: Tap;
  let damaged: TappedStore;
  let into: TappedStore;
  let bad: Set<string>;
  let batches = 0;

  beforeEach(async () => {
    runtime = new FakeRuntime();
    tap = {};
    bad = new Set();
    damaged = await openTapped({ backend: "memory" }, tap, { runtime });
    into = await openTapped({ backend: "memory" }, {}, { runtime });
    tap.afterRead = ({ entries }) => {
      const broken = entries.find((entry) => entry !== undefined && bad.has(entry.key));
      if (broken !== undefined)
        throw new StorageFault("checksum", "its checksum does not match", { key: broken.key });
    };
  });

  afterEach(async () => {
    await damaged.storage.stop();
    await into.storage.stop();
  });

  const repair = () => damaged.storage.verify(ctx, { repair: { into: into.storage } });

  it("takes everything over from a store without damage", async () => {
    await damaged.storage.setBatch(ctx, new Map(MANY));
    await damaged.storage.namespace("n").set(ctx, "lives", 1, "1h");
    expect(await repair()).to.deep.equal({
      ok: true,
      entries: 1201,
      orphans: 0,
      problems: [],
      repair: { namespaces: 2, salvaged: 1201, lostParts: 0, lost: [] },
    });
    expect(await valuesOf(into.storage)).to.deep.equal(await valuesOf(damaged.storage));
    expect(await into.storage.namespace("n").ttl(ctx, "lives")).to.equal(3_600_000);
  });

  it("leaves out the values that are damaged or cannot be decoded, and names each", async () => {
    await damaged.storage.setBatch(ctx, new Map(MANY));
    await commit([{ kind: "put", key: "k0600", type: 1, codec: 1, data: "{", expiry: undefined }]);
    for (const key of ["k0003", "k0004", "k1199"]) bad.add(key);
    const { repair: report } = await repair();
    expect(report).to.include({ namespaces: 1, salvaged: 1196, lostParts: 4 });
    const named = report?.lost.map(({ key, reason, namespace }) => [namespace, key, reason]);
    expect(named).to.have.deep.members([
      ["", "k0003", "checksum"],
      ["", "k0004", "checksum"],
      ["", "k0600", "decode"],
      ["", "k1199", "checksum"],
    ]);
    const lost = new Set(["k0003", "k0004", "k0600", "k1199"]);
    const expected = new Map(MANY.filter(([key]) => !lost.has(key)));
    expect(await into.storage.find(ctx, "*")).to.deep.equal(expected);
  });

  it("keeps a structure with all of its items, or not at all", async () => {
    const [whole, broken] = ["W".repeat(22), "B".repeat(22)];
    const head = (key: string, incarnation: string): Write => {
      return { kind: "put", key, type: 2, codec: 1, data: "[0,3]", expiry: undefined, incarnation };
    };
    const place = (i: number) => (2 ** 52 + i).toString(36).padStart(11, "0");
    const items = [whole, broken].flatMap((id) =>
      [0, 1, 2].map((i): Write => {
        return {
          kind: "put",
          key: `\0i${id}${place(i)}`,
          type: 5,
          codec: 1,
          data: `${i}`,
          expiry: undefined,
        };
      }),
    );
    await commit([head("whole", whole), head("broken", broken), ...items]);
    bad.add(`\0i${broken}${place(1)}`);
    expect((await repair()).repair).to.deep.include({ salvaged: 1, lostParts: 1 });
    const kept: string[] = [];
    for await (const { entries } of into.backend.scan(ctx, "", { start: "" }))
      kept.push(...entries.map(({ key }) => key));
    expect(kept).to.deep.equal([...[0, 1, 2].map((i) => `\0i${whole}${place(i)}`), "whole"]);
  });

  it("keeps no structure with an item that does not open, or with one too few, and all of its neighbours", async () => {
    await damaged.storage.stop();
    damaged = await openTapped({ backend: "memory", ...ENCRYPTED }, tap, { runtime });
    const { storage } = damaged;
    await storage.setBatch(ctx, new Map(MANY));
    for (const key of ["k0500 whole", "k0600 changed", "k0700 short"])
      await storage.list(key).rpush(ctx, 1, 2, 3);
    await storage.hash("k0800 changed").hset(ctx, { a: 1, b: 2 });
    for (const key of ["k0600 changed", "k0800 changed"]) {
      const item = await itemOf(key);
      const data = Buffer.from(item.data as Uint8Array);
      data[data.length - 1] = (data[data.length - 1] as number) ^ 1;
      const { key: at, type, codec } = item;
      await commit([{ kind: "put", key: at, type, codec, data, expiry: undefined }]);
    }
    await commit([{ kind: "delete", key: (await itemOf("k0700 short")).key }]);
    const { repair: report } = await repair();
    expect(report).to.include({ salvaged: MANY.length + 1, lostParts: 3 });
    expect(report?.lost.map(({ key, reason }) => [key, reason])).to.deep.equal([
      ["k0600 changed", "checksum"],
      ["k0700 short", "decode"],
      ["k0800 changed", "checksum"],
    ]);
    expect(await into.storage.list("k0500 whole").lrange(ctx, 0, -1)).to.deep.equal([1, 2, 3]);
    expect(await into.storage.find(ctx, "*")).to.deep.equal(new Map(MANY));
    expect(await into.storage.verify(ctx)).to.include({ ok: true, orphans: 0 });
  });

  it("goes on from the other end where keys cannot be read, and names the gap", async () => {
    await damaged.storage.setBatch(ctx, new Map(MANY));
    stopScansBetween("k0100", "k0200");
    const { ok, problems, repair: report } = await repair();
    expect(ok).to.equal(false);
    expect(problems[0]).to.include({ reason: "checksum" });
    expect(report?.lost).to.have.length(1);
    expect(report?.lost[0]).to.include({
      namespace: "",
      after: "k0100",
      before: "k0200",
      reason: "checksum",
    });
    const kept = MANY.filter(([key]) => key <= "k0100" || key >= "k0200");
    expect([...(await into.storage.find(ctx, "*"))]).to.deep.equal(kept);
  });

  it("changes nothing of the damaged store", async () => {
    await damaged.storage.setBatch(ctx, new Map(MANY));
    const before = damaged.writes();
    bad.add("k0003");
    await repair();
    expect(damaged.writes()).to.equal(before);
  });

  it("opens a store from its configuration and closes it again", async () => {
    await damaged.storage.set(ctx, "a", 1);
    const { repair: report } = await damaged.storage.verify(ctx, { repair: { into: { backend: "memory" } } });
    expect(report).to.include({ salvaged: 1 });
  });

  it("tells how far it is, and rejects with what the callback throws", async () => {
    await damaged.storage.setBatch(ctx, new Map(MANY));
    await damaged.storage.namespace("n").set(ctx, "a", 1);
    const told: VerifyProgress[] = [];
    const onProgress = (progress: VerifyProgress) => void told.push(progress);
    await damaged.storage.verify(ctx, { repair: { into: into.storage }, onProgress });
    const ends = told.filter(({ done }) => done === 1201);
    expect(ends).to.deep.equal([
      { phase: "checking", namespace: "n", done: 1201 },
      { phase: "salvaging", namespace: "n", done: 1201 },
    ]);
    const thrown: unknown = await damaged.storage
      .verify(ctx, {
        onProgress: () => {
          throw new RangeError("enough");
        },
      })
      .catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(RangeError);
    const wrong = { onProgress: 5 } as unknown as VerifyOptions;
    const refused: unknown = await damaged.storage.verify(ctx, wrong).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(TypeError);
  });

  it("refuses a store that is not empty, itself, and what is no store", async () => {
    await into.storage.namespace("n").set(ctx, "a", 1);
    const error: unknown = await repair().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(StorageError);
    expect(error).to.include({ code: 5002, reason: "not-empty", operation: "verify", namespace: "n" });
    await using other = await openStorage();
    const wrong: unknown[] = [damaged.storage, other.namespace("n"), 5, undefined];
    for (const target of wrong) {
      const options = { repair: { into: target } } as VerifyOptions;
      const thrown: unknown = await damaged.storage.verify(ctx, options).catch((reason: unknown) => reason);
      expect(thrown).to.be.instanceOf(TypeError);
    }
  });

  it("ends with a failure that is no damage", async () => {
    await damaged.storage.setBatch(ctx, new Map(MANY));
    tap.afterRead = () => {
      throw new StorageFault("unavailable", "the server is gone");
    };
    const error: unknown = await repair().catch((thrown: unknown) => thrown);
    expect(error).to.include({ reason: "unavailable", retryable: true });
  });

  /** The last item of a structure, as it is stored. */
  async function itemOf(key: string): Promise<StoredEntry> {
    const { entries } = await damaged.backend.read(ctx, "", [key]);
    let last: StoredEntry | undefined;
    for await (const page of damaged.backend.scan(ctx, "", itemRange(entries[0]?.incarnation as string)))
      last = page.entries.at(-1) ?? last;
    return last as StoredEntry;
  }

  async function commit(writes: readonly Write[]): Promise<void> {
    const batch = { id: `raw${(batches += 1)}`, ctx, namespace: "", checks: [], ranges: [], writes };
    const [result] = await damaged.backend.commit([batch]);
    expect(result).to.have.property("status", "committed");
  }

  /** Scans break off between two keys, whichever way they go. */
  function stopScansBetween(low: string, high: string): void {
    const { backend } = damaged;
    const scan = backend.scan.bind(backend) as (...args: unknown[]) => AsyncIterable<{
      readonly entries: readonly { readonly key: string }[];
    }>;
    const stopping = async function* (
      context: unknown,
      namespace: unknown,
      range: unknown,
      options?: ScanOptions,
    ) {
      for await (const page of scan(context, namespace, range, options)) {
        const isWhole = page.entries.every(({ key }) =>
          options?.reverse === true ? key >= high : key <= low,
        );
        const entries = page.entries.filter(({ key }) =>
          options?.reverse === true ? key >= high : key <= low,
        );
        yield { ...page, entries };
        if (!isWhole) throw new StorageFault("checksum", "a page is damaged");
      }
    };
    Object.assign(backend, { scan: stopping });
  }
});
