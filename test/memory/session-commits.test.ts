import assert from "node:assert/strict";
import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import type { Limits } from "../../src/backends/backend.js";
import {
  background,
  defaultBackends,
  openStorage,
  StorageError,
  type StoragePlugin,
} from "../../src/index.js";
import { MemoryManager } from "../../src/memory/index.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";

const ctx = background();
const HOUR_MS = 3_600_000;

describe("commits of sessions", () => {
  let faults: FaultBackend;
  let storage: StoragePlugin;
  let memory: MemoryManager;

  async function open(limits: Partial<Limits> = {}): Promise<void> {
    const backends = defaultBackends().with("counted", async () => (setup) => {
      const inner = memoryBackend(setup);
      const { info } = inner;
      Object.defineProperty(inner, "info", { value: { ...info, limits: { ...info.limits, ...limits } } });
      faults = new FaultBackend(inner);
      return faults;
    });
    storage = await openStorage({ backend: "counted" }, { backends });
    memory = new MemoryManager({ storage, sessionTtl: "1h" });
  }

  const commits = async () => (await faults.read(ctx, "", [])).position.ordinal;
  const ttl = (sessionId = "default") => storage.ttl(ctx, `memory:session:${sessionId}`);

  beforeEach(() => open());
  afterEach(() => storage.stop());

  it("take the messages of all who add at once, also when sessions expire", async () => {
    const added = Array.from({ length: 100 }, (_, i) => memory.addUser(ctx, `${i}`));
    assert.deepEqual(
      await Promise.all(added),
      Array.from({ length: 100 }, (_, i) => i + 1),
    );
    assert.equal(await commits(), 2);
    const messages = await memory.getMessages(ctx);
    assert.deepEqual(
      messages.map(({ content }) => Number(content)),
      Array.from({ length: 100 }, (_, i) => i),
    );
    assert.ok((await ttl()) > HOUR_MS - 60_000);
  });

  it("set the deadline anew with each message, in the commit that adds it", async () => {
    await memory.addUser(ctx, "hello");
    for (const added of [1, 20]) {
      assert.equal(await storage.expire(ctx, "memory:session:default", 10_000), true);
      const before = await commits();
      await Promise.all(Array.from({ length: added }, () => memory.addUser(ctx, "still there")));
      assert.ok((await ttl()) > HOUR_MS - 60_000, `after ${added}`);
      assert.ok((await commits()) - before <= 2);
    }
  });

  it("leave a deadline that somebody else has set, where sessions do not expire", async () => {
    const lasting = new MemoryManager({ storage });
    await lasting.addUser(ctx, "hello");
    assert.equal(await ttl(), -1);
    await storage.expire(ctx, "memory:session:default", 10_000);
    await lasting.addUser(ctx, "hello");
    assert.ok((await ttl()) > 0 && (await ttl()) <= 10_000);
    await new MemoryManager({ storage, sessionTtl: 0 }).addUser(ctx, "hello");
    assert.equal(await ttl(), -1);
  });

  it("copy a session to which others add without a pause, as it was at one moment", async () => {
    const add = (i: number) => memory.add(ctx, [{ role: "user", content: `${i}` }]);
    await memory.add(
      ctx,
      Array.from({ length: 2500 }, (_, i) => ({ role: "user", content: `${i}` }) as const),
    );
    let [isDone, next] = [false, 2500];
    const copied = memory.copySession(ctx, "default", "copy").finally(() => (isDone = true));
    while (!isDone) {
      const held = faults.hold("read", "before");
      await Promise.race([held.reached, copied]);
      await add(next++);
      held.release();
    }
    const count = await copied;
    assert.ok(next > 2503, `${next - 2500} were added meanwhile`);
    const copy = await memory.getMessages(ctx, { sessionId: "copy" });
    assert.deepEqual(
      copy.map(({ content }) => Number(content)),
      Array.from({ length: count }, (_, i) => i),
    );
    assert.ok((await ttl("copy")) > HOUR_MS - 60_000);
  });

  it("leave a copy's target as it was when it gets its first message meanwhile", async () => {
    await memory.addUser(ctx, "hello");
    const held = faults.hold("commit", "before");
    const other = memory.addUser(ctx, "mine", { sessionId: "copy" });
    await held.reached;
    const copied = memory.copySession(ctx, "default", "copy");
    held.release();
    await other;
    await assert.rejects(copied, { reason: "not-empty" });
    const copy = await memory.getMessages(ctx, { sessionId: "copy" });
    assert.deepEqual(
      copy.map(({ content }) => content),
      ["mine"],
    );
  });

  it("replace a target, and drop all that was in it", async () => {
    await memory.addUser(ctx, "hello");
    await memory.add(
      ctx,
      Array.from({ length: 9 }, () => ({ role: "user", content: "old" }) as const),
      { sessionId: "copy" },
    );
    const calls = [
      memory.addUser(ctx, "old too", { sessionId: "copy" }),
      memory.addUser(ctx, "old too", { sessionId: "copy" }),
      memory.copySession(ctx, "default", "copy", { overwrite: true }),
    ];
    assert.deepEqual(await Promise.all(calls), [10, 11, 1]);
    assert.equal((await memory.getMessages(ctx, { sessionId: "copy" })).length, 1);
    await storage.delete(ctx, "memory:session:default");
    await storage.compact(ctx);
    const { ok, orphans } = await storage.verify(ctx);
    assert.deepEqual({ ok, orphans }, { ok: true, orphans: 0 });
  });

  it("say of a session that is too long to be copied what to do", async () => {
    await storage.stop();
    await open({ maxBatchEntries: 40 });
    for (let i = 0; i < 50; i++) await memory.addUser(ctx, `${i}`);
    const error: unknown = await memory
      .copySession(ctx, "default", "copy")
      .catch((thrown: unknown) => thrown);
    assert.ok(error instanceof StorageError);
    assert.deepEqual([error.code, error.reason, error.operation], [5002, "too-large", "copySession"]);
    assert.match(
      error.message,
      /the 50 messages of "default" are more than the backend writes at once \(see limits in info\); add its/,
    );
    assert.deepEqual(await memory.listSessions(ctx), ["default"]);
    const last = await memory.getMessages(ctx, { offset: -30 });
    assert.equal(await memory.add(ctx, last, { sessionId: "copy" }), 30);
  });
});
