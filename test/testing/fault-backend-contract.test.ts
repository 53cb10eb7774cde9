import { memoryBackend } from "../../src/backends/memory/memory-backend.js";
import { describeBackend } from "../../src/testing/backend-suite.js";
import { FaultBackend } from "../../src/testing/fault-backend.js";
import { memoryHarness } from "../support/memory-harness.js";

const harness = memoryHarness((setup) => new FaultBackend(memoryBackend(setup)), "memory under no faults");

describeBackend(harness, { describe, it });
