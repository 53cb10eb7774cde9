import { expect } from "chai";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import {
  background,
  openStorage,
  StorageError,
  withCancel,
  type BackupOptions,
  type BackupProgress,
} from "../../../src/index.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";

const ctx = background();
const MANY = new Map(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i]));

describe("backup", () => {
  let rig: BackupRig;

  beforeEach(async () => {
    rig = new BackupRig();
    await rig.open();
  });
  afterEach(() => rig.close());

  it("says what it did", async () => {
    await rig.source.setBatch(ctx, { a: 1, b: "two" });
    await rig.source.namespace("n").set(ctx, "c", 3);
    const { id, path, kind, namespaces, records, bytes } = await rig.backup("full");
    expect({ path, kind, records }).to.deep.equal({ path: rig.path("full"), kind: "full", records: 3 });
    expect(id).to.match(/^[0-9a-f-]{36}$/);
    expect(namespaces.map(({ namespace, source }) => [namespace, source])).to.deep.equal([
      ["", "scan"],
      ["n", "scan"],
    ]);
    expect(bytes).to.be.above(200);
  });

  it("names positions that a watch resumes after", async () => {
    await rig.source.set(ctx, "a", 1);
    const [root] = (await rig.backup("full")).namespaces;
    await rig.source.set(ctx, "b", 2);
    for await (const change of rig.source.watch(ctx, "*", { after: root?.position as string })) {
      expect(change).to.include({ type: "set", key: "b" });
      break;
    }
  });

  it("is readable, private to the user, and says what it is", async () => {
    await rig.source.setBatch(ctx, { 'a,"value":': { b: [1, "ü"] }, bytes: new Uint8Array([1]) });
    await rig.backup("full");
    const text = await readFile(rig.path("full/00001.ndjson"), "utf8");
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).to.include({ holdfast: "segment", format: 1, segment: 1, namespace: "" });
    expect(lines[1]).to.include({ put: 'a,"value":', type: 1, codec: 1 });
    expect(lines[1]?.["value"]).to.deep.equal({ b: [1, "ü"] });
    for (const [name, mode] of [
      ["full", 0o700],
      ["full/00001.ndjson", 0o600],
      ["full/manifest.ndjson", 0o600],
    ] as const)
      expect((await stat(rig.path(name))).mode & 0o777, name).to.equal(mode);
  });

  it("compresses to what gunzip reads", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.backup("plain");
    await rig.source.backup(ctx, rig.path("gzip"), { compression: "gzip" });
    const [plain, gzip] = await Promise.all([
      readFile(rig.path("plain/00001.ndjson"), "utf8"),
      readFile(rig.path("gzip/00001.ndjson.gz")),
    ]);
    const values = (text: string) => [...text.matchAll(/"value":(\d+)/g)].map(([, value]) => value);
    expect(values(gunzipSync(gzip).toString())).to.deep.equal(values(plain));
    expect(gzip.length * 3).to.be.below(plain.length);
  });

  it("goes on from an earlier one with what changed since, and from that one again", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.backup("one");
    await rig.source.set(ctx, "k1", "changed");
    await rig.source.delete(ctx, "k2");
    const two = await rig.backup("two", "one");
    expect([two.kind, two.records, two.namespaces[0]?.source]).to.deep.equal(["incremental", 2, "log"]);
    await rig.source.namespace("new").set(ctx, "a", 1);
    expect((await rig.backup("three", "two")).records).to.equal(1);
    await rig.target.restore(ctx, rig.path("three"));
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("compares with the earlier one where the log is another store's", async () => {
    await rig.source.setBatch(ctx, MANY);
    await rig.backup("one");
    await rig.target.restore(ctx, rig.path("one"));
    const copied = await rig.target.backup(ctx, rig.path("two"), { base: rig.path("one") });
    expect(copied.namespaces[0]?.source).to.equal("difference");
    expect(copied.records).to.equal(3000);
    await using third = await openStorage();
    await third.restore(ctx, rig.path("two"));
    expect(await valuesOf(third)).to.deep.equal(await valuesOf(rig.source));
  });

  it("refuses a target that is there, and a base that is not", async () => {
    await mkdir(rig.path("folder"));
    await writeFile(rig.path("file"), "");
    await symlink(rig.path("elsewhere"), rig.path("link"));
    for (const name of ["folder", "file", "link"]) {
      const error = await thrownBy(rig.backup(name));
      expect(error).to.be.instanceOf(StorageError);
      expect(error).to.include({ code: 5002, reason: "not-empty", operation: "backup" });
    }
    expect(await thrownBy(rig.backup("new", "absent"))).to.include({ code: 5003, reason: "truncated" });
    expect(await thrownBy(rig.backup("file/new"))).to.include({ code: 5002, reason: "io" });
    expect(await rig.names()).to.deep.equal(["file", "folder", "link"]);
  });

  it("refuses options that do not fit", async () => {
    const wrong: unknown[] = [
      null,
      { compression: "zip" },
      { bases: "x" },
      { base: 1 },
      { base: "" },
      { onProgress: 1 },
    ];
    for (const options of [...wrong, { base: rig.path("other/base") }]) {
      const call = rig.source.backup(ctx, rig.path("new"), options as BackupOptions);
      expect(await thrownBy(call), JSON.stringify(options)).to.be.instanceOf(TypeError);
    }
    for (const target of [undefined, "", 5]) {
      expect(await thrownBy(rig.source.backup(ctx, target as string))).to.be.instanceOf(TypeError);
    }
    expect(await thrownBy(rig.source.backup(undefined as never, "x"))).to.be.instanceOf(TypeError);
    expect(await rig.names()).to.deep.equal([]);
  });

  it("leaves nothing when its context is cancelled, when a file cannot be written, or when onProgress throws", async () => {
    await rig.source.setBatch(ctx, MANY);
    const [cancelled, cancel] = withCancel(ctx);
    rig.sourceTap.afterRead = () => cancel();
    const late = await thrownBy(rig.source.backup(cancelled, rig.path("new")));
    expect(late).to.include({ code: 5001, reason: "cancelled" });
    delete rig.sourceTap.afterRead;
    const mine = new Error("enough");
    const onProgress = () => {
      throw mine;
    };
    expect(await thrownBy(rig.source.backup(ctx, rig.path("new"), { onProgress }))).to.equal(mine);
    expect(await rig.names()).to.deep.equal([]);
  });

  it("tells its progress, at most every 200 ms and at the end", async () => {
    await rig.source.namespace("n").setBatch(ctx, MANY);
    rig.sourceTap.afterRead = () => rig.runtime.advance(150);
    const told: BackupProgress[] = [];
    await rig.source.backup(ctx, rig.path("new"), { onProgress: (progress) => void told.push(progress) });
    expect(told.length).to.be.within(3, 10);
    expect(told.map(({ done }) => done)).to.deep.equal(told.map((_each, i) => i === told.length - 1));
    expect(told.at(-1)).to.include({ namespace: "n", records: 3000, done: true });
    const counts = told.map(({ records }) => records);
    expect(counts).to.deep.equal([...counts].sort((a, b) => a - b));
  });

  for (const compression of ["none", "gzip"] as const) {
    it(`counts bytes from the first record on, and takes none back, with compression ${compression}`, async () => {
      await rig.source.setBatch(ctx, MANY);
      await rig.source.namespace("n").setBatch(ctx, MANY);
      rig.sourceTap.afterRead = () => rig.runtime.advance(250);
      const told: BackupProgress[] = [];
      const onProgress = (progress: BackupProgress) => void told.push(progress);
      const { bytes } = await rig.source.backup(ctx, rig.path("new"), { compression, onProgress });
      const sizes = told.map((progress) => progress.bytes);
      expect(sizes[0]).to.be.above(0);
      expect(sizes).to.deep.equal([...sizes].sort((a, b) => a - b));
      if (compression === "none") expect(sizes.at(-1)).to.equal(bytes);
      else expect(sizes.at(-1)).to.be.above(bytes);
    });
  }

  it("begins a namespace again when the log was too short, and gives up in the end", async () => {
    await rig.close();
    rig = new BackupRig();
    await rig.open({ changes: { retain: { count: 2 } } });
    await rig.source.setBatch(ctx, MANY);
    let times = 1;
    rig.sourceTap.afterRead = async () => {
      for (let i = 0; i < 5 && times > 0; i++) await rig.source.set(ctx, `k${i}`, `n${i}`);
      times -= 1;
    };
    await rig.backup("one");
    await rig.target.restore(ctx, rig.path("one"));
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
    times = Infinity;
    const error = await thrownBy(rig.backup("two"));
    expect(error).to.include({ code: 5001, reason: "outrun", retryable: true, operation: "backup" });
    expect((error as Error).message).to.include("changes.retain");
    expect(await rig.names()).to.deep.equal(["one"]);
  });
});
