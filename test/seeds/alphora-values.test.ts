import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  background,
  codec,
  ErrStorageWriteFailed,
  openStorage,
  StorageError,
  type StoragePlugin,
} from "../../src/index.js";
import { onEveryStore, until } from "./on-every-store.js";

const ctx = background();
const TTL_MS = 250;

describe("the examples of the storage for agents: values", function () {
  this.timeout(60_000);

  onEveryStore((opened) => {
    let storage: StoragePlugin;
    beforeEach(() => (storage = opened.store));

    it("the quick start", async () => {
      await storage.set(ctx, "user:1:name", "Alice");
      expect(await storage.get(ctx, "user:1:name")).to.equal("Alice");
    });

    it("keys and values", async () => {
      await storage.set(ctx, "key", "value");
      await storage.set(ctx, "user:1:profile", { name: "Alice", age: 30 });
      await storage.set(ctx, "session:abc123", { token: "xxx" }, "1h");
      expect(await storage.get(ctx, "key")).to.equal("value");
      expect(await storage.getOr(ctx, "nonexistent", "默认值")).to.equal("默认值");
      expect(await storage.exists(ctx, "key")).to.equal(true);
      expect(await storage.delete(ctx, "key")).to.equal(true);
      expect(await storage.exists(ctx, "key")).to.equal(false);
    });

    it("batches", async () => {
      const data = { key1: "value1", key2: "value2", key3: "value3" };
      await storage.setBatch(ctx, data);
      expect(Object.fromEntries(await storage.getBatch(ctx, Object.keys(data)))).to.deep.equal(data);
      expect(await storage.deleteBatch(ctx, ["key1", "key2"])).to.equal(2);
    });

    it("searches for keys", async () => {
      const names = ["session:1:token", "user:1:name", "user:2:name", "user:2:age"];
      await storage.setBatch(ctx, Object.fromEntries(names.map((name) => [name, 1])));
      expect(await storage.keys(ctx)).to.deep.equal(names.toSorted());
      expect(await storage.keys(ctx, "user:*")).to.have.length(3);
      expect(await storage.keys(ctx, "*:name")).to.deep.equal(["user:1:name", "user:2:name"]);
      expect(await storage.keys(ctx, "session:*:token")).to.deep.equal(["session:1:token"]);
    });

    it("what a dictionary does", async () => {
      await storage.setBatch(ctx, { a: 1, b: 2, gone: 3 });
      await storage.delete(ctx, "gone");
      expect(await storage.size(ctx)).to.equal(2);
      const seen: [string, unknown][] = [];
      for await (const { key, value } of storage.entries(ctx)) seen.push([key, value]);
      expect(seen).to.deep.equal([
        ["a", 1],
        ["b", 2],
      ]);
      expect(await storage.clear(ctx)).to.equal(2);
    });

    it("times to live", async () => {
      await storage.set(ctx, "key", "value");
      expect(await storage.ttl(ctx, "key")).to.equal(-1);
      expect(await storage.expire(ctx, "key", "5m")).to.equal(true);
      expect(await storage.ttl(ctx, "key")).to.be.within(290_000, 300_000);
      expect(await storage.persist(ctx, "key")).to.equal(true);
      expect(await storage.ttl(ctx, "key")).to.equal(-1);
      expect(await storage.ttl(ctx, "nonexistent")).to.equal(-2);
      await storage.set(ctx, "session:token", "abc123", TTL_MS);
      await until(async () => !(await storage.exists(ctx, "session:token")));
      expect(await storage.ttl(ctx, "session:token")).to.equal(-2);
    });

    it("sessions that are prolonged", async () => {
      const id = randomUUID();
      await storage.set(ctx, `session:${id}`, { user_id: "u1", created_at: Date.now() }, "1h");
      expect(await storage.get(ctx, `session:${id}`)).to.include({ user_id: "u1" });
      expect(await storage.expire(ctx, `session:${id}`, "24h")).to.equal(true);
      expect(await storage.ttl(ctx, `session:${id}`)).to.be.greaterThan(3_600_000);
      expect(await storage.expire(ctx, "session:gone", "24h")).to.equal(false);
    });

    it("a transfer: all of it, or with too little balance nothing, also after reopening", async () => {
      await storage.transact(ctx, async (tx) => {
        await tx.set("account:1:balance", 1000);
        await tx.set("account:2:balance", 500);
      });
      const transfer = (from: number, to: number, amount: number) =>
        opened.store.transact(ctx, async (tx) => {
          const [source, target] = [`account:${from}:balance`, `account:${to}:balance`];
          const [has, had] = [await tx.getOr<number>(source, 0), await tx.getOr<number>(target, 0)];
          await tx.set(target, had + amount);
          if (has < amount) throw new RangeError("余额不足");
          await tx.set(source, has - amount);
        });
      const balances = async () => [...(await opened.store.find<number>(ctx, "account:*:balance")).values()];
      await transfer(1, 2, 300);
      expect(await balances()).to.deep.equal([700, 800]);
      const error = await transfer(1, 2, 5000).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(RangeError);
      expect(await balances()).to.deep.equal([700, 800]);
      if (!opened.kind.persistent) return;
      await opened.reopen();
      expect(await balances()).to.deep.equal([700, 800]);
    });

    it("dates, bytes, sets and objects of classes", async () => {
      class User {
        readonly name: string;
        readonly age: number;
        constructor(name: string, age: number) {
          this.name = name;
          this.age = age;
        }
      }
      class MyObject {
        readonly #value: number;
        constructor(value: number) {
          this.#value = value;
        }
        toJSON(): unknown {
          return { value: this.#value };
        }
      }
      const now = new Date();
      await storage.set(ctx, "timestamp", now);
      await storage.set(ctx, "binary", Buffer.from("hello world"));
      await storage.set(ctx, "tags", new Set(["python", "ai", "llm"]));
      await storage.set(ctx, "user", new User("Alice", 30));
      await storage.set(ctx, "obj", new MyObject(42));
      expect(await storage.get(ctx, "timestamp")).to.deep.equal(now);
      expect(await storage.get(ctx, "binary")).to.deep.equal(new Uint8Array(Buffer.from("hello world")));
      expect(await storage.get(ctx, "tags")).to.deep.equal(new Set(["python", "ai", "llm"]));
      expect(await storage.get(ctx, "user")).to.deep.equal({ name: "Alice", age: 30 });
      expect(await storage.get(ctx, "obj")).to.deep.equal({ value: 42 });
    });

    it("what cannot be encoded is refused", async () => {
      await storage.set(ctx, "key", "kept");
      const error = await storage.set(ctx, "key", () => 1).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(StorageError);
      expect(error).to.include({ code: ErrStorageWriteFailed, reason: "unserializable" });
      expect(await storage.get(ctx, "key")).to.equal("kept");
    });

    it("information and upkeep", async () => {
      await storage.setBatch(ctx, { a: 1, b: 2 });
      const info = await storage.info(ctx);
      expect(info).to.include({ type: opened.kind.backend, size: 2, values: 2, lists: 0, hashes: 0 });
      expect(info.configuration).to.include({ backend: opened.kind.backend });
      if (info.capabilities.files) expect(info.fileBytes).to.be.greaterThan(0);
      if (info.capabilities.compact) await storage.compact(ctx);
      expect(await storage.size(ctx)).to.equal(2);
    });

    it("a backup, and clearing everything", async () => {
      const folder = await mkdtemp(join(tmpdir(), "holdfast-seeds-"));
      await storage.set(ctx, "key", "value");
      await storage.list("list").rpush(ctx, 1, 2);
      await storage.backup(ctx, join(folder, "storage.bak"));
      expect(await storage.clear(ctx)).to.equal(2);
      expect(await storage.size(ctx)).to.equal(0);
      await storage.restore(ctx, join(folder, "storage.bak"));
      expect(await storage.get(ctx, "key")).to.equal("value");
      expect(await storage.list("list").lrange(ctx, 0, -1)).to.deep.equal([1, 2]);
      await rm(folder, { recursive: true });
    });
  });

  describe("its stores and their configuration", () => {
    let folder = "";
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "holdfast-seeds-"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it("a JSON file, saved by hand", async () => {
      const path = join(folder, "data", "storage.json");
      const storage = await openStorage({ backend: "json", file_path: path, auto_save: false });
      await storage.set(ctx, "key", "value");
      await storage.flush(ctx);
      await storage.compact(ctx);
      expect(await readFile(path, "utf8"), "readable").to.contain('"value"');
      await storage.stop();
    });

    it("a JSON file that is saved when its block ends", async () => {
      const settings = { backend: "json", file: { path: join(folder, "storage.json") } };
      {
        await using storage = await openStorage(settings);
        await storage.set(ctx, "key", "value");
      }
      await using again = await openStorage(settings);
      expect(await again.get(ctx, "key")).to.equal("value");
    });

    it("a JSON file that is compressed, and saved every 30 seconds", async () => {
      const path = join(folder, "storage.json");
      const settings = { compression: true, auto_save: true, save_interval: "30s" };
      const open = () =>
        openStorage({ backend: "json", durability: "interval", file: { path }, ...settings });
      const storage = await open();
      await storage.set(ctx, "key", "value");
      await storage.compact(ctx);
      await storage.stop();
      const again = await open();
      expect(await again.get(ctx, "key")).to.equal("value");
      await again.stop();
    });

    it("SQLite in memory, where no path is given", async () => {
      const storage = await openStorage({ backend: "sqlite" });
      await storage.transact(ctx, async (tx) => {
        await tx.set("key1", "value1");
        await tx.set("key2", "value2");
      });
      expect(await storage.keys(ctx)).to.deep.equal(["key1", "key2"]);
      await storage.stop();
    });

    it("the factory, by the names of its stores", async () => {
      const stores = [
        { backend: "json", file: { path: join(folder, "storage.json") } },
        { backend: "sqlite", sqlite: { path: join(folder, "storage.db") } },
        { backend: "memory" },
      ];
      for (const settings of stores) {
        await using storage = await openStorage(settings);
        await storage.set(ctx, "key", "value");
        expect(await storage.get(ctx, "key"), settings.backend).to.equal("value");
      }
    });

    it("serializers", () => {
      const data = { name: "Alice", age: 30 };
      const json = codec("json", { indent: 2 });
      expect(json.encodeToText(data)).to.equal('{\n  "name": "Alice",\n  "age": 30\n}');
      expect(json.decodeFromText(json.encodeToText(data))).to.deep.equal(data);
      expect(json.decodeFromBytes(json.encodeToBytes(data))).to.deep.equal(data);
      const v8 = codec("v8");
      expect(v8.decodeFromBytes(v8.encodeToBytes(data)), "in the place of pickle").to.deep.equal(data);
      expect(json.encodeToText("你好"), "not escaped").to.equal('"你好"');
      expect(() => json.decodeFromText("{"))
        .to.throw()
        .with.property("reason", "decode");
      expect(() => json.encodeToText(Symbol("s")))
        .to.throw()
        .with.property("reason", "unserializable");
    });
  });
});
