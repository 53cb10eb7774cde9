import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { noMariadb, startMariadb } from "../servers/mariadb-server.mjs";
import { noPostgres, startPostgres } from "../servers/postgres-server.mjs";
import { startRedis } from "../servers/redis-server.mjs";
import { unlessThere } from "../servers/server.mjs";
import { onOwnServer } from "./own-server.mjs";

/** Another build than dist/ is measured with --dist. */
const DIST = process.env.HOLDFAST_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));
const PACKAGE = pathToFileURL(join(DIST, "index.js"));
const CHAT = pathToFileURL(join(DIST, "memory.js"));

const load = () => import(PACKAGE.href);
const unavailable = () => (existsSync(PACKAGE) ? undefined : "not built (npm run build)");

async function open(settings) {
  const { background, openStorage, withConsistency } = await load();
  const ctx = background();
  const strongCtx = withConsistency(ctx, "strong");
  const store = await openStorage(settings);
  return {
    store,
    isPersistent: settings.backend !== "memory",
    ctx,
    get: (key) => store.get(ctx, key),
    set: (key, value) => store.set(ctx, key, value),
    setMany: (entries) => store.setBatch(ctx, new Map(entries)),
    keys: (pattern) => store.keys(ctx, pattern),
    count: (pattern) => store.count(ctx, pattern),
    find: (pattern) => store.find(ctx, pattern),
    infix: (pattern) => store.keys(ctx, pattern),
    modifyTwo: (first, second, change) => store.transact(ctx, (tx) => modifyTwo(tx, first, second, change)),
    list: (key) => listOf(store.list(key), ctx, strongCtx),
    counter: (key) => counterOf(store.counter(key), ctx, strongCtx),
    chat: () => chatOf(store, ctx),
    close: () => store.stop(ctx),
  };
}

/** How much a structure holds is read from the backend, since others may have written to it a moment ago. */
const listOf = (list, ctx, strongCtx) => ({
  push: (item) => list.rpush(ctx, item),
  pushAll: (items) => list.rpush(ctx, ...items),
  popFirst: () => list.lpop(ctx),
  at: (index) => list.lindex(ctx, index),
  length: () => list.llen(strongCtx),
});

const counterOf = (counter, ctx, strongCtx) => ({
  increment: () => counter.incr(ctx),
  get: () => counter.get(strongCtx),
});

async function chatOf(store, ctx) {
  const { MemoryManager } = await import(CHAT.href);
  const memory = new MemoryManager({ storage: store });
  const sessionList = (sessionId) => store.list(`memory:session:${sessionId}`);
  return {
    addUser: (sessionId, text) => memory.addUser(ctx, text, { sessionId }),
    addAll: (sessionId, messages) => memory.add(ctx, messages, { sessionId }),
    history: (sessionId, maxRounds) => memory.buildHistory(ctx, { sessionId, maxRounds }),
    length: (sessionId) => sessionList(sessionId).llen(ctx),
    keepFirst: (sessionId, count) => sessionList(sessionId).ltrim(ctx, 0, count - 1),
  };
}

async function modifyTwo(tx, first, second, change) {
  const a = await tx.get(first);
  const b = await tx.get(second);
  change(a, b);
  await tx.set(first, a);
  await tx.set(second, b);
}

/** A bench's own settings over ours: a cache that holds all of its keys where it tells how many, else the default. */
const settingsOf = ({ capacity, cache, settings }, values) => ({
  cache: { ...(capacity === undefined ? {} : sizeFor(capacity)), values, ...cache },
  ...settings,
});

const sizeFor = (capacity) => ({ max_entries: capacity * 2, max_bytes: "1GiB" });

const memory = (values) => (options) => open({ backend: "memory", ...settingsOf(options, values) });

const file = (options) =>
  open({ backend: "file", file: { path: join(options.folder, "store") }, ...settingsOf(options, "copy") });

const local = (backend, path) => (options) =>
  open({ backend, [backend]: { path: join(options.folder, path) }, ...settingsOf(options, "copy") });

const onServer = (backend, start, missing, durability = "power") => ({
  durability,
  copies: "yes",
  unavailable: () => unavailable() ?? missing(),
  ...onOwnServer(start, (url, options) =>
    open({ backend, [backend]: { url }, ...settingsOf(options, "copy") }),
  ),
});

const onRedis = (appendfsync, durability) =>
  onServer(
    "redis",
    (folder) => startRedis(folder, appendfsync),
    () => unlessThere("redis-server"),
    durability,
  );

export const subjects = {
  "holdfast memory": { durability: "none", copies: "yes", unavailable, load, open: memory("copy") },
  "holdfast memory, frozen": { durability: "none", copies: "frozen", unavailable, open: memory("frozen") },
  "holdfast file": { durability: "power", copies: "yes", unavailable, load, open: file },
  "holdfast sqlite": { durability: "power", copies: "yes", unavailable, open: local("sqlite", "store.db") },
  "holdfast lmdb": { durability: "power", copies: "yes", unavailable, open: local("lmdb", "store") },
  "holdfast postgres": onServer("postgres", startPostgres, noPostgres),
  "holdfast mysql": onServer("mysql", startMariadb, noMariadb),
  "holdfast redis always": onRedis("always", "power"),
  "holdfast redis everysec": onRedis("everysec", "process"),
};
