import { expect } from "chai";
import { missing } from "../support/fixtures.js";
import { ALL_STORES } from "../support/stores.js";
import { WaitingRounds } from "../support/waiting-rounds.js";
import { reclaim } from "./reclaim.js";

const KEYS = 1000;
const WITHIN_MS = 60_000;

/** Undefined where what the kind needs is missing. */
const rounds = new WaitingRounds(ALL_STORES, 5, async (kind) => {
  const store = await kind.fresh();
  if (store === undefined) return undefined;
  try {
    return await reclaim(store, { keys: KEYS, withinMs: WITHIN_MS });
  } finally {
    await store.destroy();
  }
});

describe("keys whose time is over and that nobody touches", function () {
  this.timeout(120_000);

  for (const kind of ALL_STORES) {
    it(`are reclaimed on ${kind.name}, with what leads to them, and told once each`, async function () {
      const reclaimed = await rounds.of(kind);
      if (reclaimed === undefined) return missing(this, kind.needs ?? kind.name);
      const { expired, left } = reclaimed;
      expect({ expired, left }).to.deep.equal({
        expired: KEYS,
        left: kind.name === "memory" ? undefined : 0,
      });
    });
  }
});
