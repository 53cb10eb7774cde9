import { join } from "node:path";

const LAST = "\u{10FFFF}";

async function open({ folder }) {
  const { ClassicLevel } = await import("classic-level");
  const database = new ClassicLevel(join(folder, "level"), { valueEncoding: "json" });
  await database.open();
  const range = (pattern) => {
    const start = pattern.slice(0, pattern.indexOf("*"));
    return { gte: start, lt: start + LAST };
  };
  const keys = (pattern) => database.keys(range(pattern)).all();
  return {
    get: (key) => database.get(key),
    set: (key, value) => database.put(key, value, { sync: true }),
    setMany: (entries) =>
      database.batch(
        entries.map(([key, value]) => ({ type: "put", key, value })),
        { sync: true },
      ),
    keys,
    count: async (pattern) => (await keys(pattern)).length,
    find: (pattern) => database.iterator(range(pattern)).all(),
    infix: async (pattern) => {
      const ending = pattern.slice(pattern.indexOf("*") + 1);
      return (await keys(pattern)).filter((key) => key.endsWith(ending));
    },
    close: () => database.close(),
  };
}

export const subjects = { "classic-level": { durability: "power", copies: "yes", open } };
