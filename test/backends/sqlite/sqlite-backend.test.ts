import fc from "fast-check";
import { DRIVERS, loadDriver } from "../../../src/backends/sqlite/sqlite-driver.js";
import { describeBackendModel } from "../../../src/testing/backend-model.js";
import { describeBackend } from "../../../src/testing/backend-suite.js";
import { sqliteHarness, sqliteInMemoryHarness } from "../../support/sqlite-harness.js";

for (const library of DRIVERS.keys()) {
  const canBeUsed = await loadDriver(library).then(
    () => true,
    () => false,
  );
  // One driver at least is a dependency of the tests; the others are tried where they are there.
  if (!canBeUsed) continue;
  describeBackend(sqliteHarness(library), { describe, it });
  describeBackend(sqliteInMemoryHarness(library), { describe, it });
  const inBackground = sqliteHarness(
    library,
    { durability: "interval" },
    `sqlite, ${library}, made durable in the background`,
  );
  describeBackend(inBackground, { describe, it });
  describeBackendModel(sqliteHarness(library), { describe, it }, fc, { runs: 20 });
}
