import { describeStorage } from "../../src/testing/storage-suite.js";
import { lmdbHarness } from "./store-harness.js";

describeStorage(lmdbHarness("lmdb", { max_entries: 1000 }), { describe, it });
