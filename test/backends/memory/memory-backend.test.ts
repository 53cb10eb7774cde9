import fc from "fast-check";
import { memoryBackend } from "../../../src/backends/memory/memory-backend.js";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { memoryHarness } from "../../support/memory-harness.js";

const harness = memoryHarness(memoryBackend);

describeBackend(harness, { describe, it });
describeBackendModel(harness, { describe, it }, fc, { runs: 200 });
