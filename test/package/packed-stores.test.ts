import { expect } from "chai";
import type { StorageSettings } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { STORES, type FreshStore } from "../support/stores.js";
import { PackedPackage } from "./packed-package.js";

const DRIVERS = ["libsql", "lmdb", "mysql2", "pg", "redis"];

/** Values, a structure, a fault that begins in a backend, and a part that is loaded late. */
const use = (settings: StorageSettings) => `
  import { background, ErrStorageNotFound, openStorage, StorageError } from "holdfast";
  import { MemoryManager } from "holdfast/memory";
  const ctx = background();
  const storage = await openStorage(${JSON.stringify(settings)});
  await storage.set(ctx, "greeting", { hello: "world" });
  await storage.list("list").rpush(ctx, 1, 2);
  await new MemoryManager({ storage }).addUser(ctx, "hello");
  const lost = await storage.get(ctx, "lost").catch((error) => error);
  const { problems } = await storage.verify(ctx);
  const into = await openStorage();
  const copy = await storage.verify(ctx, { repair: { into } });
  await into.stop(ctx);
  await storage.stop(ctx);
  const late = await storage.get(ctx, "greeting").catch((error) => error);
  console.log(JSON.stringify({
    lost: lost instanceof StorageError && lost.code === ErrStorageNotFound,
    late: late instanceof StorageError && late.reason,
    problems,
    salvaged: copy.repair.salvaged,
  }));
`;

describe("the packed package over every kind of store", function () {
  this.timeout(60_000);
  let packed: PackedPackage;

  before(() => {
    packed = new PackedPackage();
    for (const name of DRIVERS) packed.link(name);
  });

  after(() => packed.remove());

  for (const kind of STORES) {
    it(`stores, reads, checks and salvages: ${kind.name}`, async function () {
      const store: FreshStore | undefined = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      try {
        const expected = { lost: true, late: "closed", problems: [], salvaged: 3 };
        expect(packed.run(use(store.settings))).to.equal(`${JSON.stringify(expected)}\n`);
      } finally {
        await store.destroy();
      }
    });
  }
});
