import { isDeepStrictEqual } from "node:util";
import {
  background,
  StorageError,
  type Storage,
  type StoragePlugin,
  type Transaction,
} from "../../src/index.js";
import { StructureModel } from "./structure-model.js";

const ctx = background();

/** A structure's parts do not agree: one of its changes was half made. */
export class HalfDone extends Error {
  override readonly name = "HalfDone";
}

/**
 * Everything that a namespace holds, read in one transaction.
 *
 * @throws HalfDone when the length of a list or hash, its items one by one, and all of them read at once differ.
 */
export async function stateOf(storage: Storage): Promise<StructureModel> {
  return await storage.transact(ctx, async (tx) => {
    const model = new StructureModel();
    for (const key of await tx.keys()) {
      await readKey(tx, key, model);
      if ((await tx.ttl(key)) > 0) model.expire(key);
    }
    return model;
  });
}

async function readKey(tx: Transaction, key: string, model: StructureModel): Promise<void> {
  if (await isOfType(() => tx.list(key).llen())) model.push(key, false, await listOf(tx, key));
  else if (await isOfType(() => tx.hash(key).hlen())) model.setFields(key, await hashOf(tx, key));
  else model.set(key, await tx.get(key));
}

async function isOfType(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.reason === "wrong-type") return false;
    throw error;
  }
}

async function listOf(tx: Transaction, key: string): Promise<unknown[]> {
  const list = tx.list(key);
  const items = await list.lrange(0, -1);
  same(key, await list.llen(), items.length);
  for (const [i, item] of items.entries()) same(key, await list.lindex(i), item);
  same(key, await list.lindex(items.length), undefined);
  return items;
}

async function hashOf(tx: Transaction, key: string): Promise<Map<string, unknown>> {
  const hash = tx.hash(key);
  const fields = await hash.hgetall();
  same(key, await hash.hlen(), fields.size);
  same(key, await hash.hkeys(), [...fields.keys()]);
  same(key, await hash.hvals(), [...fields.values()]);
  for (const [field, value] of fields) same(key, await hash.hget(field), value);
  return fields;
}

function same(key: string, one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other))
    throw new HalfDone(`${key}: ${JSON.stringify(one)} and ${JSON.stringify(other)} should be the same`);
}

/**
 * What is wrong with a store that was closed, or whose process ended, when all of it is looked at. A structure that ended
 * shortly before may have left items that nobody sees; `compact` must find and drop them, and nothing else.
 */
export async function damageOf(storage: StoragePlugin, namespace: string): Promise<string | undefined> {
  const before = await stateOf(storage.namespace(namespace));
  const found = await storage.verify(ctx);
  if (!found.ok) return `verify found ${JSON.stringify(found.problems)}`;
  await storage.compact(ctx);
  const left = await storage.verify(ctx);
  if (!left.ok || left.orphans > 0) return `after compact ${JSON.stringify(left)}`;
  const after = await stateOf(storage.namespace(namespace));
  return after.text === before.text ? undefined : `compact made ${after.text} of ${before.text}`;
}
