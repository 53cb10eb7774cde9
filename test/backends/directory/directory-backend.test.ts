import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { directoryHarness } from "../../support/directory-harness.js";

describeBackend(directoryHarness(), { describe, it });
describeBackendModel(directoryHarness(), { describe, it }, fc, { runs: 20 });
