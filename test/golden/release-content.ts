import { expect } from "chai";
import {
  background,
  type Change,
  type StoragePlugin,
  type StorageSettings,
  type Transaction,
} from "../../src/index.js";

const ctx = background();

/** Set in the environment while a golden store is written or read. */
export const GOLDEN_KEY = { name: "HOLDFAST_GOLDEN_KEY", text: "7c".repeat(32) };
/** Long enough for every commit of the stores to stay in the log, whenever they are opened. */
export const KEPT_LOG: StorageSettings = { changes: { retain: { count: 1000, age: "36500d" } } };
export const SEALED: StorageSettings = {
  encryption: { keys: [{ id: "golden", env: GOLDEN_KEY.name }], active: "golden" },
};
const COMPRESSED: StorageSettings = { compression: { values: "gzip", threshold: 200 } };
/** In milliseconds: 63 years after the stores were written. */
const FAR = 2_000_000_000_000;
/** More than a server deletes at once, so that the namespace moves to its next generation. */
const MANY = 2001;

/** One value of every type, and some that look like what they are not. */
const VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["bigint", 123456789012345678901234567890n],
  ["bytes", new Uint8Array([0, 255, 10, 13, 39, 92])],
  ["compressed", "b".repeat(500)],
  ["date", new Date(Date.UTC(2026, 0, 31, 12, 30, 0, 5))],
  ["infinity", Number.NEGATIVE_INFINITY],
  [
    "map",
    new Map<unknown, unknown>([
      ["k", [1, { a: new Set([1, "2"]) }]],
      [1n, null],
    ]),
  ],
  ["minus-zero", -0],
  ["nan", Number.NaN],
  ["nested", { a: [1, { b: undefined, c: "" }], "": {}, $a: 1, b: 2 }],
  ["null", null],
  ["number", -12.5e-7],
  ["set", new Set<unknown>([new Date(0), [], "x"])],
  ["tag", { $date: "no date" }],
  ["tagged", { $$date: 1 }],
  ["text", 'Zoë said "\u0000\u2028" and 😀'],
  ["true", true],
]);

/** Keys that are told apart by every byte, and whose order is that of bytes and no other. */
const KEYS = ["../x", "A", "a", "a b", "a/b", "a:b", "k".repeat(300), "é", "ｚ", "😀", "\u0001", "__proto__"];

const SEALED_VALUES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["long", "a".repeat(500)],
  ["value", { said: "secret", at: new Date(0) }],
]);

/** Of all namespaces that hold live keys once {@link writeContent} has written them. */
export const NAMES = ["", "cleared", "keys", "log", "sealed/ä", "v8"];

/** Opens the store that is being written, under further settings. */
export type OpenGolden = (settings: StorageSettings) => Promise<StoragePlugin>;

/** Writes the content of golden stores in a fixed order. `halfway` is called when about half of it stands. */
export async function writeContent(
  open: OpenGolden,
  halfway: (store: StoragePlugin) => Promise<void>,
): Promise<void> {
  await withStore(open({ changes: { retain: { count: 1, age: "1s" } } }), writeCleared);
  await withStore(open({ ...KEPT_LOG, ...COMPRESSED }), async (store) => {
    await store.setBatch(ctx, VALUES);
    await store.set(ctx, "lives", 1, FAR);
    await store.set(ctx, "removed", 1);
    await store.namespace("keys").setBatch(ctx, new Map(KEYS.map((key) => [key, key])));
    await writeStructures(store);
  });
  await withStore(open({ ...KEPT_LOG, ...SEALED, ...COMPRESSED }), async (store) => {
    await writeSealed(store);
    await halfway(store);
  });
  await withStore(
    open({ ...KEPT_LOG, ...SEALED, encryption: { ...SEALED.encryption, active: "none" } }),
    async (store) => {
      await store.delete(ctx, "removed");
      await store.list("list").rpush(ctx, "late");
      await writeLog(store);
    },
  );
  await withStore(open({ ...KEPT_LOG, codec: "v8" }), async (store) => {
    await store.namespace("v8").setBatch(ctx, { map: new Map([["k", 1n]]), bytes: new Uint8Array([1, 2]) });
    await store.namespace("fading").set(ctx, "gone", 1, "1ms");
  });
}

async function withStore(
  opening: Promise<StoragePlugin>,
  work: (store: StoragePlugin) => Promise<void>,
): Promise<void> {
  await using store = await opening;
  await work(store);
}

async function writeCleared(store: StoragePlugin): Promise<void> {
  const cleared = store.namespace("cleared");
  await cleared.setBatch(ctx, new Map(Array.from({ length: MANY }, (_, i) => [`k${i}`, i])));
  expect(await cleared.clear(ctx)).to.equal(MANY);
  await store.compact(ctx);
  await cleared.set(ctx, "one", 1);
  await cleared.set(ctx, "two", 2);
}

async function writeStructures(store: StoragePlugin): Promise<void> {
  const list = store.list("list");
  await list.rpush(ctx, "dropped", "a", "b", { c: 1 });
  await list.lpush(ctx, "first");
  await list.lpop(ctx);
  await list.lpop(ctx);
  await list.lset(ctx, 1, new Date(0));
  const hash = store.hash("hash");
  await hash.hset(ctx, { one: 1, gone: 0, two: [2] });
  await hash.hdel(ctx, "gone");
  await hash.hset(
    ctx,
    new Map<string, unknown>([
      ["üü", new Uint8Array([7])],
      ["one", 11],
    ]),
  );
  await store.counter("counter").incr(ctx, 42);
  await store.counter("counter").decr(ctx, 1.5);
  await store.list("lasting").rpush(ctx, 1);
  await store.expire(ctx, "lasting", FAR);
}

async function writeSealed(store: StoragePlugin): Promise<void> {
  const sealed = store.namespace("sealed/ä");
  await sealed.setBatch(ctx, SEALED_VALUES);
  await sealed.list("list").rpush(ctx, 1, "two", "c".repeat(500));
  await sealed.hash("hash").hset(ctx, { f: new Map([["k", 1n]]), g: null });
  await sealed.counter("counter").incr(ctx, 7);
}

/** Every kind of change; the expired key is swept while somebody watches. */
async function writeLog(store: StoragePlugin): Promise<void> {
  const log = store.namespace("log");
  await log.set(ctx, "a", 1);
  await log.setBatch(ctx, { b: 2, c: 3 });
  await log.delete(ctx, "a");
  const watching = log.watch(ctx, "brief")[Symbol.asyncIterator]();
  const seen = [watching.next()];
  await log.get(ctx, "b");
  await log.set(ctx, "brief", 1, "1ms");
  for (; (await seen.at(-1))?.value.type !== "expire"; ) seen.push(watching.next());
  await watching.return?.();
  await log.clear(ctx);
  await log.hash("h").hset(ctx, "f", 1);
  await log.delete(ctx, "h");
  await log.set(ctx, "d", { e: 4 });
}

/** What {@link writeLog} did, as a watch from the beginning tells it. */
export const LOGGED = [
  "set a",
  "set b",
  "set c",
  "delete a",
  "set brief",
  "expire brief",
  "clear",
  "set h",
  "delete h",
  'set d {"e":4}',
];

/** A change in a line. */
export function inBrief({ type, key, value }: Change): string {
  return [type, key, value === undefined ? undefined : JSON.stringify(value)]
    .filter((part) => part !== undefined)
    .join(" ");
}

/** @throws AssertionError unless a store is what it was when {@link writeContent} called `halfway`. */
export async function expectHalf(store: StoragePlugin): Promise<void> {
  expect(await store.listNamespaces(ctx)).to.deep.equal(["", "cleared", "keys", "sealed/ä"]);
  const values = [...VALUES, ["counter", 40.5], ["lives", 1], ["removed", 1]] as [string, unknown][];
  expect([...(await store.find(ctx, "*"))]).to.deep.equal(inOrder(values));
  expect(await store.list("list").lrange(ctx, 0, -1)).to.deep.equal(["a", new Date(0), { c: 1 }]);
  expect(await store.namespace("sealed/ä").list("list").llen(ctx)).to.equal(3);
}

/** @throws AssertionError unless users see all that {@link writeContent} has written, in its order. */
export async function expectContent(store: StoragePlugin): Promise<void> {
  expect(await store.listNamespaces(ctx)).to.deep.equal(NAMES);
  const values = [...VALUES, ["counter", 40.5], ["lives", 1]] as [string, unknown][];
  expect([...(await store.find(ctx, "*"))]).to.deep.equal(inOrder(values));
  const keys = [...values.map(([key]) => key), "hash", "lasting", "list"];
  expect(await store.keys(ctx)).to.deep.equal(keys.sort());
  for (const key of ["lives", "lasting"]) expect(await store.ttl(ctx, key)).to.be.above(0);
  expect(await store.ttl(ctx, "text")).to.equal(-1);
  expect(await store.list("list").lrange(ctx, 0, -1)).to.deep.equal(["a", new Date(0), { c: 1 }, "late"]);
  const fields = [
    ["one", 11],
    ["two", [2]],
    ["üü", new Uint8Array([7])],
  ];
  expect([...(await store.hash("hash").hgetall(ctx))]).to.deep.equal(fields);
  expect(await store.counter("counter").get(ctx)).to.equal(40.5);
  await expectOthers(store);
}

async function expectOthers(store: StoragePlugin): Promise<void> {
  const found = async (name: string) => [...(await store.namespace(name).find(ctx, "*"))];
  expect(await found("cleared")).to.deep.equal([
    ["one", 1],
    ["two", 2],
  ]);
  expect(await found("keys")).to.deep.equal(inOrder(KEYS.map((key) => [key, key])));
  expect(await found("log")).to.deep.equal([["d", { e: 4 }]]);
  expect(await found("fading")).to.deep.equal([]);
  expect(await found("v8")).to.deep.equal([
    ["bytes", new Uint8Array([1, 2])],
    ["map", new Map([["k", 1n]])],
  ]);
  const sealed = store.namespace("sealed/ä");
  expect(await found("sealed/ä")).to.deep.equal(inOrder([...SEALED_VALUES, ["counter", 7]]));
  expect(await sealed.list("list").lrange(ctx, 0, -1)).to.deep.equal([1, "two", "c".repeat(500)]);
  const fields = [
    ["f", new Map([["k", 1n]])],
    ["g", null],
  ];
  expect([...(await sealed.hash("hash").hgetall(ctx))]).to.deep.equal(fields);
}

/** Changes every kind of thing that {@link writeContent} left, by every kind of call. */
export async function writeMore(store: StoragePlugin): Promise<void> {
  const counted = async (tx: Transaction) => {
    const count = await tx.count("*");
    const found = await tx.find("n*");
    await tx.list("list").rpush("in a transaction");
    await tx.set("counted", [count, found.size, await tx.getOr("absent", null)]);
  };
  // What is stored of versions and hashes must hold at once: a check that fails would be tried again.
  await store.transact(ctx, counted, { maxAttempts: 1 });
  expect(await store.list("list").lpop(ctx)).to.equal("a");
  expect(await store.list("list").lrem(ctx, 1, { c: 1 })).to.equal(1);
  expect(await store.hash("hash").hdel(ctx, "one")).to.equal(1);
  expect(await store.hash("hash").hset(ctx, { two: 22, four: 4 })).to.equal(1);
  expect(await store.counter("counter").incr(ctx)).to.equal(41.5);
  expect(await store.persist(ctx, "lives")).to.equal(true);
  expect(await store.delete(ctx, "lasting")).to.equal(true);
  expect(await store.namespace("cleared").clear(ctx)).to.equal(2);
  expect(await store.namespace("keys").deleteBatch(ctx, ["😀", "ｚ", "absent"])).to.equal(2);
  const sealed = store.namespace("sealed/ä");
  await sealed.hash("hash").hset(ctx, "later", 1);
  await sealed.list("list").rpush(ctx, "later");
  expect(await store.rekey(ctx)).to.include({ ok: true, unreadable: 0 });
}

/** @throws AssertionError unless a store is what {@link writeMore} has left. */
export async function expectMore(store: StoragePlugin): Promise<void> {
  expect(await store.listNamespaces(ctx)).to.deep.equal(NAMES.filter((name) => name !== "cleared"));
  const values = [...VALUES, ["counter", 41.5], ["counted", [21, 4, null]], ["lives", 1]] as [
    string,
    unknown,
  ][];
  expect([...(await store.find(ctx, "*"))]).to.deep.equal(inOrder(values));
  expect(await store.ttl(ctx, "lives")).to.equal(-1);
  expect(await store.type(ctx, "lasting")).to.equal(undefined);
  expect(await store.list("list").lrange(ctx, 0, -1)).to.deep.equal([
    new Date(0),
    "late",
    "in a transaction",
  ]);
  const fields = [
    ["two", 22],
    ["üü", new Uint8Array([7])],
    ["four", 4],
  ];
  expect([...(await store.hash("hash").hgetall(ctx))]).to.deep.equal(fields);
  expect(await store.namespace("keys").count(ctx)).to.equal(KEYS.length - 2);
  const sealed = store.namespace("sealed/ä");
  expect(await sealed.get(ctx, "long")).to.equal("a".repeat(500));
  expect(await sealed.hash("hash").hkeys(ctx)).to.deep.equal(["f", "g", "later"]);
  expect(await sealed.list("list").lindex(ctx, -1)).to.equal("later");
}

function inOrder(pairs: Iterable<[string, unknown]>): [string, unknown][] {
  return [...pairs].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
