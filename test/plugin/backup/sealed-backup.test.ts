import { expect } from "chai";
import { readdir, readFile } from "node:fs/promises";
import {
  background,
  openStorage,
  type BackupOptions,
  type StoragePlugin,
  type StorageSettings,
} from "../../../src/index.js";
import { valuesOf } from "../../support/store-values.js";
import { BackupRig, thrownBy } from "./backup-rig.js";
import { TestKeys } from "./test-keys.js";

const ctx = background();
/** Parts of everything that must not be read in a file; nothing of them can be base64 or hexadecimal by chance. */
const CANARIES = ["canary-key", "canary-value", "canary-field", "canary-namespace", "canary-base"];
const COMPRESSIONS = ["none", "gzip"] as const;

describe("an encrypted backup", () => {
  let rig: BackupRig;
  let keys: TestKeys;

  beforeEach(async () => {
    keys = new TestKeys();
    rig = new BackupRig();
    await rig.open();
  });
  afterEach(async () => {
    await rig.close();
    keys.remove();
  });

  async function fill(store: StoragePlugin): Promise<void> {
    await store.setBatch(ctx, { "canary-key": "canary-value", other: { "canary-field": 1 }, empty: null });
    await store.list("canary-key-list").rpush(ctx, "canary-value", "canary-value");
    await store
      .namespace("canary-namespace")
      .hash("canary-key")
      .hset(ctx, { "canary-field": "canary-value" });
    await store.namespace("canary-namespace").set(ctx, "bytes", new Uint8Array([1, 2, 3]), "1h");
  }

  async function contents(name: string): Promise<Map<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (const file of await readdir(rig.path(name)))
      found.set(file, await readFile(rig.path(`${name}/${file}`)));
    return found;
  }

  for (const compression of COMPRESSIONS) {
    it(`has no name or value in any of its bytes, compression ${compression}`, async () => {
      await fill(rig.source);
      const options = { compression, encryption: keys.given("k1") };
      await rig.source.backup(ctx, rig.path("canary-base"), options);
      await rig.source.namespace("canary-namespace").set(ctx, "canary-key", "canary-value");
      await rig.source.backup(ctx, rig.path("next"), { ...options, base: rig.path("canary-base") });
      for (const name of ["canary-base", "next"]) {
        const files = await contents(name);
        expect([...files.keys()].sort().at(-1)).to.equal("manifest.ndjson");
        for (const [file, bytes] of files) {
          for (const canary of CANARIES)
            for (const form of [canary, btoa(canary).slice(0, -2)])
              expect(bytes.includes(form), `${name}/${file}: ${form}`).to.equal(false);
          expect(bytes.includes('"k1"'), file).to.equal(file === "manifest.ndjson");
        }
      }
    });
  }

  it("says in the manifest, in the clear, which key it needs, and nothing else", async () => {
    await fill(rig.source);
    const { id, key } = await rig.source.backup(ctx, rig.path("one"), { encryption: keys.given("k1") });
    expect(key).to.equal("k1");
    const lines = (await readFile(rig.path("one/manifest.ndjson"), "utf8")).trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const { crc: _crc, fingerprint, ...header } = parsed[0] as Record<string, unknown>;
    expect(header).to.deep.equal({ holdfast: "backup", format: 2, id, cipher: "aes-256-gcm", key: "k1" });
    expect(fingerprint).to.match(/^[0-9a-f]{16}$/);
    for (const line of parsed.slice(1, -1)) expect(Object.keys(line)).to.deep.equal(["crc", "sealed"]);
    expect(parsed.at(-1)).to.include({ end: parsed.length - 2 });
  });

  describe("of a plain store is restored into another one", () => {
    const backends: Readonly<Record<string, (path: string) => StorageSettings>> = {
      memory: () => ({ backend: "memory" }),
      file: (path) => ({ backend: "file", file: { path } }),
      directory: (path) => ({ backend: "directory", directory: { path } }),
      sqlite: (path) => ({ backend: "sqlite", sqlite: { path } }),
      lmdb: (path) => ({ backend: "lmdb", lmdb: { path } }),
    };
    for (const [backend, settings] of Object.entries(backends)) {
      for (const compression of COMPRESSIONS) {
        it(`from and to ${backend}, with compression ${compression}`, async () => {
          await using store = await openStorage(settings(rig.path("old")));
          await fill(store);
          const encryption = keys.given("k1");
          await store.backup(ctx, rig.path("full"), { compression, encryption });
          await store.set(ctx, "later", "x".repeat(100_000));
          await store.delete(ctx, "other");
          const base = rig.path("full");
          const result = await store.backup(ctx, rig.path("next"), { base, compression, encryption });
          expect(result).to.include({ kind: "incremental", key: "k1", records: 2 });
          await using other = await openStorage(settings(rig.path("new")));
          await other.restore(ctx, rig.path("next"), { encryption });
          expect(await valuesOf(other)).to.deep.equal(await valuesOf(store));
          expect(await other.list("canary-key-list").lrange(ctx, 0, -1)).to.have.length(2);
          const hash = other.namespace("canary-namespace").hash("canary-key");
          expect(await hash.hget(ctx, "canary-field")).to.equal("canary-value");
          expect(await other.verify(ctx)).to.include({ ok: true });
        });
      }
    }
  });

  it("is restored in large segments, and in many", async () => {
    const text = "y".repeat(5 * 1024 * 1024);
    await rig.source.setBatch(ctx, { a: text, b: text, c: text, d: text.repeat(3), e: text });
    const encryption = keys.given("k1");
    await rig.source.backup(ctx, rig.path("one"), { encryption });
    expect((await contents("one")).size).to.be.above(3);
    await rig.target.restore(ctx, rig.path("one"), { encryption });
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
  });

  describe("is opened", () => {
    async function refused(name: string, id: string, options: Parameters<StoragePlugin["restore"]>[2] = {}) {
      const before = rig.writes;
      const error = await thrownBy(rig.target.restore(ctx, rig.path(name), options));
      expect(error).to.include({ code: 5003, reason: "wrong-key", operation: "restore" });
      const { message } = error as Error;
      expect(message).to.include(`${name}/manifest.ndjson" line 1: `).and.to.include(JSON.stringify(id));
      expect(rig.writes).to.equal(before);
      return message;
    }

    it("by none but its key", async () => {
      await fill(rig.source);
      await rig.source.backup(ctx, rig.path("one"), { encryption: keys.given("k1") });
      expect(await refused("one", "k1")).to.include("which is not here; add the key");
      await refused("one", "k1", { encryption: keys.given("k2") });
      const another = { keys: [{ id: "k1", env: keys.one("k2").env }] };
      expect(await refused("one", "k1", { encryption: another })).to.include(
        'another key than the one called "k1"',
      );
      await rig.target.restore(ctx, rig.path("one"), { encryption: keys.given("k2", "k1"), dryRun: true });
      expect(rig.writes).to.equal(0);
    });

    it("by a key whose lack is told with the whole path, however long that is", async () => {
      const name = "n".repeat(120);
      await rig.source.backup(ctx, rig.path(name), { encryption: keys.given("k1") });
      await refused(name, "k1");
    });

    it("by the keys of the store, whether it encrypts with them or not", async () => {
      for (const active of ["k1", "k2", "none"]) {
        const encryption = { keys: [keys.one("k1"), keys.one("k2")], active };
        await using store = await openStorage({
          encryption,
          ...(active === "none" && { backup: { key: "k2" } }),
        });
        await fill(store);
        const { key } = await store.backup(ctx, rig.path(active), { encryption: true });
        expect(key).to.equal(active === "none" ? "k2" : active);
        await using other = await openStorage({ encryption });
        await other.restore(ctx, rig.path(active));
        expect(await valuesOf(other)).to.deep.equal(await valuesOf(store));
      }
    });

    it("with a base under another key, when both are there", async () => {
      await fill(rig.source);
      await rig.source.backup(ctx, rig.path("full"), { encryption: keys.given("k1") });
      await rig.source.set(ctx, "more", 1);
      const options = (...ids: [string, ...string[]]): BackupOptions => {
        return { base: rig.path("full"), encryption: keys.given(...ids) };
      };
      const error = await thrownBy(rig.source.backup(ctx, rig.path("next"), options("k2")));
      expect(error).to.include({ code: 5003, reason: "wrong-key" });
      expect((error as Error).message)
        .to.include('full/manifest.ndjson" line 1: ')
        .and.to.include('"k1"');
      expect(await rig.names()).to.deep.equal(["full"]);
      await rig.source.backup(ctx, rig.path("next"), options("k2", "k1"));
      await refused("next", "k2", { encryption: keys.given("k1") });
      const missing = await thrownBy(
        rig.target.restore(ctx, rig.path("next"), { encryption: keys.given("k2") }),
      );
      expect((missing as Error).message)
        .to.include('full/manifest.ndjson" line 1: ')
        .and.to.include('"k1"');
      await rig.target.restore(ctx, rig.path("next"), { encryption: keys.given("k1", "k2") });
      expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));
    });

    it("as a base by version where the log does not reach back", async () => {
      const encryption = keys.given("k1");
      await using store = await openStorage({ changes: { retain: { count: 1, age: "1ms" } } });
      await fill(store);
      await store.backup(ctx, rig.path("full"), { encryption });
      for (let i = 0; i < 50; i++) await store.set(ctx, `more${i}`, i);
      await store.delete(ctx, "other");
      const result = await store.backup(ctx, rig.path("next"), { base: rig.path("full"), encryption });
      expect(result.namespaces[0]?.source).to.equal("difference");
      await using other = await openStorage();
      await other.restore(ctx, rig.path("next"), { encryption });
      expect(await valuesOf(other)).to.deep.equal(await valuesOf(store));
    });
  });

  it("goes on from a plain base, and no plain one goes on from it", async () => {
    const encryption = keys.given("k1");
    await fill(rig.source);
    await rig.backup("plain");
    await rig.source.set(ctx, "more", 1);
    await rig.source.backup(ctx, rig.path("sealed"), { base: rig.path("plain"), encryption });
    await rig.target.restore(ctx, rig.path("sealed"), { encryption });
    expect(await valuesOf(rig.target)).to.deep.equal(await valuesOf(rig.source));

    const base = rig.path("sealed");
    const storeKey = { encryption: { keys: [keys.one("k1")], active: "none" } };
    await using keyed = await openStorage(storeKey);
    const error = await thrownBy(keyed.backup(ctx, rig.path("leak"), { base }));
    expect(error).to.be.instanceOf(TypeError);
    expect((error as Error).message).to.include("give encryption, or leave out base");
    expect(await rig.names()).to.deep.equal(["plain", "sealed"]);
  });

  it("is refused where there is no such key, and with what are no keys", async () => {
    const { env } = keys.one("k1");
    const messages: readonly (readonly [unknown, string])[] = [
      [true, "encryption: true needs a key of the store"],
      [false, "encryption options must be an object"],
      [{}, "encryption needs keys"],
      [{ keys: [] }, "encryption.keys: what is written is not accepted"],
      [{ keys: [{ id: "k1", env }], plain: "read" }, 'unknown encryption option "plain"'],
      [{ keys: [{ id: "k1", env }], active: "k2" }, 'encryption.active: no key is called "k2"'],
      [
        { keys: [{ id: "k1", env: "HOLDFAST_TEST_NO_KEY" }] },
        "HOLDFAST_TEST_NO_KEY is not set; set it to the key",
      ],
      [{ keys: [{ id: "k1", key: "secret" }] }, "encryption.keys.0.key: unknown option"],
    ];
    for (const [encryption, message] of messages) {
      const options = { encryption } as BackupOptions;
      const calls = [() => rig.source.backup(ctx, rig.path("one"), options)];
      if (encryption !== true)
        calls.push(() => rig.target.restore(ctx, rig.path("one"), options as object) as never);
      for (const call of calls) {
        const error = await thrownBy(call());
        expect(error, message).to.be.instanceOf(TypeError);
        expect((error as Error).message)
          .to.include(message)
          .and.not.to.include("secret");
      }
    }
    expect(await rig.names()).to.deep.equal([]);
  });
});
