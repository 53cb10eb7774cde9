const SUITE = "backend contract: ";

/** Backends that are spoken to in another way too, with servers and a suite of its own, which must run as well. */
const OTHER_WAYS = new Map([["redis", ["redis cluster"]]]);

/**
 * The backends whose contract suite did not run: a suite that was left out, for a missing server or by mistake, must not
 * look like one that passed.
 *
 * @param {readonly string[]} backends names, as in YAML
 * @param {Readonly<Record<string, number>>} suites passed tests of each outermost suite, by its title
 * @returns {readonly string[]} names of backends, and of other ways to them
 */
export function backendsWithoutContract(backends, suites) {
  const wanted = backends.flatMap((backend) => [backend, ...(OTHER_WAYS.get(backend) ?? [])]);
  const titles = Object.keys(suites).filter((title) => title.startsWith(SUITE) && suites[title] > 0);
  const ran = new Set(titles.map((title) => nameIn(title.slice(SUITE.length), wanted)));
  return wanted.filter((name) => !ran.has(name));
}

/** The longest of the names that a title begins with; what follows may say which form of it ran. */
function nameIn(title, names) {
  const begun = names.filter((name) => title === name || /^[^a-z0-9-]/.test(remainder(title, name)));
  return begun.sort((a, b) => b.length - a.length)[0];
}

function remainder(title, name) {
  return title.startsWith(name) ? title.slice(name.length) : "";
}
