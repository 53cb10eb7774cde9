import { describeStorage } from "../../src/testing/storage-suite.js";
import { fileHarness } from "./store-harness.js";

describeStorage(
  fileHarness("file with frozen values", { max_entries: 1000, values: "frozen" }, { durability: "process" }),
  {
    describe,
    it,
  },
);
