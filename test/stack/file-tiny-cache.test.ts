import { describeStorage } from "../../src/testing/storage-suite.js";
import { fileHarness } from "./store-harness.js";

describeStorage(fileHarness("file with a cache of two entries", { max_entries: 2 }, { durability: "none" }), {
  describe,
  it,
});
