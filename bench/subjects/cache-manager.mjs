async function open() {
  const { createCache } = await import("cache-manager");
  const cache = createCache();
  return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
}

export const subjects = {
  "cache-manager": { durability: "none", copies: "no", load: () => import("cache-manager"), open },
};
