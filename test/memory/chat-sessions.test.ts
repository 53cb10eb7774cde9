import assert from "node:assert/strict";
import {
  background,
  ErrStorageReadFailed,
  ErrStorageWriteFailed,
  openStorage,
  StorageError,
  type StoragePlugin,
} from "../../src/index.js";
import { MemoryManager } from "../../src/memory/index.js";
import { onEveryStore, until } from "../seeds/on-every-store.js";

const ctx = background();
const said = (messages: readonly { readonly role: string; readonly content: string }[]) =>
  messages.map(({ role, content }) => `${role}: ${content}`);

describe("MemoryManager", function () {
  this.timeout(60_000);

  onEveryStore((opened) => {
    let memory: MemoryManager;
    beforeEach(() => (memory = new MemoryManager({ storage: opened.store })));

    it("keeps a session's messages in their order, with all that was said of them", async () => {
      const toolCalls = [{ id: "call-1", name: "search", arguments: { query: "weather" } }];
      assert.equal(await memory.addSystem(ctx, "你是一个友好的助手"), 1);
      assert.equal(await memory.addUser(ctx, "你好", { metadata: { lang: "zh" } }), 2);
      await memory.addAssistant(ctx, "", { toolCalls });
      await memory.addToolResult(ctx, "sunny", { toolCallId: "call-1", name: "search" });
      const messages = await memory.getMessages(ctx);
      assert.deepEqual(
        messages.map(({ at, ...message }) => {
          assert.ok(Math.abs(Date.now() - at) < 60_000);
          return message;
        }),
        [
          { role: "system", content: "你是一个友好的助手" },
          { role: "user", content: "你好", metadata: { lang: "zh" } },
          { role: "assistant", content: "", toolCalls },
          { role: "tool", content: "sunny", toolCallId: "call-1", name: "search" },
        ],
      );
    });

    it("keeps sessions apart, under keys that can be listed", async () => {
      await memory.addUser(ctx, "你好", { sessionId: "user:alice:chat" });
      await memory.addUser(ctx, "Hi", { sessionId: "user:bob:chat" });
      assert.deepEqual(said(await memory.buildHistory(ctx, { sessionId: "user:alice:chat" })), [
        "user: 你好",
      ]);
      assert.deepEqual(said(await memory.buildHistory(ctx, { sessionId: "user:bob:chat" })), ["user: Hi"]);
      const keys = ["memory:session:user:alice:chat", "memory:session:user:bob:chat"];
      assert.deepEqual(await opened.store.keys(ctx, "memory:session:*"), keys);
      assert.deepEqual(await memory.listSessions(ctx), ["user:alice:chat", "user:bob:chat"]);
      assert.deepEqual(await memory.listSessions(ctx, { after: "user:alice:chat" }), ["user:bob:chat"]);
    });

    it("copies, deletes and clears sessions", async () => {
      await memory.add(ctx, [
        { role: "user", content: "one" },
        { role: "assistant", content: "two" },
      ]);
      assert.equal(await memory.copySession(ctx, "default", "branch"), 2);
      await memory.addUser(ctx, "three", { sessionId: "branch" });
      assert.equal((await memory.getMessages(ctx)).length, 2, "the original goes its own way");
      assert.equal((await memory.getMessages(ctx, { sessionId: "branch" })).length, 3);
      await assert.rejects(memory.copySession(ctx, "default", "branch"), {
        code: ErrStorageWriteFailed,
        reason: "not-empty",
        operation: "copySession",
        key: "memory:session:branch",
        message:
          'copySession to "branch" failed: it holds messages already; give another id, or overwrite: true',
      });
      assert.equal((await memory.getMessages(ctx, { sessionId: "branch" })).length, 3);
      assert.equal(await memory.copySession(ctx, "default", "branch", { overwrite: true }), 2);
      assert.equal(await memory.copySession(ctx, "nobody", "other"), 0);
      assert.equal(await memory.deleteSession(ctx, "branch"), true);
      assert.equal(await memory.deleteSession(ctx, "branch"), false);
      await opened.store.set(ctx, "memory:other", 1);
      assert.equal(await memory.clear(ctx), 1);
      assert.deepEqual(await opened.store.keys(ctx), ["memory:other"]);
    });

    it("takes messages from many at once, each session in the order of its writer", async () => {
      const writers = ["a", "b", "c", "d"];
      await Promise.all(
        writers.flatMap((sessionId) => [
          writeTurns(memory, sessionId, "x", 10),
          writeTurns(memory, sessionId, "y", 10),
        ]),
      );
      for (const sessionId of writers) {
        const messages = await memory.getMessages(ctx, { sessionId });
        assert.equal(messages.length, 20);
        for (const writer of ["x", "y"]) {
          const own = messages.map(({ content }) => content).filter((content) => content.startsWith(writer));
          assert.deepEqual(
            own,
            Array.from({ length: 10 }, (_, i) => `${writer}${i}`),
          );
        }
      }
    });
  });

  describe("on one store", () => {
    let storage: StoragePlugin;
    let memory: MemoryManager;

    beforeEach(async () => {
      storage = await openStorage({ backend: "memory" });
      memory = new MemoryManager({ storage });
    });
    afterEach(() => storage.stop());

    it("pages through messages from either end", async () => {
      await memory.add(
        ctx,
        Array.from({ length: 10 }, (_, i) => ({ role: "user", content: `${i}` }) as const),
      );
      const places = async (options: object) =>
        (await memory.getMessages(ctx, options)).map(({ content }) => content).join("");
      assert.equal(await places({}), "0123456789");
      assert.equal(await places({ limit: 3 }), "012");
      assert.equal(await places({ limit: 3, offset: 8 }), "89");
      assert.equal(await places({ offset: -3 }), "789");
      assert.equal(await places({ offset: -3, limit: 2 }), "78");
      assert.equal(await places({ offset: -3, limit: 9 }), "789");
      assert.equal(await places({ offset: 10 }), "");
      assert.equal(await places({ limit: 0 }), "");
      assert.equal(await places({ sessionId: "nobody" }), "");
    });

    it("builds a history within bounds that begins with a question", async () => {
      await memory.addSystem(ctx, "be brief");
      for (const round of [1, 2, 3]) {
        await memory.addUser(ctx, `question ${round}`);
        await memory.addAssistant(ctx, `answer ${round}`);
      }
      assert.deepEqual(said(await memory.buildHistory(ctx, { maxRounds: 1 })), [
        "system: be brief",
        "user: question 3",
        "assistant: answer 3",
      ]);
      assert.deepEqual(said(await memory.buildHistory(ctx, { maxMessages: 4 })), [
        "system: be brief",
        "user: question 3",
        "assistant: answer 3",
      ]);
      assert.equal((await memory.buildHistory(ctx)).length, 7);
      assert.deepEqual(await memory.buildHistory(ctx, { sessionId: "nobody" }), []);
    });

    it("is part of a namespace, and of that alone", async () => {
      const other = new MemoryManager({ storage: storage.namespace("agent") });
      await other.addUser(ctx, "here");
      await memory.addUser(ctx, "there");
      assert.equal(await other.clear(ctx), 1);
      assert.equal((await memory.getMessages(ctx)).length, 1);
    });

    it("lets sessions expire after their last message", async () => {
      const short = new MemoryManager({ storage, sessionTtl: 200 });
      await short.addUser(ctx, "hello");
      assert.ok((await storage.ttl(ctx, "memory:session:default")) > 0);
      await until(async () => (await short.listSessions(ctx)).length === 0);
      const long = new MemoryManager({ storage, sessionTtl: "1h" });
      await long.addUser(ctx, "hello", { sessionId: "long" });
      await long.copySession(ctx, "long", "copy");
      assert.ok((await storage.ttl(ctx, "memory:session:copy")) > 3_500_000);
    });

    it("stamps messages with the time it is given", async () => {
      await new MemoryManager({ storage, now: () => 42 }).addUser(ctx, "hello");
      assert.equal((await memory.getMessages(ctx))[0]?.at, 42);
    });

    it("clears more sessions than one page holds", async () => {
      await Promise.all(
        Array.from({ length: 1203 }, (_, i) => memory.addUser(ctx, "hello", { sessionId: `${i}` })),
      );
      assert.equal(await memory.clear(ctx), 1203);
      assert.deepEqual(await memory.listSessions(ctx), []);
    });

    it("copies a session longer than one page", async () => {
      await memory.add(
        ctx,
        Array.from({ length: 1203 }, (_, i) => ({ role: "user", content: `${i}` }) as const),
      );
      assert.equal(await memory.copySession(ctx, "default", "copy"), 1203);
      assert.deepEqual(await memory.getMessages(ctx, { sessionId: "copy" }), await memory.getMessages(ctx));
    });

    it("refuses what is no message, session or option, and stores nothing", async () => {
      const wrong = (value: unknown) => value as never;
      await assert.rejects(memory.addUser(ctx, wrong(7)), /content of a message is text, not number/);
      await assert.rejects(memory.add(ctx, [wrong({ role: "robot", content: "" })]), /not "robot"/);
      await assert.rejects(
        memory.addUser(ctx, "x", wrong({ session: "a" })),
        /unknown message option "session"/,
      );
      await assert.rejects(memory.addUser(ctx, "x", { sessionId: "" }), /at least one character/);
      await assert.rejects(memory.getMessages(ctx, { limit: -1 }), /limit must be 0 or more/);
      await assert.rejects(memory.buildHistory(ctx, { maxRounds: 1.5 }), /maxRounds must be a whole number/);
      await assert.rejects(memory.copySession(ctx, "a", "a"), /to itself/);
      assert.throws(() => new MemoryManager(wrong({})), /takes \{ storage \}: a store/);
      assert.throws(() => new MemoryManager(wrong(storage)), /takes \{ storage \}: a store/);
      assert.throws(
        () => new MemoryManager({ storage, sessionTtl: "soon" }),
        /sessionTtl takes a duration: "soon"/,
      );
      await assert.rejects(memory.add(ctx, wrong({ role: "user", content: "x" })), /add takes an array/);
      assert.throws(() => new MemoryManager(wrong({ storage, ttl: 1 })), /unknown memory option "ttl"/);
      assert.equal(await storage.size(ctx), 0);
    });

    it("says so where something else stands under a session's key", async () => {
      await storage.set(ctx, "memory:session:default", "mine");
      const code = (expected: number) => (error: unknown) =>
        error instanceof StorageError && error.code === expected && error.reason === "wrong-type";
      await assert.rejects(memory.addUser(ctx, "hello"), code(ErrStorageWriteFailed));
      await assert.rejects(memory.getMessages(ctx), code(ErrStorageReadFailed));
      assert.equal(await storage.get(ctx, "memory:session:default"), "mine");
    });
  });
});

async function writeTurns(memory: MemoryManager, sessionId: string, writer: string, count: number) {
  for (let i = 0; i < count; i++) await memory.addUser(ctx, `${writer}${i}`, { sessionId });
}
