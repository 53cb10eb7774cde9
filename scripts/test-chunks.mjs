import { readdirSync } from "node:fs";

/** The folders whose suites run long enough to be told apart further. */
const SPLIT = new Set(["backends", "stack"]);
/** What runs longest begins first, so that no lane ends long after the others. */
const FIRST = ["backends", "stack", "shared", "crash"];

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
    const [folder, next] = file.split("/");
    const name = `test/${SPLIT.has(folder) ? `${folder}/${next}` : folder}`;
    chunks.set(name, [...(chunks.get(name) ?? []), `test/${file}`]);
  }
  return [...chunks].map(([name, of]) => ({ name, files: of })).sort((a, b) => rank(a) - rank(b));
}

function rank({ name }) {
  const place = FIRST.indexOf(name.split("/")[1]);
  return place === -1 ? FIRST.length : place;
}
