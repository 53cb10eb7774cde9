import { describeStorage } from "../../src/testing/storage-suite.js";
import { sqliteHarness } from "./store-harness.js";

describeStorage(sqliteHarness("sqlite without a cache", { max_entries: 0 }, { durability: "process" }), {
  describe,
  it,
});
