/** Keyv has no prefix query; its iterator walks the whole namespace. */
async function keysOf(keyv, pattern) {
  const prefix = pattern.slice(0, -1);
  const found = [];
  for await (const [key] of keyv.iterator()) if (key.startsWith(prefix)) found.push(key);
  return found;
}

const open = (module, settings) => async () => {
  const { Keyv } = await import(module);
  const keyv = new Keyv(settings);
  return {
    get: (key) => keyv.get(key),
    set: (key, value) => keyv.set(key, value),
    keys: (pattern) => keysOf(keyv, pattern),
  };
};

export const subjects = {
  "keyv 5": { durability: "none", copies: "yes", load: () => import("keyv"), open: open("keyv") },
  "keyv 5, no serializer": {
    durability: "none",
    copies: "no",
    open: open("keyv", { serialize: undefined, deserialize: undefined }),
  },
  "keyv 6": { durability: "none", copies: "yes", open: open("keyv6") },
};
