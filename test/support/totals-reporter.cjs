const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

/**
 * Mocha's spec reporter, which also writes the totals to the file of its option `totals`, for scripts that add them
 * up, with the passed tests of each outermost suite and what failed. CommonJS because mocha requires its reporters.
 */
class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { totals } = options.reporterOptions;
    const suites = {};
    const failures = [];
    runner.on("pass", (test) => {
      const path = test.titlePath();
      // What starts a server stands around the contract's suite.
      const title = path.find((each) => each.startsWith("backend contract: ")) ?? path[0];
      suites[title] = (suites[title] ?? 0) + 1;
    });
    runner.on("fail", (test, error) => {
      failures.push({ title: test.fullTitle(), stack: error.stack ?? String(error) });
    });
    runner.once("end", () => {
      const { passes, failures: failed, pending } = this.stats;
      writeFileSync(totals, JSON.stringify({ passed: passes, failed, skipped: pending, suites, failures }));
    });
  }
}

module.exports = TotalsReporter;
