import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { scanImports, type ImportUse } from "./import-scanner.js";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A TypeScript file and what it names; paths are relative to the folder of the tree, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly ResolvedImport[];
}

export interface ResolvedImport extends ImportUse {
  /** The file of the tree that is meant, or undefined for a package, a built-in, or a file that is not there. */
  readonly target: string | undefined;
}

export type SourceTree = ReadonlyMap<string, SourceFile>;

/** All TypeScript files below a folder of the repository. */
export function readSourceTree(folder: string): SourceTree {
  const base = posix.join(ROOT, folder);
  const paths = readdirSync(base, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  return sourceTree(new Map(paths.map((path) => [path, readFileSync(posix.join(base, path), "utf8")])));
}

/** A tree from paths and texts. */
export function sourceTree(texts: ReadonlyMap<string, string>): SourceTree {
  const files = [...texts].map(([path, text]): [string, SourceFile] => {
    const imports = scanImports(text).map((use) => ({ ...use, target: resolve(path, use.specifier, texts) }));
    return [path, { path, text, imports }];
  });
  return new Map(files);
}

function resolve(from: string, specifier: string, texts: ReadonlyMap<string, string>): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
  return texts.has(path) ? path : undefined;
}

/** What can be reached from a file over imports of these kinds, the file itself included. */
export function reachable(
  tree: SourceTree,
  start: string,
  kinds: readonly ImportUse["kind"][],
): SourceFile[] {
  const seen = new Set([start]);
  for (const path of seen) {
    for (const { kind, target } of tree.get(path)?.imports ?? []) {
      if (target !== undefined && kinds.includes(kind)) seen.add(target);
    }
  }
  return [...seen].flatMap((path) => tree.get(path) ?? []);
}
