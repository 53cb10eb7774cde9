async function open() {
  const { Cacheable } = await import("cacheable");
  const cache = new Cacheable();
  return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
}

export const subjects = {
  cacheable: { durability: "none", copies: "yes", load: () => import("cacheable"), open },
};
