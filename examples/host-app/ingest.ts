import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StorageError, type Context, type Reason } from "holdfast";
import type { Catalog } from "./catalog/catalog.js";
import { readManifest } from "./catalog/manifest.js";
import { findFiles, type FoundFile } from "./find-files.js";

/** A file that could not be taken in, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly why: string;
}

export interface IngestReport {
  readonly files: number;
  readonly skipped: readonly SkippedFile[];
}

/** Files under way at the same time: their commits share one write to the disk. */
const CONCURRENCY = 64;

/** What can be wrong with the content of a file, as opposed to the store. */
const CONTENT_REASONS: ReadonlySet<Reason> = new Set<Reason>(["invalid-key", "unserializable", "too-large"]);

/**
 * Takes everything of interest below a folder into the catalog. A file that is broken is skipped and reported; a store
 * that fails ends the run.
 */
export async function ingest(
  ctx: Context,
  catalog: Catalog,
  folder: string,
  onProgress: (done: number, total: number) => void,
): Promise<IngestReport> {
  const files = await findFiles(folder);
  const skipped: SkippedFile[] = [];
  const queue = files.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const file of queue) {
      const why = await takeIn(ctx, catalog, folder, file);
      if (why !== undefined) skipped.push({ path: file.path, why });
      onProgress(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { files: files.length, skipped: skipped.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Why a file was skipped, or undefined when it was taken in. */
async function takeIn(
  ctx: Context,
  catalog: Catalog,
  folder: string,
  file: FoundFile,
): Promise<string | undefined> {
  const text = await readText(join(folder, file.path));
  if (text instanceof Error) return text.message;
  try {
    await store(ctx, catalog, file, text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    if (error instanceof StorageError && CONTENT_REASONS.has(error.reason)) return error.message;
    throw error;
  }
}

async function readText(path: string): Promise<string | Error> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (error) {
    return error instanceof TypeError ? new Error("not text in UTF-8") : (error as Error);
  }
}

async function store(ctx: Context, catalog: Catalog, file: FoundFile, text: string): Promise<void> {
  if (file.kind === "licence") return catalog.addLicenceText(ctx, file.path, text);
  const content: unknown = JSON.parse(text);
  const found = file.kind === "manifest" ? readManifest(content, file.path) : undefined;
  if (found === undefined) return catalog.addDocument(ctx, file.path, content);
  return catalog.addPackage(ctx, found);
}
