import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { memoryHarness } from "../../support/memory-harness.js";

describeBackend(memoryHarness(memoryBackend), { describe, it });
