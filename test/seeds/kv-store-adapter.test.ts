import { expect } from "chai";
import {
  background,
  ErrStorageNotFound,
  openStorage,
  StorageError,
  type StoragePlugin,
} from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { startRedis } from "../support/servers/redis-server.js";
import { onEveryStore, until } from "./on-every-store.js";

const ctx = background();
const TTL_MS = 250;

describe("the examples of the key-value store adapter", function () {
  this.timeout(60_000);
  onEveryStore((opened) => {
    let store: StoragePlugin;
    beforeEach(() => (store = opened.store));

    it("the quick start", async () => {
      await store.set(ctx, "user:1", { name: "Alice", age: 30 });
      expect(await store.get(ctx, "user:1")).to.deep.equal({ name: "Alice", age: 30 });
      await store.set(ctx, "session:abc", { user_id: 1 }, "1h");
      expect(await store.ttl(ctx, "session:abc")).to.be.within(3_590_000, 3_600_000);

      await store.namespace("app").set(ctx, "config", "production");
      await store.namespace("test").set(ctx, "config", "debug");
      expect(await store.namespace("app").get(ctx, "config")).to.equal("production");

      await store.setBatch(ctx, { "user:1": "Alice", "user:2": "Bob", "admin:1": "Charlie" });
      expect(await store.keys(ctx, "user:*")).to.deep.equal(["user:1", "user:2"]);
    });

    it("namespaces", async () => {
      await store.namespace("user:1").set(ctx, "settings", { theme: "dark" });
      await store.namespace("user:2").set(ctx, "settings", { theme: "light" });
      await store.namespace("temp").set(ctx, "cache", "some_value");
      expect(await store.namespace("user:1").get(ctx, "settings")).to.deep.equal({ theme: "dark" });
      expect(await store.namespace("temp").keys(ctx)).to.deep.equal(["cache"]);
      expect(await store.listNamespaces(ctx)).to.deep.equal(["temp", "user:1", "user:2"]);
      expect(await store.clearNamespace(ctx, "temp")).to.equal(1);
      expect(await store.listNamespaces(ctx)).to.deep.equal(["user:1", "user:2"]);
    });

    it("times to live", async () => {
      await store.set(ctx, "session", { user: "alice" }, TTL_MS);
      await store.set(ctx, "cache", "data", "15m");
      expect(await store.ttl(ctx, "session")).to.be.within(0, TTL_MS);
      expect(await store.ttl(ctx, "cache")).to.be.within(890_000, 900_000);
      await until(async () => !(await store.exists(ctx, "session")));
      expect(await store.ttl(ctx, "session")).to.equal(-2);
      expect(await store.exists(ctx, "cache")).to.equal(true);
    });

    it("errors", async () => {
      const error = await store.get(ctx, "nonexistent_key").catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(StorageError).and.include({ code: ErrStorageNotFound });
      expect(await store.exists(ctx, "key")).to.equal(false);
    });

    if (opened.kind.persistent) {
      it("persistence", async () => {
        await store.set(ctx, "persistent_key", "persistent_value");
        await opened.reopen();
        expect(await opened.store.get(ctx, "persistent_key")).to.equal("persistent_value");
      });
    }
  });

  it("a server of Redis by host, port, database and password", async function () {
    const server = await startRedis(["--requirepass", "secret"]);
    if (server === undefined) return missing(this, "redis-server");
    const { hostname: host, port } = new URL(server.url);
    const redis = { host, port: Number(port), db: 1, password: "secret", socket_timeout: "10s" };
    const store = await openStorage({ backend: "redis", redis });
    await store.set(ctx, "key", "value");
    await store.stop();
    const other = await openStorage({ backend: "redis", redis: { ...redis, db: 0 } });
    expect(await other.exists(ctx, "key"), "another database").to.equal(false);
    await other.stop();
    await server.stop();
  });
});
