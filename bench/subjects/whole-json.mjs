import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The usual small store: all entries in one object, the whole file written again for every change. */
async function open({ folder }) {
  const { default: writeFileAtomic } = await import("write-file-atomic");
  const path = join(folder, "whole.json");
  const data = new Map(existsSync(path) ? Object.entries(JSON.parse(await readFile(path, "utf8"))) : []);
  const save = () => writeFileAtomic(path, JSON.stringify(Object.fromEntries(data)));
  return {
    get: async (key) => data.get(key),
    set: (key, value) => {
      data.set(key, value);
      return save();
    },
    setMany: async (entries) => entries.forEach(([key, value]) => data.set(key, value)),
    close: save,
  };
}

async function openLowdb({ folder }) {
  const { JSONFilePreset } = await import("lowdb/node");
  const database = await JSONFilePreset(join(folder, "lowdb.json"), {});
  return {
    get: async (key) => database.data[key],
    set: (key, value) => {
      database.data[key] = value;
      return database.write();
    },
    setMany: async (entries) => entries.forEach(([key, value]) => (database.data[key] = value)),
    close: () => database.write(),
  };
}

export const subjects = {
  "whole-file JSON": { durability: "power", copies: "no", open },
  lowdb: { durability: "process", copies: "no", open: openLowdb },
};
