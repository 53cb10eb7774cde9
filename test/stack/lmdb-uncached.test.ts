import { describeStorage } from "../../src/testing/storage-suite.js";
import { lmdbHarness } from "./store-harness.js";

describeStorage(lmdbHarness("lmdb without a cache", { max_entries: 0 }, { durability: "process" }), {
  describe,
  it,
});
