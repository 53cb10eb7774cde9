import { describeStorage } from "../../src/testing/storage-suite.js";
import { sqliteHarness } from "./store-harness.js";

describeStorage(sqliteHarness("sqlite", { max_entries: 1000 }), { describe, it });
