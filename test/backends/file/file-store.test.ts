import { crc32 } from "node:zlib";
import { expect } from "chai";
import type { Backend } from "../../../src/backends/backend.js";
import { codeOf, ErrStorageCorrupted } from "../../../src/core/errors.js";
import { FakeRuntime } from "../../../src/testing/fake-runtime.js";
import { SimulatedFileSystem, type FileOperation } from "../../../src/testing/simulated-file-system.js";
import { lockOfTheLast, PATH, PLAIN, simulatedStore } from "../../crash/simulated-store.js";
import { CRASH_STORES, crashStoreIn } from "../../crash/crash-store.js";
import { tryTakeover } from "../../crash/takeover.js";
import { ctx, faultFrom, get, namesIn, opened, put, textOf } from "./simulated-stores.js";

describe("file backend: its files", () => {
  let fs: SimulatedFileSystem;
  beforeEach(() => {
    fs = new SimulatedFileSystem();
  });

  it("the snapshot is JSON with an entry on each line, in key order, readable values", async () => {
    const store = await opened(fs);
    for (const key of ["b", "a", "__proto__"]) await put(store, key, '{"name":"Ä"}');
    await store.close(ctx);
    const text = textOf(fs, PATH);
    const { entries } = JSON.parse(text) as { entries: unknown[][] };
    expect(entries.map((entry) => entry[1])).to.deep.equal(["__proto__", "a", "b"]);
    expect(entries.map((entry) => entry.at(-1))).to.deep.equal(entries.map(() => ({ name: "Ä" })));
    expect(text.split("\n").filter((line) => line.startsWith("["))).to.have.length(3);
  });

  it("a commit is one write and one sync, however many batches it has and keys there are", async () => {
    const store = await opened(fs, {
      ...PLAIN,
      sizes: { ...PLAIN.sizes, compactBytes: 1e9, segmentBytes: 1e5 },
    });
    for (let i = 0; i < 50; i++) await put(store, `key:${i}`);
    const seen: FileOperation["kind"][] = [];
    fs.faults = ({ kind }) => void seen.push(kind);
    const batch = (i: number) => {
      const write = { kind: "put", key: `k${i}`, type: 1, codec: 1, data: "1", expiry: undefined } as const;
      return { id: `g${i}`, ctx, namespace: "", checks: [], ranges: [], writes: [write] };
    };
    await store.commit([batch(1), batch(2), batch(3)]);
    expect(seen).to.deep.equal(["write", "datasync"]);
  });

  it("keeps as many earlier snapshots as asked for, parts included", async () => {
    const form = { ...PLAIN, backupCount: 2, sizes: { ...PLAIN.sizes, partBytes: 512 } };
    const store = await opened(fs, form);
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 10; j++) await put(store, `key:${j}`, JSON.stringify("x".repeat(100)));
      await store.extensions.compact?.(ctx);
    }
    const names = namesIn(fs);
    expect(names.filter((name) => name.includes("backup"))).to.have.length(2);
    expect(names.filter((name) => name.includes("journal"))).to.have.length(1);
    expect(new Set(names.flatMap((name) => /part-(\d+)/.exec(name)?.[1] ?? [])).size).to.equal(3);
    await store.close(ctx);
    expect(await get(await opened(fs, form), "key:9")).to.equal(JSON.stringify("x".repeat(100)));
  });

  it("tells the files and their sizes, the snapshot first", async () => {
    const store = await opened(fs);
    await put(store, "a");
    const files = (await store.extensions.files?.(ctx)) ?? [];
    expect(files.map(({ path }) => path)).to.deep.equal([PATH, `${PATH}.journal-1`]);
    expect(files[0]?.bytes).to.equal(fs.contents().get(PATH)?.length);
  });

  for (const [what, content, reason] of [
    ["is empty", "", "truncated"],
    ["is another program's JSON", '{"users":[]}', "foreign"],
    ["is no JSON", "\x7fELF", "foreign"],
    ["was written by a newer version", '{"holdfast":"snapshot","format":2,"x":1}\n', "newer-format"],
    ["ends too early", '{"holdfast":"snapshot","format":1,"store":"x"', "truncated"],
  ] as const) {
    it(`a file that ${what} is refused as ${reason}, and left as it is`, async () => {
      fs.plant(PATH, Buffer.from(content));
      const fault = await faultFrom(opened(fs));
      expect(fault.reason).to.equal(reason);
      expect(codeOf(fault.reason, "read")).to.equal(ErrStorageCorrupted);
      expect(fault.message).to.include(PATH);
      expect(namesIn(fs)).to.deep.equal(["storage.json"]);
      expect(textOf(fs, PATH)).to.equal(content);
    });
  }

  it("a store without its snapshot, or without its journal, is refused, never taken for empty", async () => {
    const store = await opened(fs);
    await put(store, "a");
    for (const lost of [PATH, `${PATH}.journal-1`]) {
      const left = new SimulatedFileSystem();
      for (const [path, content] of fs.contents()) if (path !== lost) left.plant(path, content);
      expect((await faultFrom(opened(left))).reason).to.equal("truncated");
    }
  });

  it("a flipped bit anywhere in the beginning of a file of ours is told as damage, not as another's file", async () => {
    const store = await opened(fs);
    await put(store, "a");
    for (const path of [PATH, `${PATH}.journal-1`]) {
      const content = Buffer.from(fs.contents().get(path) ?? []);
      const told = new Set<string>();
      for (let bit = 0; bit < content.indexOf("\n") * 8; bit++) {
        const left = new SimulatedFileSystem();
        for (const [each, bytes] of fs.contents())
          left.plant(each, each === path ? flipped(bytes, bit) : bytes);
        told.add((await faultFrom(opened(left))).reason);
      }
      // A flipped digit of the format makes it a newer one.
      expect([...told].sort(), path).to.deep.equal(["checksum", "newer-format"]);
    }
  });

  it("a journal of another store in the place of ours is told as such", async () => {
    await opened(fs);
    const other = new SimulatedFileSystem();
    await opened(other, PLAIN, new FakeRuntime({ seed: 2 }));
    fs.plant(`${PATH}.journal-1`, other.contents().get(`${PATH}.journal-1`) ?? Buffer.alloc(0));
    const fault = await faultFrom(opened(fs));
    expect([fault.reason, fault.message.includes("it belongs to another store")]).to.deep.equal([
      "foreign",
      true,
    ]);
  });

  it("verify names the file and the offset of what is damaged", async () => {
    const store = await opened(fs);
    await put(store, "a");
    const journal = Buffer.from(fs.contents().get(`${PATH}.journal-1`) ?? []);
    journal[journal.indexOf('"a"')] = 0x27;
    fs.plant(`${PATH}.journal-1`, journal);
    const report = await store.extensions.verify?.(ctx);
    expect(report?.problems).to.have.length(1);
    expect(report?.problems[0]).to.include({ reason: "checksum", file: `${PATH}.journal-1` });
    expect(report?.problems[0]?.offset).to.equal(journal.indexOf("\n") + 1);
  });
});

function flipped(content: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(content);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

describe("file backend: a value that is not the one beside its checksum", () => {
  const options = { start: "" };

  it("is told with its key when it is read, and by verify, also after a compaction; the others stay readable", async () => {
    const fs = new SimulatedFileSystem();
    const writer = await opened(fs);
    for (const key of ["a", "b", "c"]) await put(writer, key);
    await writer.extensions.compact?.(ctx);
    await writer.close(ctx);
    fs.plant(PATH, Buffer.from(withOtherValue(textOf(fs, PATH), '"b"', '"d"')));
    const store = await opened(fs);
    expect(await get(store, "a")).to.equal('"a"');
    const fault = await faultFrom(store.read(ctx, "", ["b"]));
    expect([codeOf(fault.reason, "read"), fault.reason, fault.key]).to.deep.equal([
      ErrStorageCorrupted,
      "checksum",
      "b",
    ]);
    expect(fault.message).to.match(/^\/data\/storage\.json, byte \d+: /);
    expect((await store.read(ctx, "", ["b"], { want: "headers" })).entries).to.have.length(1);
    expect((await faultFrom(firstPage(store))).key).to.equal("b");
    const report = await store.extensions.verify?.(ctx);
    expect(report?.problems.map(({ reason, key, file }) => [reason, key, file])).to.deep.equal([
      ["checksum", "b", PATH],
    ]);
    await store.extensions.compact?.(ctx);
    await store.close(ctx);
    const again = await opened(fs);
    expect((await faultFrom(again.read(ctx, "", ["b"]))).key).to.equal("b");
    await put(again, "b");
    expect([await get(again, "a"), await get(again, "b")]).to.deep.equal(['"a"', '"b"']);
    await again.close(ctx);
  });

  async function firstPage(store: Backend): Promise<void> {
    for await (const page of store.scan(ctx, "", options)) expect(page.count).to.equal(3);
  }
});

/** A snapshot in which one value is another, its own checksum made right again. */
function withOtherValue(text: string, value: string, other: string): string {
  const covered = text.slice(0, text.lastIndexOf(',"crc":')).replace(`\t${value}]`, `\t${other}]`);
  return `${covered},"crc":"${crc32(covered).toString(16).padStart(8, "0")}"}\n`;
}

describe("file backend: a backup", () => {
  it("opens as the store was when it was made, put in place as docs/formats.md says", async () => {
    const fs = new SimulatedFileSystem();
    const form = { ...PLAIN, sizes: { ...PLAIN.sizes, partBytes: 512, compactBytes: 1e9 } };
    const store = await opened(fs, form);
    for (let i = 0; i < 20; i++) await put(store, `key:${i}`, JSON.stringify("x".repeat(50)));
    await store.extensions.compact?.(ctx);
    await put(store, "later");
    await store.extensions.compact?.(ctx);
    const [path = "", content = Buffer.alloc(0)] =
      [...fs.contents()].find(([name]) => name.includes("backup")) ?? [];
    const epoch = path.split("-").at(-1);
    const restored = new SimulatedFileSystem();
    restored.plant(PATH, content);
    restored.plant(`${PATH}.journal-${epoch}`, new Uint8Array(0));
    for (const [name, part] of fs.contents())
      if (name.includes(`.part-${epoch}-`)) restored.plant(name, part);
    const old = await opened(restored);
    expect(await get(old, "key:19")).to.equal(JSON.stringify("x".repeat(50)));
    expect(await get(old, "later")).to.equal(undefined);
  });
});

describe("file backend: opened for reading", () => {
  const reading = (fs: SimulatedFileSystem) => simulatedStore(fs, { ...PLAIN, readOnly: true });

  it("shows what is there while another one writes, takes no lock, and changes no file", async () => {
    const fs = new SimulatedFileSystem();
    const writer = await opened(fs);
    await put(writer, "a");
    const before = [...fs.contents()].map(([path, content]) => [path, Buffer.from(content).toString("hex")]);
    const reader = reading(fs);
    await reader.open(ctx);
    expect(await get(reader, "a")).to.equal('"a"');
    for (const call of [put(reader, "b"), reader.extensions.compact?.(ctx)]) {
      expect((await faultFrom(call as Promise<void>)).reason).to.equal("read-only");
    }
    expect((await reader.extensions.verify?.(ctx))?.problems).to.deep.equal([]);
    await reader.extensions.flush?.(ctx);
    await reader.close(ctx);
    const after = [...fs.contents()].map(([path, content]) => [path, Buffer.from(content).toString("hex")]);
    expect(after).to.deep.equal(before);
  });

  it("does not make a store, and says that there is none", async () => {
    const fs = new SimulatedFileSystem();
    for (const backend of ["file", "directory"] as const) {
      const form = { ...PLAIN, backend, readOnly: true };
      expect((await faultFrom(simulatedStore(fs, form).open(ctx))).message).to.match(
        /^opening \/data\/\S+ for reading failed: there is no store yet; open it once without read_only: true to make one/,
      );
    }
    const salvaging = simulatedStore(fs, { ...PLAIN, salvage: true });
    expect((await faultFrom(salvaging.open(ctx))).message).to.equal(
      "salvaging /data/storage.json failed: there is no store yet; check the path",
    );
    expect(namesIn(fs)).to.deep.equal([]);
  });

  it("says so too where even the folder is missing", async () => {
    const reader = await crashStoreIn("/nowhere/at/all", { ...CRASH_STORES.file, options: readOnlyIn });
    const { message } = await faultFrom(reader.open(ctx));
    expect(message).to.include(
      "opening /nowhere/at/all/storage.json for reading failed: there is no store yet",
    );
  });

  function readOnlyIn(folder: string) {
    return { path: `${folder}/storage.json`, readOnly: true };
  }
});

describe("file backend: when writing fails", () => {
  it("a full disk is told, loses nothing, and is healed by space without reopening (R8)", async () => {
    for (const backend of ["file", "directory"] as const) await fillDisk(backend);
  });

  async function fillDisk(backend: "file" | "directory"): Promise<void> {
    const fs = new SimulatedFileSystem();
    const form = { ...PLAIN, backend, sizes: { ...PLAIN.sizes, segmentBytes: 0, compactBytes: 1e9 } };
    const store = await opened(fs, form);
    await put(store, "before");
    let used = 0;
    for (const content of fs.contents().values()) used += content.length;
    fs.capacityBytes = used + 100;
    const fault = await faultFrom(put(store, "big", JSON.stringify("x".repeat(1000))));
    expect(fault).to.include({ reason: "no-space", retryable: true, outcome: undefined });
    expect(await get(store, "before")).to.equal('"before"');
    expect(await get(store, "big")).to.equal(undefined);
    fs.capacityBytes = Infinity;
    await put(store, "after");
    await put(store, "big");
    const next = await opened(fs.afterKill(), form);
    for (const key of ["before", "after", "big"]) expect(await get(next, key)).to.equal(JSON.stringify(key));
  }

  it("an opening that fails on a full disk leaves no journal behind, of a store that is there and of a new one", async () => {
    const fs = new SimulatedFileSystem();
    const store = await opened(fs);
    await put(store, "before");
    for (const files of [fs.afterKill(), new SimulatedFileSystem()]) {
      const names = [...files.contents().keys()];
      const used = [...files.contents().values()].reduce((sum, { length }) => sum + length, 0);
      // Room for none of a journal, for some of it, and, where a first snapshot is to follow, for all of it.
      const journal = PLAIN.sizes.segmentBytes + 200;
      for (const room of names.length > 0 ? [0, 100] : [0, 100, journal]) {
        files.capacityBytes = used + room;
        expect(await faultFrom(opened(files))).to.include({ reason: "no-space" });
        expect([...files.contents().keys()]).to.deep.equal(names);
      }
      files.capacityBytes = Infinity;
      await opened(files);
    }
  });

  it("after a failed sync the next commit stands in a new journal beside a new snapshot", async () => {
    const fs = new SimulatedFileSystem();
    const store = await opened(fs);
    await put(store, "before");
    let failed = false;
    const synced: string[] = [];
    fs.faults = ({ kind, path }) => {
      if (kind !== "datasync") return undefined;
      synced.push(path);
      if (failed) return undefined;
      failed = true;
      return "EIO";
    };
    expect(await faultFrom(put(store, "lost"))).to.include({ reason: "io", outcome: undefined });
    expect(await get(store, "lost")).to.equal(undefined);
    await put(store, "after");
    // The header of the new journal, then its frame.
    expect(synced).to.deep.equal([1, 2, 2].map((epoch) => `${PATH}.journal-${epoch}`));
    const next = await opened(fs.powerCut(() => false));
    expect(await get(next, "before")).to.equal('"before"');
    expect(await get(next, "lost")).to.equal(undefined);
    expect(await get(next, "after")).to.equal('"after"');
  });

  it("a background write that failed rejects the next write and says so once", async () => {
    const fs = new SimulatedFileSystem();
    const runtime = new FakeRuntime();
    const store = await opened(fs, { ...PLAIN, durability: "interval" }, runtime);
    expect(store.info.durability).to.equal("none");
    await put(store, "a");
    fs.faults = ({ kind }) => (kind === "write" ? "ENOSPC" : undefined);
    await runtime.advance(1000);
    fs.faults = () => undefined;
    expect((await faultFrom(put(store, "b"))).reason).to.equal("no-space");
    await put(store, "b");
    await store.extensions.flush?.(ctx);
    const next = await opened(fs.powerCut(() => false));
    expect([await get(next, "a"), await get(next, "b")]).to.deep.equal(['"a"', '"b"']);
  });

  it("written in the background, a commit lasts from the interval on", async () => {
    const fs = new SimulatedFileSystem();
    const runtime = new FakeRuntime();
    const store = await opened(fs, { ...PLAIN, durability: "interval" }, runtime);
    await put(store, "a");
    expect(await get(await opened(fs.powerCut(() => false)), "a")).to.equal(undefined);
    await runtime.advance(1000);
    expect(await get(await opened(fs.powerCut(() => false)), "a")).to.equal('"a"');
  });
});

describe("file backend: several openers", () => {
  it("what a former owner still writes counts for nobody", async () => {
    const fs = new SimulatedFileSystem();
    const late = await opened(fs);
    await put(late, "a");
    const owner = await opened(fs);
    await put(late, "from the late one");
    await put(owner, "b");
    expect((await faultFrom(late.extensions.compact?.(ctx) as Promise<void>)).reason).to.equal("locked");
    expect((await faultFrom(put(late, "more"))).reason).to.equal("locked");
    const next = await opened(fs.afterKill());
    expect([await get(next, "a"), await get(next, "b")]).to.deep.equal(['"a"', '"b"']);
    expect(await get(next, "from the late one")).to.equal(undefined);
  });

  it("a former owner is told that the store is locked, also once the new one has closed it, and overwrites nothing", async () => {
    expect(await tryTakeover("file", lockOfTheLast())).to.deep.equal([]);
    expect(await tryTakeover("directory", lockOfTheLast())).to.deep.equal([]);
  });
});
