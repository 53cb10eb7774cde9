import { expect } from "chai";
import fc from "fast-check";
import { background, openStorage, type StoragePlugin } from "../../src/index.js";
import type { StorageHarness } from "../../src/testing/storage-suite.js";
import { fileHarness, memoryHarness, sqliteHarness } from "../stack/store-harness.js";
import { onModel, onStorage, onTransaction } from "./structure-calls.js";
import { anyCommands, type Command } from "./structure-commands.js";
import { StructureModel } from "./structure-model.js";

const ctx = background();

const CONFIGURATIONS: readonly [harness: StorageHarness, runs: number][] = [
  [memoryHarness("memory", { max_entries: 1000 }), 150],
  [memoryHarness("memory without a cache", { max_entries: 0 }), 50],
  [fileHarness("file", { max_entries: 1000 }), 20],
  [sqliteHarness("sqlite", { max_entries: 1000 }), 20],
];

describe("lists, hashes and counters, by random calls", function () {
  this.timeout(120_000);

  for (const [harness, numRuns] of CONFIGURATIONS) {
    it(`are arrays, Maps and numbers on ${harness.name}, also through transactions and reopening`, async () => {
      const property = fc.asyncProperty(anyCommands, (commands) => compare(harness, commands));
      await fc.assert(property, { numRuns });
    });
  }

  it("lets a list of 100 000 be filled and drained", async () => {
    await using storage = await openStorage({ backend: "memory" });
    const list = storage.list<number>("list");
    const numbers = Array.from({ length: 100_000 }, (_, i) => i);
    for (let at = 0; at < numbers.length; at += 10_000)
      await list.rpush(ctx, ...numbers.slice(at, at + 10_000));
    expect(await list.llen(ctx)).to.equal(100_000);
    for (let at = 0; at < numbers.length; at += 1000) {
      const popped = await Promise.all(Array.from({ length: 1000 }, () => list.lpop(ctx)));
      expect(popped).to.deep.equal(numbers.slice(at, at + 1000));
    }
    expect(await storage.exists(ctx, "list")).to.equal(false);
    expect(await storage.verify(ctx)).to.include({ ok: true, entries: 0, orphans: 0 });
  });
});

async function compare(harness: StorageHarness, commands: readonly Command[]): Promise<void> {
  const settings = await harness.settings();
  let storage = await openStorage(settings);
  let model = new StructureModel();
  try {
    for (const command of commands) {
      if (command.kind !== "reopen") model = await carryOut(storage, model, command);
      else if (harness.persistent) {
        await storage.stop();
        storage = await openStorage(settings);
      }
      await same(storage, model);
    }
    expect(await storage.verify(ctx)).to.include({ ok: true, orphans: 0 });
  } finally {
    await storage.stop();
    await harness.destroy?.(settings);
  }
}

/** Carries a command out on both; gives the model's state after it. */
async function carryOut(
  storage: StoragePlugin,
  model: StructureModel,
  command: Exclude<Command, { kind: "reopen" }>,
): Promise<StructureModel> {
  if (command.kind === "call") {
    expect(await onStorage(storage, command.call)).to.deep.equal(onModel(model, command.call));
    return model;
  }
  if (command.kind === "together") {
    // One key's structures are changed in the order of the calls; other calls take their own ways.
    const calls = command.calls.filter(({ verb }) => FOLDED.has(verb));
    const expected = calls.map((call) => onModel(model, call));
    expect(await Promise.all(calls.map((call) => onStorage(storage, call)))).to.deep.equal(expected);
    return model;
  }
  const inside = model.copy();
  const tx = await storage.beginTransaction(ctx);
  for (const call of command.calls) {
    expect(await onTransaction(tx, call)).to.deep.equal(onModel(inside, call));
  }
  await (command.commits ? tx.commit() : tx.rollback());
  return command.commits ? inside : model;
}

const FOLDED: ReadonlySet<string> = new Set([
  "push",
  "pop",
  "trim",
  "setIndex",
  "remove",
  "setFields",
  "deleteFields",
  "addToField",
  "add",
]);

/** Everything that the storage says of its keys is what the model holds. */
async function same(storage: StoragePlugin, model: StructureModel): Promise<void> {
  expect(await storage.keys(ctx)).to.deep.equal(model.keys());
  for (const key of model.keys()) {
    const type = model.type(key);
    expect(await storage.type(ctx, key)).to.equal(type);
    expect((await storage.ttl(ctx, key)) > 0).to.equal(model.expires(key));
    if (type === "list")
      expect(await storage.list(key).lrange(ctx, 0, -1)).to.deep.equal(model.range(key, 0, -1));
    if (type === "hash") {
      expect([...(await storage.hash(key).hgetall(ctx))]).to.deep.equal([...model.fields(key)]);
    }
  }
}
