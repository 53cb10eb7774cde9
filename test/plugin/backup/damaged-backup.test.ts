import { expect } from "chai";
import { cp, link, readdir, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import {
  background,
  openStorage,
  StorageError,
  type StorageFault,
  type StoragePlugin,
} from "../../../src/index.js";
import {
  encodeManifest,
  decodeManifest,
  sha256,
  type BackupManifest,
} from "../../../src/plugin/backup/backup-manifest.js";
import { LineSealer } from "../../../src/plugin/backup/checked-lines.js";
import { restoreStore } from "../../../src/plugin/backup/restore-store.js";
import { slotOfStore, type StackSlot } from "../../../src/plugin/stack-slot.js";
import { nodeFileSystem } from "../../../src/backends/files/node-file-system.js";
import type { FileSystem } from "../../../src/core/file-system.js";
import { SeededRandom } from "../../crash/seeded-random.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";

const ctx = background();
const SEED = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
const CORRUPTION = new Set(["checksum", "truncated", "decode", "newer-format", "foreign"]);
const FORMS = ["none", "gzip"] as const;

describe(`a damaged backup, seed ${SEED} (HOLDFAST_SEED)`, () => {
  let rig: BackupRig;
  let target: StoragePlugin;
  let expected: unknown;

  beforeEach(async () => {
    rig = new BackupRig();
    await rig.open();
    target = rig.target;
    await rig.source.setBatch(ctx, { a: 1, b: "two", c: new Uint8Array([1, 2, 3]), d: null });
    await rig.source.namespace("n").setBatch(ctx, { x: 1, y: [1, 2] });
    await rig.source.backup(ctx, rig.path("full"));
    await rig.source.backup(ctx, rig.path("gzip"), { compression: "gzip" });
    await rig.source.setBatch(ctx, { a: 2, e: 5 });
    await rig.source.delete(ctx, "b");
    await rig.backup("next", "full");
    await rig.source.backup(ctx, rig.path("next-gzip"), { base: rig.path("full"), compression: "gzip" });
    expected = await valuesOf(rig.source);
  });
  afterEach(() => rig.close());

  /** Changes a file of `next` or of what it goes on from; restoring must refuse, or give what was backed up. */
  async function expectRefusal(
    file: string,
    damaged: Uint8Array,
    what: string,
    of = "next",
  ): Promise<string> {
    const whole = await readFile(rig.path(file));
    await writeFile(rig.path(file), damaged);
    const before = rig.writes;
    try {
      const error = await thrownBy(target.restore(ctx, rig.path(of)));
      expect(error, what).to.be.instanceOf(StorageError);
      const { code, reason, message } = error as StorageError;
      expect([code, CORRUPTION.has(reason)], `${what}: ${message}`).to.deep.equal([5003, true]);
      expect(message, what).to.include(file.slice(file.indexOf("/") + 1));
      expect(rig.writes, what).to.equal(before);
      return message;
    } finally {
      await writeFile(rig.path(file), whole);
    }
  }

  const FILES = [
    "full/manifest.ndjson",
    "full/00001.ndjson",
    "full/00002.ndjson",
    "next/manifest.ndjson",
    "next/00001.ndjson",
  ];

  it("is refused with file and line, whichever line was changed, repeated, left out, moved or cut", async () => {
    for (const file of FILES) {
      const lines = (await readFile(rig.path(file), "utf8")).split(/(?<=\n)/);
      for (const [i, line] of lines.entries()) {
        const others = (...middle: string[]) =>
          Buffer.from([...lines.slice(0, i), ...middle, ...lines.slice(i + 1)].join(""));
        const at = `${file}, line ${i + 1}`;
        const digit = line.search(/\d(?=[^\d]*$)/);
        const flipped = `${line.slice(0, digit)}${(Number(line[digit]) + 1) % 10}${line.slice(digit + 1)}`;
        const changed = await expectRefusal(file, others(flipped), `${at}, a digit`);
        if (i > 0) expect(changed).to.include(`line ${i + 1}`);
        await expectRefusal(file, others(line, line), `${at}, twice`);
        await expectRefusal(file, others(), `${at}, left out`);
        await expectRefusal(file, others(line.slice(0, line.length / 2)), `${at}, cut within`);
        await expectRefusal(file, Buffer.from(lines.slice(0, i).join("")), `${at}, cut before`);
        if (i + 1 < lines.length) {
          const swapped = [...lines.slice(0, i), lines[i + 1], line, ...lines.slice(i + 2)].join("");
          await expectRefusal(file, Buffer.from(swapped), `${at}, moved`);
        }
      }
    }
    await target.restore(ctx, rig.path("next"));
    expect(await valuesOf(target)).to.deep.equal(expected);
  }).timeout(120_000);

  it("is refused whichever of its bytes was changed, and at whatever length it was cut", async () => {
    const random = new SeededRandom(SEED);
    const files = new Map<string, Uint8Array>();
    for (const name of await rig.names())
      for (const file of await readdir(rig.path(name)))
        files.set(rig.path(`${name}/${file}`), await readFile(rig.path(`${name}/${file}`)));
    const { stack } = slotOfStore(target) as StackSlot;
    const plan = { only: undefined, replace: false, dryRun: false, onProgress: undefined };

    /** Reading from memory is a hundred times as fast. */
    async function expectDamage(file: string, damaged: Uint8Array, of: string, what: string): Promise<void> {
      const held = new Map([...files, [rig.path(file), damaged]]);
      const fs: FileSystem = {
        ...nodeFileSystem,
        size: async (path) => (held.get(path) as Uint8Array).byteLength,
        readFile: async (path) => held.get(path) as Uint8Array,
      };
      const error = await thrownBy(restoreStore({ fs, stack, ctx, plan }, rig.path(of)));
      const { reason, message } = error as StorageFault;
      expect(CORRUPTION.has(reason), `${what}: ${message}`).to.equal(true);
      expect(message, what).to.include(file.slice(file.indexOf("/") + 1));
    }

    for (const file of [...FILES, "next-gzip/00001.ndjson.gz", "next-gzip/manifest.ndjson"]) {
      const of = file.startsWith("next-gzip") ? "next-gzip" : "next";
      const whole = files.get(rig.path(file)) as Uint8Array;
      for (let at = 0; at < whole.length; at++) {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] as number) ^ (1 << random.below(8));
        await expectDamage(file, damaged, of, `${file}, byte ${at}`);
        await expectDamage(file, whole.subarray(0, at), of, `${file}, cut to ${at}`);
      }
    }
    expect(rig.writes).to.equal(0);
  }).timeout(240_000);

  it("is refused wherever a compressed segment was cut, and with anything after it", async () => {
    const file = "gzip/00001.ndjson.gz";
    const whole = await readFile(rig.path(file));
    for (let size = 0; size < whole.length; size += 7) {
      await expectRefusal(file, whole.subarray(0, size), `cut to ${size}`, "gzip");
    }
    const after = [Buffer.of(0), Buffer.from("junk"), gzipSync("more"), whole];
    for (const more of after)
      await expectRefusal(file, Buffer.concat([whole, more]), `${more.length} more`, "gzip");
  });

  describe("by somebody who wrote a manifest to fit", () => {
    /** Gives segment 1 of a backup other bytes, and the manifest what vouches for them. */
    async function forge(stored: Buffer, seal: object = {}): Promise<string> {
      const bytes = await readFile(rig.path("gzip/manifest.ndjson"));
      const { manifest } = decodeManifest(bytes, "manifest");
      const [first, ...rest] = manifest.namespaces;
      const segment = { ...first?.segments[0], storedBytes: stored.length, sha256: sha256(stored), ...seal };
      const forged = {
        ...manifest,
        namespaces: [{ ...first, segments: [segment] }, ...rest],
      } as BackupManifest;
      await writeFile(rig.path("gzip/manifest.ndjson"), encodeManifest(forged).bytes);
      await writeFile(rig.path("gzip/00001.ndjson.gz"), stored);
      const error = await thrownBy(target.restore(ctx, rig.path("gzip")));
      expect(error).to.include({ code: 5003 });
      expect((error as Error).message).to.include("00001.ndjson.gz");
      expect(rig.writes).to.equal(0);
      return (error as Error).message;
    }

    it("is refused when it would grow past what it says, without being unpacked", async () => {
      const bomb = gzipLike(Buffer.alloc(256 * 1024 * 1024));
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      const watch = setInterval(
        () => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)),
        5,
      );
      expect(await forge(bomb, { bytes: 1000 })).to.include("does not decompress to the 1000 bytes");
      clearInterval(watch);
      expect(most).to.be.below(64 * 1024 * 1024);
    });

    it("is refused when a segment is said to be larger than any", async () => {
      const bomb = gzipLike(Buffer.alloc(1024));
      expect(await forge(bomb, { bytes: 1e12 })).to.include("larger than any segment");
    });

    it("is refused with a second member, with something after it, or with another header", async () => {
      const whole = await readFile(rig.path("gzip/00001.ndjson.gz"));
      expect(await forge(Buffer.concat([whole, whole]))).to.include("something after");
      expect(await forge(Buffer.concat([whole, Buffer.alloc(8)]))).to.include("something after");
      const named = Buffer.from(whole);
      named[3] = 8;
      expect(await forge(named)).to.include("does not begin");
    });

    it("is refused with records that this version does not know", async () => {
      const records = [
        '{"put":"a"}',
        '{"put":"a","version":"v","type":9,"codec":1,"value":1}',
        '{"move":"a"}',
        "{]",
      ];
      for (const record of [
        ...records,
        '{"delete":""}',
        '{"deleteRange":["a",1]}',
        '{"put":"\\ud800","version":"v"}',
      ]) {
        const sealer = new LineSealer();
        const { manifest } = decodeManifest(await readFile(rig.path("gzip/manifest.ndjson")), "manifest");
        const place = { holdfast: "segment", format: 1, backup: manifest.id, segment: 1, namespace: "" };
        const lines = Buffer.concat([sealer.seal(JSON.stringify(place)), sealer.seal(record)]);
        expect(await forge(gzipLike(lines), { bytes: lines.length, lines: 2 }), record).to.include("line 2");
      }
    });
  });

  it("is refused when a file of it, or its base, is missing or another one", async () => {
    for (const file of [
      "next/manifest.ndjson",
      "next/00001.ndjson",
      "full/00002.ndjson",
      "full/manifest.ndjson",
    ]) {
      await cp(rig.path(file), rig.path("aside"));
      await unlink(rig.path(file));
      expect(await thrownBy(target.restore(ctx, rig.path("next"))), file).to.include({
        code: 5003,
        reason: "truncated",
      });
      await cp(rig.path("aside"), rig.path(file));
    }
    await rm(rig.path("full"), { recursive: true });
    await rig.backup("full");
    expect(await thrownBy(target.restore(ctx, rig.path("next")))).to.include({
      code: 5003,
      reason: "foreign",
    });
    await cp(rig.path("full/00001.ndjson"), rig.path("next/00001.ndjson"));
    expect(await thrownBy(target.restore(ctx, rig.path("absent")))).to.include({
      code: 5003,
      reason: "truncated",
    });
  });

  it("is refused where a symbolic link stands for a file", async () => {
    await link(rig.path("full/00001.ndjson"), rig.path("aside"));
    await unlink(rig.path("full/00001.ndjson"));
    await symlink(rig.path("aside"), rig.path("full/00001.ndjson"));
    const error = await thrownBy(target.restore(ctx, rig.path("full")));
    expect(error).to.be.instanceOf(StorageError);
    expect(rig.writes).to.equal(0);
  });

  it("is told from one that the system does not let us read", async () => {
    const { stack } = slotOfStore(target) as StackSlot;
    const plan = { only: undefined, replace: false, dryRun: false, onProgress: undefined };
    for (const failing of ["manifest.ndjson", "00001.ndjson"]) {
      for (const [code, advice] of [
        ["EIO", "check the disk"],
        ["EACCES", "readable for this user"],
      ] as const) {
        const readOrFail: FileSystem["readFile"] = async (path) => {
          if (path === rig.path(`full/${failing}`)) throw Object.assign(new Error(code), { code });
          return nodeFileSystem.readFile(path);
        };
        const fs = { ...nodeFileSystem, readFile: readOrFail };
        const error = await thrownBy(restoreStore({ fs, stack, ctx, plan }, rig.path("next")));
        expect(error).to.be.instanceOf(StorageError);
        expect(error).to.include({ code: 5001, reason: "io", operation: "restore" });
        expect((error as Error).message)
          .to.include(failing)
          .and.to.include(advice);
      }
    }
    expect(rig.writes).to.equal(0);
  });

  it("is told from one of a newer version and from other files", async () => {
    const manifest = await readFile(rig.path("full/manifest.ndjson"), "utf8");
    const newer = manifest.replace('"format":1', '"format":3');
    expect(await expectRefusal("full/manifest.ndjson", Buffer.from(newer), "newer", "full")).to.include(
      "format 3",
    );
    for (const [text, reason] of [
      [newer, "newer-format"],
      ['{"some":"json"}\n', "foreign"],
      ["", "foreign"],
      ["PK\u0003\u0004", "foreign"],
      [manifest.replace('"form":"none"', '"form":"zstd"'), "checksum"],
    ] as const) {
      await writeFile(rig.path("full/manifest.ndjson"), text);
      expect(await thrownBy(target.restore(ctx, rig.path("full"))), text.slice(0, 20)).to.include({
        code: 5003,
        reason,
      });
    }
  });

  it("is no danger to another one beside it", async () => {
    expect(await readdir(rig.folder)).to.have.members(["full", "gzip", "next", "next-gzip"]);
    for (const name of ["next", "next-gzip"]) {
      await using store = await openStorage();
      await store.restore(ctx, join(rig.folder, name));
      expect(await valuesOf(store)).to.deep.equal(expected);
    }
  });

  it("has its forms named in the manifest", async () => {
    for (const compression of FORMS) {
      const { manifest } = decodeManifest(
        await readFile(rig.path(`${compression === "none" ? "full" : "gzip"}/manifest.ndjson`)),
        "",
      );
      expect(manifest.form).to.equal(compression);
    }
  });
});

/** As a gzip file is made here. */
function gzipLike(bytes: Buffer): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(bytes), 0);
  trailer.writeUInt32LE(bytes.length % 2 ** 32, 4);
  return Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]), deflateRawSync(bytes), trailer]);
}
