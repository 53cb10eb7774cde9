// Builds dist from src: the compiler checks types and writes modules and declarations, a bundler joins the modules to a
// few files. The result replaces dist only when it is whole, so a failed build leaves the last good one.
import { rolldown } from "rolldown";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = `${root}.cache/build-${process.pid}`;
const compiled = `${work}/modules`;
const fresh = `${work}/dist`;

/** What package.json names: each exported subpath, and the program. */
const ENTRIES = {
  index: "index",
  plugin: "plugin/index",
  memory: "memory/index",
  testing: "testing/index",
  cli: "cli/holdfast",
};

function compile() {
  const compiler = `${root}node_modules/typescript/bin/tsc`;
  const args = [compiler, "-p", "tsconfig.build.json", "--outDir", compiled];
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status === 0;
}

/**
 * Several hundred modules took longer to find and read than to run, and a host pays that at each start. All entries in
 * one run, so that what they share stands in one chunk and a class is the same whichever way it is imported; what is
 * imported lazily, each backend first of all, stays a chunk of its own.
 */
async function bundle() {
  const input = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, path]) => [name, `${compiled}/${path}.js`]),
  );
  const bundled = await rolldown({
    cwd: compiled,
    input,
    platform: "node",
    external: isOfOthers,
    plugins: [placesKept],
  });
  await bundled.write({
    dir: fresh,
    format: "esm",
    chunkFileNames: "[name]-[hash].js",
    codeSplitting: { groups: [{ name: "storage", test: /modules\/index\.js$/ }] },
  });
  await bundled.close();
}

const isOfOthers = (name) => !name.startsWith(".") && !name.startsWith(compiled);

/** A module finds what lies beside it by its URL; bundled, by the URL that it would have had without. */
const placesKept = {
  name: "places kept",
  transform(code, path) {
    if (!code.includes("import.meta.url")) return undefined;
    const url = `new URL("${relative(compiled, path)}", import.meta.url).href`;
    return { code: code.replaceAll("import.meta.url", url), map: null };
  },
};

/** Takes over the declarations that a user's compiler can get to, which are a fifth of all. */
function copyDeclarations() {
  const waiting = Object.values(ENTRIES).filter((path) => path !== ENTRIES.cli);
  const reached = new Set();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const from = `${compiled}/${path}.d.ts`;
    cpSync(from, `${fresh}/types/${path}.d.ts`);
    const imports = readFileSync(from, "utf8").matchAll(/(?:from |import\()"(\..+?)\.js"/g);
    for (const [, name] of imports) waiting.push(join(dirname(path), name));
  }
}

/** Scripts that run at servers stay files of their own, which their modules load. */
function copyScripts() {
  const backends = `${root}src/backends`;
  for (const name of readdirSync(backends, { recursive: true, encoding: "utf8" })) {
    if (/\.(lua|sql)$/.test(name)) cpSync(`${backends}/${name}`, `${fresh}/backends/${name}`);
  }
}

try {
  if (compile()) {
    await bundle();
    copyDeclarations();
    copyScripts();
    chmodSync(`${fresh}/cli.js`, 0o755);
    rmSync(`${root}dist`, { recursive: true, force: true });
    renameSync(fresh, `${root}dist`);
  } else process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
