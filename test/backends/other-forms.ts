/**
 * Forms of backends whose parts the usual run covers one by one: commits that resolve before they are durable, which power
 * cuts on the simulated disk and the tests of the file store try. `npm run test:forms` runs the contract over them.
 */
import { describeBackend } from "../../src/testing/backend-suite.js";
import { directoryHarness } from "../support/directory-harness.js";
import { fileHarness } from "../support/file-harness.js";

const late = { durability: "interval" } as const;
describeBackend(fileHarness(late, "file, written in the background"), { describe, it });
describeBackend(directoryHarness(late, "directory, written in the background"), { describe, it });
