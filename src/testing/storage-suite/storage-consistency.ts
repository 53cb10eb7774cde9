import assert from "node:assert/strict";
import type { Hash } from "../../structures/hash.js";
import type { List } from "../../structures/list.js";
import type { Storage } from "../../plugin/storage.js";
import { compareKeys } from "../../core/key.js";
import { collect, keysOf } from "./storage-assertions.js";
import type { StorageRig } from "./storage-rig.js";

/** Whatever two calls say about the same state must agree; run after every case whose store is still open. */
export async function checkStorageConsistency(rig: StorageRig): Promise<void> {
  const { store, ctx } = rig;
  if ((await store.health(ctx)).message === "the store is not open") return;
  const report = await store.verify(ctx);
  assert.deepEqual(report.problems, [], "verify must find no problem");
  assert.equal(report.ok, true);
  assert.equal(report.orphans, 0, "nothing is left of structures that are gone");
  const names = await store.listNamespaces(ctx);
  for (const name of new Set(["", ...names])) {
    const held = await checkNamespace(rig, store.namespace(name));
    assert.equal(
      held > 0,
      names.includes(name),
      `${JSON.stringify(name)} is listed exactly when it holds keys`,
    );
  }
}

async function checkNamespace(rig: StorageRig, storage: Storage): Promise<number> {
  const { ctx, strong } = rig;
  const keys = await storage.keys(ctx);
  assert.deepEqual(keys, [...keys].sort(compareKeys), "keys stand in order");
  assert.deepEqual((await storage.keys(ctx, "*", { reverse: true })).reverse(), keys, "keys and its reverse");
  assert.equal(await storage.count(ctx), keys.length, "count and keys");
  assert.equal(await storage.size(ctx), keys.length, "size and keys");
  const types = await Promise.all(keys.map((key) => storage.type(ctx, key)));
  const plain = keys.filter((_key, i) => types[i] === "value");
  assert.deepEqual(await keysOf(storage.scan(ctx)), plain, "scan and keys");
  const entries = await collect(storage.entries(ctx));
  const found = await storage.find(ctx, "*");
  assert.deepEqual(
    [...found],
    entries.map(({ key, value }) => [key, value]),
    "find and entries",
  );
  assert.deepEqual(await storage.getBatch(ctx, keys), found, "getBatch and find");
  assert.deepEqual(await storage.getBatch(strong, keys), found, "what is cached and what is stored");
  for (const key of plain) await checkKey(rig, storage, key);
  for (const [i, key] of keys.entries()) {
    if (types[i] === "list") await checkList(rig, storage.list(key));
    if (types[i] === "hash") await checkHash(rig, storage.hash(key));
  }
  return keys.length;
}

async function checkKey(rig: StorageRig, storage: Storage, key: string): Promise<void> {
  const { ctx, strong } = rig;
  const cached = await storage.getEntry(ctx, key);
  assert.deepEqual(await storage.getEntry(strong, key), cached, "an entry cached and stored");
  assert.equal(await storage.exists(ctx, key), true);
  assert.equal(await storage.type(ctx, key), "value");
  const ttl = await storage.ttl(ctx, key);
  // What the backend says comes later: its clock, not the store's, may have gone on.
  rig.sameTtl(await storage.ttl(strong, key), ttl, "a ttl stored and cached");
  assert.equal(ttl === -1, cached?.expiresAt === undefined, "ttl and expiresAt");
}

async function checkList({ ctx, strong }: StorageRig, list: List): Promise<void> {
  const items = await list.lrange(ctx, 0, -1);
  assert.ok(items.length > 0, "a list that is there has items");
  assert.equal(await list.llen(ctx), items.length, "llen and lrange");
  assert.deepEqual(await list.lrange(strong, 0, -1), items, "a list cached and stored");
  assert.deepEqual(await list.lindex(ctx, -1), items.at(-1), "lindex and lrange");
}

async function checkHash({ ctx, strong }: StorageRig, hash: Hash): Promise<void> {
  const fields = await hash.hgetall(ctx);
  assert.ok(fields.size > 0, "a hash that is there has fields");
  assert.equal(await hash.hlen(ctx), fields.size, "hlen and hgetall");
  assert.deepEqual(await hash.hkeys(ctx), [...fields.keys()], "hkeys and hgetall");
  assert.deepEqual(await hash.hvals(strong), [...fields.values()], "hvals and hgetall");
}
