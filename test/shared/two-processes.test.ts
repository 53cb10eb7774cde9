import { expect } from "chai";
import { background, openStorage } from "../../src/index.js";
import { missing } from "../support/fixtures.js";
import { SHARED_STORES } from "../support/stores.js";
import { countTogether } from "./count-together.js";

const SHORT = 50;

describe("two processes on one store", function () {
  // Above what the processes are given to say where they stand.
  this.timeout(200_000);

  for (const kind of SHARED_STORES) {
    it(`count exactly on ${kind.name}, and each sees every commit once and in order`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      try {
        const { total, expected, logs } = await countTogether(store.settings, {
          tasks: 8,
          increments: SHORT,
        });
        expect(total).to.equal(expected);
        for (const log of logs) expect(log).to.deep.equal({ ...logs[0], commits: expected, problems: [] });
        const storage = await openStorage(store.settings);
        expect(await storage.size(background())).to.equal(2);
        await storage.stop();
      } finally {
        await store.destroy();
      }
    });
  }
});
