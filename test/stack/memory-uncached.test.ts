import { describeStorage } from "../../src/testing/storage-suite.js";
import { memoryHarness } from "./store-harness.js";

describeStorage(memoryHarness("memory without a cache", { max_entries: 0 }), { describe, it });
