import { expect } from "chai";
import { missing } from "./fixtures.js";
import { background, defaultBackends, openStorage } from "../../src/index.js";
import { STORES } from "./stores.js";

const ctx = background();

describe("the table of stores", () => {
  it("holds every backend of this package", () => {
    const held = new Set(STORES.map(({ backend }) => backend));
    expect(defaultBackends().names.filter((name) => !held.has(name))).to.deep.equal([]);
  });

  it("holds each store once", () => {
    const names = STORES.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  for (const kind of STORES) {
    it(`says the truth about ${kind.name}`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      expect(store.settings.backend).to.equal(kind.backend);
      expect(JSON.parse(JSON.stringify(store.settings))).to.deep.equal(store.settings);
      try {
        const factory = await defaultBackends().load(kind.backend);
        let declared: unknown;
        const watching = defaultBackends().with(kind.backend, async () => (setup) => {
          const backend = factory(setup);
          declared = backend.info.capabilities;
          return backend;
        });
        const storage = await openStorage(store.settings, { backends: watching });
        await storage.set(ctx, "a", 1);
        await storage.stop();
        expect(declared).to.include({ persistent: kind.persistent, shared: kind.shared });
        const again = await openStorage(store.settings);
        expect(await again.exists(ctx, "a")).to.equal(kind.persistent);
        await again.stop();
      } finally {
        await store.destroy();
      }
    });

    it(`gives ${kind.name} anew each time`, async function () {
      const stores = [await kind.fresh(), await kind.fresh()];
      for (const store of stores) {
        if (store === undefined) return missing(this, kind.needs ?? kind.name);
        const storage = await openStorage(store.settings);
        expect(await storage.listNamespaces(ctx)).to.deep.equal([]);
        await storage.set(ctx, "a", 1);
        await storage.stop();
      }
      for (const store of stores) await store?.destroy();
    });
  }
});
