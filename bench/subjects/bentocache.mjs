async function open({ capacity }) {
  const { BentoCache, bentostore } = await import("bentocache");
  const { memoryDriver } = await import("bentocache/drivers/memory");
  const layer = bentostore().useL1Layer(memoryDriver({ maxItems: capacity * 2 }));
  const cache = new BentoCache({ default: "memory", stores: { memory: layer } });
  return {
    get: (key) => cache.get({ key }),
    set: (key, value) => cache.set({ key, value }),
    close: () => cache.disconnectAll(),
  };
}

export const subjects = { bentocache: { durability: "none", copies: "yes", open } };
