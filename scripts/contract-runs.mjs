const SUITE = "backend contract: ";

/**
 * The backends whose contract suite did not run: a suite that was left out, for a missing server or by mistake, must not
 * look like one that passed.
 *
 * @param {readonly string[]} backends names, as in YAML
 * @param {Readonly<Record<string, number>>} suites passed tests of each outermost suite, by its title
 * @returns {readonly string[]}
 */
export function backendsWithoutContract(backends, suites) {
  const ran = Object.keys(suites).filter((title) => title.startsWith(SUITE) && suites[title] > 0);
  const names = ran.map((title) => title.slice(SUITE.length).split(/[^a-z0-9-]/)[0]);
  return backends.filter((backend) => !names.includes(backend));
}
