const open =
  (copy) =>
  async ({ capacity }) => {
    const { LRUCache } = await import("lru-cache");
    const cache = new LRUCache({ max: capacity * 2 });
    return {
      get: async (key) => copy(cache.get(key)),
      set: async (key, value) => void cache.set(key, copy(value)),
    };
  };

/** The floors: what a promise and a bounded cache cost at least, sharing its values and copying them. */
export const subjects = {
  "async lru-cache": { durability: "none", copies: "no", open: open((value) => value) },
  "lru-cache + structuredClone": { durability: "none", copies: "yes", open: open(structuredClone) },
};
