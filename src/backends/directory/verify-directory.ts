import { join } from "node:path";
import type { FileSystem } from "../../core/file-system.js";
import type { HandEdit, VerifyProblem, VerifyReport } from "../backend.js";
import { StoreLayout } from "../file/store-layout.js";
import { verifyStore } from "../file/verify-store.js";
import type { Breather } from "../files/breather.js";
import type { LocalEntry } from "../local/local-entry.js";
import { listed } from "./directory-files.js";
import { fileName, folderName, type DirectoryLayout } from "./directory-layout.js";
import { EntryDamage } from "./entry-damage.js";
import { decodeEntryFile, type EntryFile } from "./entry-file.js";
import type { EntryFiles } from "./entry-files.js";
import type { EntryLoader } from "./entry-loader.js";
import type { FiledStore } from "./filed-store.js";
import { inLanes } from "./in-lanes.js";

/** Files read at a time. */
const LANES = 4;

/** What is verified. */
export interface VerifiedDirectory {
  readonly fs: FileSystem;
  readonly layout: DirectoryLayout;
  readonly store: FiledStore;
  readonly files: EntryFiles;
  readonly loader: EntryLoader;
  readonly breather: Breather;
}

/** Compares index and journals with their checksums, and every file with the index. Writes nothing. */
export async function verifyDirectory(verified: VerifiedDirectory): Promise<VerifyReport> {
  const { fs, layout, store, breather } = verified;
  const own = await verifyStore(fs, new StoreLayout(layout.index), breather);
  const problems = [...own.problems];
  const edits = new Map<VerifyProblem, HandEdit>();
  let entries = 0;
  for (const namespace of store.namespaces()) {
    const held = store.entries(namespace);
    entries += held.length;
    await inLanes(LANES, held, async (entry) => {
      const problem = await problemOf(verified, namespace, entry.key);
      if (problem === undefined) return;
      problems.push(problem);
      const edit = await editOf(verified, namespace, entry.key);
      if (edit !== undefined) edits.set(problem, edit);
    });
  }
  problems.push(...(await foreignNames(verified)));
  return { entries, problems, edits };
}

/** What is wrong with the file of a key; undefined when nothing is, or the key is gone meanwhile. */
async function problemOf(
  { store, loader }: VerifiedDirectory,
  namespace: string,
  key: string,
): Promise<VerifyProblem | undefined> {
  for (let entry = store.held(namespace, key); entry !== undefined; entry = store.held(namespace, key)) {
    const [found] = (await loader.loadAll(namespace, [entry], new Map())) ?? [];
    if (found === undefined) continue;
    if (!(found instanceof EntryDamage)) return undefined;
    const { corruption: reason, message, file } = found;
    return { reason, message, namespace, key, file };
  }
  return undefined;
}

/** The edit of a key with a problem; undefined when its file cannot be read as an entry of that key. */
async function editOf(
  { store, files }: VerifiedDirectory,
  namespace: string,
  key: string,
): Promise<HandEdit | undefined> {
  const entry = store.held(namespace, key);
  if (entry === undefined) return undefined;
  const bytes = await files.read(namespace, key).catch(() => null);
  if (bytes === null) return undefined;
  if (bytes === undefined) return editTo(namespace, entry, undefined);
  const content = decodeEntryFile(bytes);
  if ("flaw" in content || content.entry.namespace !== namespace || content.entry.key !== key)
    return undefined;
  return editTo(namespace, entry, content.entry);
}

/** Type and incarnation stay: what stands under them is not in the file. @param now what the file tells, if it is there */
function editTo(namespace: string, entry: LocalEntry, now: EntryFile | undefined): HandEdit {
  const { key, version, type, incarnation } = entry;
  const checks = [{ key, version }];
  if (now === undefined) return { namespace, checks, write: { kind: "delete", key } };
  const { codec, data, expiresAt } = now;
  const expiry = expiresAt === undefined ? undefined : { at: expiresAt };
  const write = { kind: "put", key, type, codec, data, expiry } as const;
  return { namespace, checks, write: incarnation === undefined ? write : { ...write, incarnation } };
}

/** Everything in the store's folder that is not of the store. */
async function foreignNames(verified: VerifiedDirectory): Promise<readonly VerifyProblem[]> {
  const { fs, layout, store } = verified;
  const problems: VerifyProblem[] = [];
  const names = await listed(fs, layout.root);
  const known = [...store.namespaces(), ...[...store.unfiled.removals()].map(({ namespace }) => namespace)];
  const namespaces = new Map(known.map((namespace) => [folderName(namespace), namespace]));
  for (const name of names) {
    if (layout.isOwnFolder(name)) continue;
    const namespace = namespaces.get(name);
    const path = join(layout.root, name);
    if (namespace === undefined || (await fs.kind(path)) !== "folder")
      problems.push(...(await foreign(fs, path)));
    else problems.push(...(await foreignIn(verified, namespace)));
  }
  return problems;
}

async function foreignIn(
  { fs, layout, store, breather }: VerifiedDirectory,
  namespace: string,
): Promise<readonly VerifyProblem[]> {
  const folder = layout.folderOf(namespace);
  const names = await listed(fs, folder);
  const known = new Set<string>();
  for (const { key } of store.entries(namespace)) {
    known.add(fileName(key));
    if (breather.isDue) await breather.breathe();
  }
  for (const removed of store.unfiled.removals()) {
    if (removed.namespace === namespace) for (const key of removed.keys) known.add(fileName(key));
  }
  const problems: VerifyProblem[] = [];
  for (const name of names) if (!known.has(name)) problems.push(...(await foreign(fs, join(folder, name))));
  return problems;
}

/** A problem when something still stands there: the file of a key may have been removed meanwhile. */
async function foreign(fs: FileSystem, file: string): Promise<readonly VerifyProblem[]> {
  if ((await fs.kind(file)) === undefined) return [];
  return [{ reason: "foreign", message: `${file} is not of this store, which ignores it`, file }];
}
