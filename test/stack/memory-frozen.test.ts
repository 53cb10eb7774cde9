import { describeStorage } from "../../src/testing/storage-suite.js";
import { memoryHarness } from "./store-harness.js";

describeStorage(memoryHarness("memory with frozen values", { max_entries: 1000, values: "frozen" }), {
  describe,
  it,
});
