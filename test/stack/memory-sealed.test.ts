import { describeStorage } from "../../src/testing/storage-suite.js";
import { SEALED } from "../support/sealed-settings.js";
import { memoryHarness } from "./store-harness.js";

describeStorage(memoryHarness("memory, sealed", { max_entries: 1000 }, SEALED), { describe, it });
