import { readdir } from "node:fs/promises";
import { join } from "node:path";

const LICENCE = /^(licen[cs]e|copying)([-._].*)?$/i;

export type FileKind = "manifest" | "json" | "licence";

export interface FoundFile {
  readonly kind: FileKind;
  /** Below the folder that was searched, with slashes. */
  readonly path: string;
}

/** Every package.json, other JSON file and licence below a folder, in order. Links are not followed. */
export async function findFiles(folder: string): Promise<readonly FoundFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: FoundFile[] = [];
  for (const entry of entries) {
    const kind = entry.isFile() ? kindOf(entry.name) : undefined;
    if (kind === undefined) continue;
    const below = entry.parentPath.slice(folder.length);
    found.push({ kind, path: join(below, entry.name).replaceAll("\\", "/").replace(/^\/+/, "") });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function kindOf(name: string): FileKind | undefined {
  if (name === "package.json") return "manifest";
  if (/\.json$/i.test(name)) return "json";
  return LICENCE.test(name) ? "licence" : undefined;
}
