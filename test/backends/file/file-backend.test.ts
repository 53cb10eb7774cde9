import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { fileHarness } from "../../support/file-harness.js";

describeBackend(fileHarness(), { describe, it });
describeBackend(fileHarness({ compression: "gzip", durability: "process" }, "file, compressed"), {
  describe,
  it,
});
describeBackendModel(fileHarness(), { describe, it }, fc, { runs: 20 });
