import { readdirSync } from "node:fs";

/**
 * Where short suites stand that run one after another in one process: to start one and to load the sources takes about
 * two seconds of processor time, more than most of these take themselves.
 */
const SHORT =
  /^(architecture|backends\/(files|local|registry\.test\.ts$)|core|examples|memory|museum|observability|sealing|testing|transaction)\b/;
/** Together as long as one of the others. */
const FEW = /^(cache|package|seeds)\//;
/** These start the same servers. */
const ON_ALL_SERVERS = /^(expiry|faults|golden|structures|support)\//;
/** What runs longest begins first, so that no lane ends long after the others. */
const FIRST = ["backends and stack, ", "expiry, ", "shared", "plugin", "crash", "cli", "history", "model"];

/**
 * The test files in groups that need nothing of each other, each for a mocha process of its own.
 *
 * @param {string} root the repository, with a slash at its end
 * @returns {readonly { name: string, files: readonly string[] }[]} every test file exactly once; names and files are paths
 * relative to the root
 */
export function testChunks(root) {
  const files = readdirSync(`${root}test`, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".test.ts"))
    .sort();
  const chunks = new Map();
  for (const file of files) {
    const name = chunkOf(file);
    chunks.set(name, [...(chunks.get(name) ?? []), `test/${file}`]);
  }
  return [...chunks].map(([name, of]) => ({ name, files: of })).sort((a, b) => rank(a) - rank(b));
}

function chunkOf(file) {
  if (SHORT.test(file)) return "test, the short ones";
  if (FEW.test(file)) return "test/cache, package and seeds";
  if (ON_ALL_SERVERS.test(file)) return "test/expiry, faults, golden, structures and support";
  const [folder, next] = file.split("/");
  // On the same server; and the forms of one backend: redis, redis-cluster, redis-uncached.
  if (folder === "backends" || folder === "stack") return `test/backends and stack, ${next.split(/[.-]/)[0]}`;
  return `test/${folder}`;
}

function rank({ name }) {
  const place = FIRST.findIndex((begin) => name.startsWith(`test/${begin}`));
  return place === -1 ? FIRST.length : place;
}
