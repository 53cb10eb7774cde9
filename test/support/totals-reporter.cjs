const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

/**
 * Mocha's spec reporter, which also writes the totals to the file of its option `totals`, for scripts that add them
 * up. CommonJS because mocha requires its reporters.
 */
class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { totals } = options.reporterOptions;
    runner.once("end", () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(totals, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
}

module.exports = TotalsReporter;
