import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Another build than dist/ is measured with --dist. */
const DIST = process.env.HOLDFAST_DIST ?? fileURLToPath(new URL("../../dist", import.meta.url));
const PACKAGE = pathToFileURL(join(DIST, "index.js"));

const load = () => import(PACKAGE.href);
const unavailable = () => (existsSync(PACKAGE) ? undefined : "not built (npm run build)");

async function open(settings) {
  const { background, openStorage } = await load();
  const ctx = background();
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
    close: () => store.stop(ctx),
  };
}

async function modifyTwo(tx, first, second, change) {
  const a = await tx.get(first);
  const b = await tx.get(second);
  change(a, b);
  await tx.set(first, a);
  await tx.set(second, b);
}

/** A bench's own settings over ours: a cache that holds all of its keys, unless it asks for another. */
const settingsOf = ({ capacity, cache, settings }, values) => ({
  cache: { max_entries: capacity * 2, max_bytes: "1GiB", values, ...cache },
  ...settings,
});

const memory = (values) => (options) => open({ backend: "memory", ...settingsOf(options, values) });

const file = (options) =>
  open({ backend: "file", file: { path: join(options.folder, "store") }, ...settingsOf(options, "copy") });

export const subjects = {
  "holdfast memory": { durability: "none", copies: "yes", unavailable, load, open: memory("copy") },
  "holdfast memory, frozen": { durability: "none", copies: "frozen", unavailable, open: memory("frozen") },
  "holdfast file": { durability: "power", copies: "yes", unavailable, open: file },
};
