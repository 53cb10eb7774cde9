import { describeStorage } from "../../src/testing/storage-suite.js";
import { directoryHarness } from "./store-harness.js";

describeStorage(directoryHarness("directory", { max_entries: 1000 }), { describe, it });
