import { describeStorage } from "../../src/testing/storage-suite.js";
import { fileHarness } from "./store-harness.js";

describeStorage(fileHarness("file", { max_entries: 1000 }), { describe, it });
