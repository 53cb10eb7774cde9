import { describeStorage } from "../../src/testing/storage-suite.js";
import { fileHarness } from "./store-harness.js";

describeStorage(fileHarness("file without a cache", { max_entries: 0 }, { durability: "process" }), {
  describe,
  it,
});
