import { describeStorage } from "../../src/testing/storage-suite.js";
import { memoryHarness } from "./store-harness.js";

describeStorage(memoryHarness("memory with a cache of two entries", { max_entries: 2 }), { describe, it });
