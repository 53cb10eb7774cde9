// Builds dist from src: the code as a few bundles, the declarations as the compiler writes them. The result replaces
// dist only when it is whole, so a failed build leaves the last good one.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const src = `${root}src/`;
const fresh = `${root}.cache/dist-${process.pid}`;

/** What package.json names: each exported subpath, and the program. */
const ENTRIES = {
  index: "index.ts",
  plugin: "plugin/index.ts",
  memory: "memory/index.ts",
  testing: "testing/index.ts",
  cli: "cli/holdfast.ts",
};

/** Checks every type and writes the declarations. */
function declare() {
  const compiler = `${root}node_modules/typescript/bin/tsc`;
  const args = [compiler, "-p", "tsconfig.build.json", "--outDir", `${fresh}/types`];
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status === 0;
}

/** Keeps the declarations that a user's compiler can get to, which are a fifth of all. */
function keepReachableDeclarations() {
  const types = `${fresh}/types`;
  const waiting = Object.values(ENTRIES).map((path) => path.replace(/\.ts$/, ".d.ts"));
  const reachable = new Set();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reachable.has(path)) continue;
    reachable.add(path);
    const imports = readFileSync(`${types}/${path}`, "utf8").matchAll(/(?:from |import\()"(\..+?)\.js"/g);
    for (const [, name] of imports) waiting.push(join(dirname(path), `${name}.d.ts`));
  }
  for (const path of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith(".d.ts") && !reachable.has(path)) rmSync(`${types}/${path}`);
  }
}

/**
 * Several hundred modules took longer to find and read than to run, and a host pays that at each start. All entries in
 * one run, so that what they share stands in one chunk and a class is the same whichever way it is imported; what is
 * imported lazily, each backend first of all, stays a chunk of its own.
 */
async function bundle() {
  const entryPoints = Object.entries(ENTRIES).map(([out, path]) => ({ in: src + path, out }));
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir: fresh,
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning",
    plugins: [placesKept],
  });
}

/** A module finds what lies beside it by its URL; bundled, by the URL that it would have had without. */
const placesKept = {
  name: "places kept",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/, namespace: "file" }, ({ path }) => {
      const code = readFileSync(path, "utf8");
      if (!path.startsWith(src) || !code.includes("import.meta.url")) return undefined;
      const place = relative(src, path).replace(/\.ts$/, ".js");
      const url = `new URL("${place}", import.meta.url).href`;
      return { contents: code.replaceAll("import.meta.url", url), loader: "ts" };
    });
  },
};

/** Scripts that run at servers stay files of their own, which their modules load. */
function copyScripts() {
  for (const name of readdirSync(`${src}backends`, { recursive: true, encoding: "utf8" })) {
    if (/\.(lua|sql)$/.test(name)) cpSync(`${src}backends/${name}`, `${fresh}/backends/${name}`);
  }
}

try {
  if (declare()) {
    keepReachableDeclarations();
    await bundle();
    copyScripts();
    chmodSync(`${fresh}/cli.js`, 0o755);
    rmSync(`${root}dist`, { recursive: true, force: true });
    renameSync(fresh, `${root}dist`);
  } else process.exitCode = 1;
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
