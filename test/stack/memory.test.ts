import { describeStorage } from "../../src/testing/storage-suite.js";
import { memoryHarness } from "./store-harness.js";

describeStorage(memoryHarness("memory", { max_entries: 1000 }), { describe, it });
