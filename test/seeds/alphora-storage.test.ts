import { expect } from "chai";
import { background, type StoragePlugin } from "../../src/index.js";
import { MemoryManager } from "../../src/memory/index.js";
import { onEveryStore } from "./on-every-store.js";

const ctx = background();

describe("the examples of the storage for agents: lists, hashes, counters and chat memory", function () {
  this.timeout(60_000);

  onEveryStore((opened) => {
    let storage: StoragePlugin;
    beforeEach(() => (storage = opened.store));

    it("counters", async () => {
      await storage.set(ctx, "counter", 0);
      const counter = storage.counter("counter");
      expect(await counter.incr(ctx)).to.equal(1);
      expect(await counter.incr(ctx, 5)).to.equal(6);
      expect(await counter.decr(ctx)).to.equal(5);
      expect(await counter.decr(ctx, 3)).to.equal(2);
    });

    it("basic list operations", async () => {
      const messages = storage.list<string>("messages");
      await messages.rpush(ctx, "msg1", "msg2", "msg3");
      await messages.lpush(ctx, "msg0");
      expect(await messages.lrange(ctx, 0, -1)).to.deep.equal(["msg0", "msg1", "msg2", "msg3"]);
      expect(await messages.lrange(ctx, 0, 1)).to.deep.equal(["msg0", "msg1"]);
      expect(await messages.lrange(ctx, -2, -1)).to.deep.equal(["msg2", "msg3"]);
      expect(await messages.llen(ctx)).to.equal(4);
      expect(await messages.lpop(ctx)).to.equal("msg0");
      expect(await messages.rpop(ctx)).to.equal("msg3");
      expect(await messages.lindex(ctx, 0)).to.equal("msg1");
      expect(await messages.lindex(ctx, -1)).to.equal("msg2");
      await messages.lset(ctx, 0, "new_msg");
      await messages.rpush(ctx, "msg1", "msg1");
      expect(await messages.lrem(ctx, 0, "msg1")).to.equal(2);
      expect(await messages.lrange(ctx, 0, -1)).to.deep.equal(["new_msg", "msg2"]);
    });

    it("a message history of bounded length", async () => {
      const history = storage.list<{ role: string; content: string }>("chat:session:abc123");
      for (let i = 0; i < 55; i++) {
        await history.rpush(ctx, { role: "user", content: `你好 ${i}` });
        await history.rpush(ctx, { role: "assistant", content: `你好！ ${i}` });
      }
      const recent = await history.lrange(ctx, -10, -1);
      expect(recent).to.have.length(10);
      expect(recent.at(-1)).to.deep.equal({ role: "assistant", content: "你好！ 54" });
      while ((await history.llen(ctx)) > 100) await history.lpop(ctx);
      expect(await history.lindex(ctx, 0)).to.deep.equal({ role: "user", content: "你好 5" });
    });

    it("basic hash operations", async () => {
      const user = storage.hash("user:1");
      await user.hset(ctx, "name", "Alice");
      await user.hset(ctx, "age", 30);
      await user.hset(ctx, "email", "alice@example.com");
      expect(await user.hget(ctx, "name")).to.equal("Alice");
      expect(await user.hget(ctx, "nonexistent", "Unknown")).to.equal("Unknown");
      const all = { name: "Alice", age: 30, email: "alice@example.com" };
      expect(Object.fromEntries(await user.hgetall(ctx))).to.deep.equal(all);
      expect(await user.hkeys(ctx)).to.deep.equal(["name", "age", "email"]);
      expect(await user.hexists(ctx, "email")).to.equal(true);
      expect(await user.hdel(ctx, "email")).to.equal(1);
      expect(await user.hdel(ctx, "field1", "field2")).to.equal(0);
    });

    it("a configuration, and what belongs to a session", async () => {
      const config = storage.hash("config:user:123");
      await config.hset(ctx, { theme: "dark", language: "zh-CN", notifications: true });
      await config.hset(ctx, "theme", "light");
      const expected = { theme: "light", language: "zh-CN", notifications: true };
      expect(Object.fromEntries(await config.hgetall(ctx))).to.deep.equal(expected);
      const meta = storage.hash("session:abc:meta");
      await meta.hset(ctx, "created_at", new Date(0));
      await meta.hset(ctx, "message_count", 0);
      await storage.list("session:abc:messages").rpush(ctx, { role: "user", content: "你好" });
      expect(await meta.hincrby(ctx, "message_count")).to.equal(1);
      expect(await storage.keys(ctx, "session:*")).to.deep.equal([
        "session:abc:messages",
        "session:abc:meta",
      ]);
    });

    it("times to live of structures, and what the store says of itself", async () => {
      await storage.list("session:token").rpush(ctx, "abc123");
      await storage.expire(ctx, "session:token", "5m");
      expect(await storage.ttl(ctx, "session:token")).to.be.within(1, 300_000);
      await storage.persist(ctx, "session:token");
      expect(await storage.ttl(ctx, "session:token")).to.equal(-1);
      await storage.hash("user:1").hset(ctx, "name", "Alice");
      expect(await storage.info(ctx)).to.include({ size: 2, values: 0, lists: 1, hashes: 1 });
    });

    it("chat memory that the store keeps", async () => {
      const memory = new MemoryManager({ storage });
      await memory.addUser(ctx, "你好", { sessionId: "session_123" });
      await memory.addAssistant(ctx, "你好！有什么可以帮助你的？", { sessionId: "session_123" });
      if (opened.kind.persistent) await opened.reopen();
      const kept = new MemoryManager({ storage: opened.store });
      const history = await kept.buildHistory(ctx, { sessionId: "session_123" });
      expect(history.map(({ role, content }) => [role, content])).to.deep.equal([
        ["user", "你好"],
        ["assistant", "你好！有什么可以帮助你的？"],
      ]);
    });

    it("chat memory of several sessions", async () => {
      const memory = new MemoryManager({ storage });
      await memory.addUser(ctx, "你好", { sessionId: "user:alice:chat" });
      await memory.addUser(ctx, "Hi", { sessionId: "user:bob:chat" });
      const said = async (sessionId: string) =>
        (await memory.buildHistory(ctx, { sessionId })).map(({ content }) => content);
      expect(await said("user:alice:chat")).to.deep.equal(["你好"]);
      expect(await said("user:bob:chat")).to.deep.equal(["Hi"]);
      const sessions = ["memory:session:user:alice:chat", "memory:session:user:bob:chat"];
      expect(await storage.keys(ctx, "memory:session:*")).to.deep.equal(sessions);
    });

    it("preferences under a key of one's own", async () => {
      const preferences = storage.hash("user:123:prefs");
      await preferences.hset(ctx, "system_prompt", "你是一个友好的助手");
      await preferences.hset(ctx, "max_history", 50);
      const expected = { system_prompt: "你是一个友好的助手", max_history: 50 };
      expect(Object.fromEntries(await preferences.hgetall(ctx))).to.deep.equal(expected);
    });
  });
});
