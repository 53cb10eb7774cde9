import { join } from "node:path";

const open = (driver, optionsOf) => async (options) => {
  const { createStorage } = await import("unstorage");
  const { default: createDriver } = await import(`unstorage/drivers/${driver}`);
  const storage = createStorage({ driver: createDriver(optionsOf(options)) });
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    keys: (pattern) => keysOf(storage, pattern),
    close: () => storage.dispose(),
  };
};

/** `getKeys` filters by whole key segments, so a prefix within one is filtered by the caller. */
async function keysOf(storage, pattern) {
  const prefix = pattern.slice(0, -1);
  return (await storage.getKeys()).filter((key) => key.startsWith(prefix));
}

export const subjects = {
  "unstorage memory": {
    durability: "none",
    copies: "yes",
    load: () => import("unstorage"),
    open: open("memory", () => ({})),
  },
  "unstorage fs": {
    durability: "process",
    copies: "yes",
    open: open("fs", ({ folder }) => ({ base: join(folder, "files") })),
  },
};
