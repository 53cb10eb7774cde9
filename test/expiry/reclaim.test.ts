import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { ALL_STORES } from "../support/stores.js";
import { reclaim } from "./reclaim.js";

const KEYS = 1000;
const WITHIN_MS = 60_000;

describe("keys whose time is over and that nobody touches", function () {
  this.timeout(120_000);

  for (const kind of ALL_STORES) {
    it(`are reclaimed on ${kind.name}, with what leads to them, and told once each`, async function () {
      const store = await kind.fresh();
      if (store === undefined) return missing(this, kind.needs ?? kind.name);
      try {
        const { expired, left } = await reclaim(store, { keys: KEYS, withinMs: WITHIN_MS });
        expect({ expired, left }).to.deep.equal({
          expired: KEYS,
          left: kind.name === "memory" ? undefined : 0,
        });
      } finally {
        await store.destroy();
      }
    });
  }
});
