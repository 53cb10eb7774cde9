import fc from "fast-check";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { lmdbHarness } from "../../support/lmdb-harness.js";

describeBackend(lmdbHarness(), { describe, it });
describeBackend(lmdbHarness({ durability: "interval" }, "lmdb, made durable in the background"), {
  describe,
  it,
});
describeBackendModel(lmdbHarness(), { describe, it }, fc, { runs: 20 });
