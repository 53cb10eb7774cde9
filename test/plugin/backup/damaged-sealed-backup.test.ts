import { expect } from "chai";
import { cp, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { nodeFileSystem } from "../../../src/backends/files/node-file-system.js";
import type { FileSystem } from "../../../src/core/file-system.js";
import { background, StorageError, type GivenKeys, type StorageFault } from "../../../src/index.js";
import { keysOfRestore } from "../../../src/plugin/backup/backup-keys.js";
import { LineSealer } from "../../../src/plugin/backup/checked-lines.js";
import { restoreStore } from "../../../src/plugin/backup/restore-store.js";
import { slotOfStore, type StackSlot } from "../../../src/plugin/stack-slot.js";
import { SeededRandom } from "../../crash/seeded-random.js";
import { StoreProcess } from "../../support/store-process.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";
import type { RestoreTask, RestoreVerdict } from "./restoring-process.js";
import { TestKeys } from "./test-keys.js";

const ctx = background();
const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const DAMAGE = new Set(["checksum", "truncated", "decode", "newer-format", "foreign"]);
const MIB = 1024 * 1024;
const PROGRAM = new URL("restoring-process.ts", import.meta.url);

describe(`a damaged encrypted backup, seed ${SEED} (HOLDFAST_SEED)`, () => {
  let rig: BackupRig;
  let keys: TestKeys;
  let encryption: GivenKeys;

  beforeEach(async () => {
    keys = new TestKeys();
    encryption = keys.given("k1");
    rig = new BackupRig();
    await rig.open();
    await rig.source.setBatch(ctx, { a: 1, b: "two", c: new Uint8Array([1, 2, 3]) });
    await rig.source.namespace("n").setBatch(ctx, { a: 9, b: "six", c: new Uint8Array([3, 2, 1]) });
    await rig.source.backup(ctx, rig.path("full"), { encryption });
    await rig.source.backup(ctx, rig.path("gzip"), { encryption, compression: "gzip" });
    await rig.source.set(ctx, "a", 2);
    await rig.source.backup(ctx, rig.path("next"), { encryption, base: rig.path("full") });
  });
  afterEach(async () => {
    await rig.close();
    keys.remove();
  });

  async function refusal(name: string, file: string): Promise<StorageError> {
    const before = rig.writes;
    const error = await thrownBy(rig.target.restore(ctx, rig.path(name), { encryption }));
    expect(error).to.be.instanceOf(StorageError);
    const { code, reason, message } = error as StorageError;
    expect([code, DAMAGE.has(reason)], message).to.deep.equal([5003, true]);
    expect(message).to.include(file);
    expect(rig.writes).to.equal(before);
    return error as StorageError;
  }

  it("is refused whichever bit of it was changed, and at whatever length it was cut", async () => {
    const random = new SeededRandom(SEED);
    const files = new Map<string, Uint8Array>();
    for (const name of await rig.names())
      for (const file of await readdir(rig.path(name)))
        files.set(rig.path(`${name}/${file}`), await readFile(rig.path(`${name}/${file}`)));
    const { stack } = slotOfStore(rig.target) as StackSlot;
    const plan = {
      only: undefined,
      replace: false,
      dryRun: false,
      onProgress: undefined,
      keys: keysOfRestore(encryption),
    };

    async function expectDamage(file: string, damaged: Uint8Array, of: string, what: string): Promise<void> {
      const held = new Map([...files, [rig.path(file), damaged]]);
      const fs: FileSystem = {
        ...nodeFileSystem,
        size: async (path) => (held.get(path) as Uint8Array).byteLength,
        readFile: async (path) => held.get(path) as Uint8Array,
      };
      const error = await thrownBy(restoreStore({ fs, stack, ctx, plan }, rig.path(of)));
      const { reason, message } = error as StorageFault;
      expect(DAMAGE.has(reason), `${what}: ${message}`).to.equal(true);
      expect(message, what).to.include(file);
    }

    const parts = ["full/manifest.ndjson", "full/00001.ndjson.aes", "full/00002.ndjson.aes"];
    for (const file of [
      ...parts,
      "next/manifest.ndjson",
      "next/00001.ndjson.aes",
      "gzip/00001.ndjson.gz.aes",
    ]) {
      const of = file.startsWith("gzip") ? "gzip" : "next";
      const whole = files.get(rig.path(file)) as Uint8Array;
      for (let at = 0; at < whole.length; at++) {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
        await expectDamage(file, damaged, of, `${file}, byte ${at}`);
        await expectDamage(file, whole.subarray(0, at), of, `${file}, cut to ${at}`);
      }
      await expectDamage(file, Buffer.concat([whole, Buffer.of(0)]), of, `${file}, one byte more`);
    }
    expect(rig.writes).to.equal(0);
  }).timeout(240_000);

  it("is refused when its files were swapped, or are those of another backup under the same key", async () => {
    await rig.source.namespace("m").setBatch(ctx, { a: 9, b: "six", c: new Uint8Array([3, 2, 1]) });
    /** Checksums have nine digits or ten; files of one size are told apart by what seals them alone. */
    async function alike(file: string, other: (name: string) => string): Promise<string> {
      for (let i = 0; i < 100; i++) {
        const name = `alike-${file}-${i}`;
        await rig.source.backup(ctx, rig.path(name), { encryption });
        const sizes = [`${name}/${file}`, other(name)].map((path) => nodeFileSystem.size(rig.path(path)));
        const [one, two] = await Promise.all(sizes);
        if (one === two) return name;
      }
      throw new Error("there were never two files of one size");
    }
    const swapped = await alike("00002.ndjson.aes", (name) => `${name}/00003.ndjson.aes`);
    const [two, three] = [2, 3].map((number) => rig.path(`${swapped}/0000${number}.ndjson.aes`)) as [
      string,
      string,
    ];
    await rename(two, rig.path("aside"));
    await rename(three, two);
    await rename(rig.path("aside"), three);
    const moved = await refusal(swapped, `${swapped}/00002.ndjson.aes`);
    expect(moved.message).to.include("it was changed, or is not this file of this backup");

    const twin = await alike("00001.ndjson.aes", () => "full/00001.ndjson.aes");
    await cp(rig.path("full/00001.ndjson.aes"), rig.path(`${twin}/00001.ndjson.aes`));
    const mixed = await refusal(twin, `${twin}/00001.ndjson.aes`);
    expect(mixed.message).to.include("it was changed, or is not this file of this backup");

    const text = await readFile(rig.path("full/manifest.ndjson"), "utf8");
    const id = (await readFile(rig.path(`${twin}/manifest.ndjson`), "utf8")).split('"id":"')[1]?.slice(0, 36);
    const jsons = text
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^\{"crc":\d+,/, "{"));
    jsons[0] = (jsons[0] as string).replace(/"id":"[^"]+"/, `"id":"${id}"`);
    const sealer = new LineSealer();
    await writeFile(
      rig.path(`${twin}/manifest.ndjson`),
      Buffer.concat(jsons.map((json) => sealer.seal(json))),
    );
    expect((await refusal(twin, `${twin}/manifest.ndjson`)).reason).to.equal("checksum");
  });

  it("is refused when lines of its manifest were left out, moved, repeated or put together otherwise", async () => {
    for (let i = 0; i < 120; i++) await rig.source.namespace(`${i}-${"n".repeat(100)}`).set(ctx, "a", i);
    await rig.source.backup(ctx, rig.path("many"), { encryption });
    const path = rig.path("many/manifest.ndjson");
    const whole = await readFile(path, "utf8");
    const lines = whole
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^\{"crc":\d+,/, "{"));
    expect(lines.length).to.be.above(5);
    const [header, first, second, ...rest] = lines as [string, string, string, ...string[]];
    const end = rest.pop() as string;
    const { sealed } = JSON.parse(first) as { sealed: string };
    const halves = [sealed.slice(0, 6000), sealed.slice(6000)].map((part) =>
      JSON.stringify({ sealed: part }),
    );
    const others: readonly (readonly string[])[] = [
      [header, first, ...rest, end],
      [header, second, first, ...rest, end],
      [header, first, first, second, ...rest, end],
      [header, first, second, ...rest.slice(0, -1), end],
      [header, first, second, ...rest],
      [header, first, second, ...rest, end, end],
      [header, first, second, ...rest, end, first],
      [header, ...halves, second, ...rest, JSON.stringify({ end: lines.length - 1 })],
      [header, JSON.stringify({ sealed: 1 }), first, second, ...rest, end],
      [header, end],
      [header],
      [end],
    ];
    const seal = (jsons: readonly string[]) => {
      const sealer = new LineSealer();
      return Buffer.concat(jsons.map((json) => sealer.seal(json)));
    };
    for (const jsons of others) {
      await writeFile(path, seal(jsons));
      await refusal("many", "many/manifest.ndjson");
    }
    await writeFile(path, seal(lines));
    expect(await readFile(path, "utf8")).to.equal(whole);
    await rig.target.restore(ctx, rig.path("many"), { encryption });
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("is refused when a file of it, or its base, is missing", async () => {
    for (const file of ["next/00001.ndjson.aes", "full/00002.ndjson.aes", "full/manifest.ndjson"]) {
      await rename(rig.path(file), rig.path("aside"));
      expect((await refusal("next", file)).reason).to.equal("truncated");
      await rename(rig.path("aside"), rig.path(file));
    }
    await rig.target.restore(ctx, rig.path("next"), { encryption });
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  it("is refused in bounded memory, whoever filled its manifest with junk", async () => {
    const [header = ""] = (await readFile(rig.path("full/manifest.ndjson"), "utf8")).split("\n");
    const junk = (count: number, piece: string, end: boolean): Buffer => {
      const sealer = new LineSealer();
      const lines = [sealer.seal(header.replace(/^\{"crc":\d+,/, "{"))];
      for (let i = 0; i < count; i++) lines.push(sealer.seal(JSON.stringify({ sealed: piece })));
      if (end) lines.push(sealer.seal(JSON.stringify({ end: count })));
      return Buffer.concat(lines);
    };
    const full = Buffer.alloc(9 * 1024, 7).toString("base64");
    for (const [manifest, said] of [
      [junk(100_000, "", true), "line 3"],
      [junk(Math.floor((120 * MIB) / full.length), full, true), "it was changed after it had been written"],
    ] as const) {
      await writeFile(rig.path("full/manifest.ndjson"), manifest);
      const child = new StoreProcess(PROGRAM, { backup: rig.path("full"), encryption } satisfies RestoreTask);
      const { code, message, keys: held, memory } = await child.next<RestoreVerdict>();
      await child.end();
      expect({ code, keys: held }, message).to.deep.equal({ code: 5003, keys: 0 });
      expect(message).to.include(said);
      expect(memory).to.be.below(600 * MIB);
    }
  }).timeout(120_000);
});
