import { describeStorage } from "../../src/testing/storage-suite.js";
import { sharedMemoryHarness } from "./shared-memory-harness.js";

describeStorage(sharedMemoryHarness("memory that others change too", 1000), { describe, it });
