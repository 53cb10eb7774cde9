/** Forms of backends whose parts the usual run covers one by one; `npm run test:forms` runs them. */
import { describeBackend } from "../../src/testing/backend-suite.js";
import { directoryHarness } from "../support/directory-harness.js";

describeBackend(directoryHarness({ durability: "interval" }, "directory, written in the background"), {
  describe,
  it,
});
