import type { StoredEntry } from "../../core/entry.js";
import type { StoredKey } from "../../core/key.js";
import type { ReadResult } from "../backend.js";
import { errorCode } from "../files/file-errors.js";
import type { LocalEntry } from "../local/local-entry.js";
import { EntryDamage, type EntryPlace } from "./entry-damage.js";
import { decodeEntryFile, type EntryFile } from "./entry-file.js";
import type { EntryFiles } from "./entry-files.js";
import { withData } from "./filed-entry.js";
import type { FiledStore } from "./filed-store.js";
import { inLanes } from "./in-lanes.js";

/** Files read at a time. */
const LANES = 8;

/** What became of looking for an entry's value; `undefined`: another commit has replaced or removed the entry. */
export type Loaded = StoredEntry | EntryDamage | undefined;

/** Finds the values of entries of the index, in memory or in their files. */
export class EntryLoader {
  readonly #store: FiledStore;
  readonly #files: EntryFiles;

  constructor(store: FiledStore, files: EntryFiles) {
    this.#store = store;
    this.#files = files;
  }

  /** As the contract has it: one atomic snapshot. @throws EntryDamage of the first key whose file is damaged. */
  async read(namespace: string, keys: readonly StoredKey[]): Promise<ReadResult> {
    // What was found for an entry stays right, so that every try has less to read.
    const known = new Map<LocalEntry, StoredEntry>();
    for (;;) {
      const result = this.#store.read(namespace, keys);
      const loaded = await this.loadAll(namespace, result.entries as readonly LocalEntry[], known);
      const damage = loaded?.find((each) => each instanceof EntryDamage);
      if (damage !== undefined) throw damage;
      if (loaded !== undefined) return { ...result, entries: loaded as readonly StoredEntry[] };
    }
  }

  /** Undefined when one of them is no longer what the index holds. */
  async loadAll(
    namespace: string,
    entries: readonly (LocalEntry | undefined)[],
    known: Map<LocalEntry, StoredEntry>,
  ): Promise<readonly Loaded[] | undefined> {
    const missing: number[] = [];
    let isOvertaken = false;
    const loaded = entries.map((entry, i): Loaded => {
      const found = entry && (known.get(entry) ?? this.#inMemory(namespace, entry));
      if (entry !== undefined && found === undefined) missing.push(i);
      return found;
    });
    await inLanes(LANES, missing, async (i) => {
      const entry = entries[i] as LocalEntry;
      const found = await this.#fromFile(namespace, entry);
      isOvertaken ||= found === undefined;
      if (found !== undefined && !(found instanceof EntryDamage)) known.set(entry, found);
      loaded[i] = found;
    });
    return isOvertaken ? undefined : loaded;
  }

  #inMemory(namespace: string, entry: LocalEntry): StoredEntry | undefined {
    const unfiled = this.#store.unfiled.find(entry, namespace);
    return unfiled && withData(entry, unfiled.data);
  }

  async #fromFile(namespace: string, entry: LocalEntry): Promise<Loaded> {
    const place = { namespace, key: entry.key, file: this.#files.layout.fileOf(namespace, entry.key) };
    const found = await this.#readFile(place, entry);
    if (!(found instanceof EntryDamage)) return withData(entry, found.data);
    return this.#store.held(namespace, entry.key) === entry ? found : undefined;
  }

  async #readFile(place: EntryPlace, entry: LocalEntry): Promise<EntryFile | EntryDamage> {
    const { namespace, key } = place;
    try {
      return contentOf(await this.#files.read(namespace, key), place, entry);
    } catch (error) {
      const code = errorCode((error as Error).cause ?? error);
      if (!NOT_A_FILE.has(code ?? "")) throw error;
      return new EntryDamage("foreign", place, "something else than an entry's file stands there");
    }
  }
}

/** What the system says of a symbolic link, a folder, or a file in the place of a folder. */
const NOT_A_FILE = new Set(["ELOOP", "EISDIR", "ENOTDIR"]);

/** What a file tells of the entry that the index has at its place. */
function contentOf(
  bytes: Uint8Array | undefined,
  place: EntryPlace,
  entry: LocalEntry,
): EntryFile | EntryDamage {
  if (bytes === undefined) return new EntryDamage("truncated", place, "the file is missing");
  if (bytes.byteLength === 0) return new EntryDamage("truncated", place, "the file is empty");
  const content = decodeEntryFile(bytes);
  if ("flaw" in content) return new EntryDamage(content.kind, place, content.flaw);
  const { kind, entry: found } = content;
  if (found.namespace !== place.namespace || found.key !== place.key) {
    return new EntryDamage("foreign", place, "it is the file of another entry");
  }
  if (kind === "edited") return new EntryDamage("checksum", place, "it does not match its checksum");
  return isSame(found, entry) ? found : new EntryDamage("checksum", place, "it is of another version");
}

function isSame(found: EntryFile, entry: LocalEntry): boolean {
  const { version, type, expiresAt, incarnation } = found;
  return (
    version === entry.version &&
    type === entry.type &&
    expiresAt === entry.expiresAt &&
    incarnation === entry.incarnation
  );
}
