import { join } from "node:path";

const LAST = "\u{10FFFF}";

async function open({ folder }) {
  const { open: openLmdb } = await import("lmdb");
  const database = openLmdb({ path: join(folder, "peer.lmdb") });
  const range = (pattern) => {
    const start = pattern.slice(0, pattern.indexOf("*"));
    return { start, end: start + LAST };
  };
  return {
    get: (key) => database.get(key),
    set: async (key, value) => {
      await database.put(key, value);
      await database.flushed;
    },
    setMany: async (entries) => {
      await database.transaction(() => entries.forEach(([key, value]) => database.put(key, value)));
      await database.flushed;
    },
    keys: (pattern) => database.getKeys(range(pattern)).asArray,
    count: (pattern) => database.getKeysCount(range(pattern)),
    find: (pattern) => database.getRange(range(pattern)).asArray,
    infix: (pattern) => infixOf(database, pattern, range(pattern)),
    modifyTwo: async (first, second, change) => {
      await database.transaction(() => modifyTwo(database, first, second, change));
      await database.flushed;
    },
    close: () => database.close(),
  };
}

function infixOf(database, pattern, range) {
  const ending = pattern.slice(pattern.indexOf("*") + 1);
  return database.getKeys(range).filter((key) => key.endsWith(ending)).asArray;
}

function modifyTwo(database, first, second, change) {
  const [a, b] = [database.get(first), database.get(second)];
  change(a, b);
  database.put(first, a);
  database.put(second, b);
}

export const subjects = { lmdb: { durability: "power", copies: "yes", load: () => import("lmdb"), open } };
