import { buildSync } from "esbuild";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../architecture/source-tree.js";

const FOLDER = join(ROOT, `.cache/programs-${process.pid}`);
const programs = new Map<string, string>();

/**
 * A program of the tests for a process of its own, as JavaScript: its file with everything of ours that it imports, compiled
 * once, module by module, into a folder that goes with this process. Compiling in each process costs more than most of
 * them do.
 *
 * @param program its file, in TypeScript
 * @returns the path to start
 */
export function compiledProgram(program: URL): string {
  const source = fileURLToPath(program);
  const known = programs.get(source);
  if (known !== undefined) return known;
  if (programs.size === 0) prepareFolder();
  const path = compile(source);
  programs.set(source, path);
  return path;
}

function compile(source: string): string {
  const common = { absWorkingDir: ROOT, platform: "node", format: "esm", target: "node20" } as const;
  const { inputs } = buildSync({
    ...common,
    entryPoints: [source],
    bundle: true,
    packages: "external",
    metafile: true,
    write: false,
  }).metafile;
  buildSync({ ...common, entryPoints: Object.keys(inputs), outbase: ROOT, outdir: FOLDER });
  return join(FOLDER, source.slice(ROOT.length).replace(/\.ts$/, ".js"));
}

/** Scripts that run at servers stand beside the code that loads them. */
function prepareFolder(): void {
  process.once("exit", () => rmSync(FOLDER, { recursive: true, force: true }));
  for (const backend of ["mysql", "postgres", "redis"]) {
    const scripts = `src/backends/${backend}/scripts`;
    cpSync(join(ROOT, scripts), join(FOLDER, scripts), { recursive: true });
  }
}
