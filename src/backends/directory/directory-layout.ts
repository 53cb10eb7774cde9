import { join } from "node:path";
import type { StoredKey } from "../../core/key.js";
import { INDEX_FILE, OWN_FOLDER } from "../files/lock-path.js";
import { escapeName } from "./escaped-name.js";

/** The folder of the root namespace; `@` stands in no escaped name. */
const ROOT_NAMESPACE = "@root";
export const ENTRY_SUFFIX = ".json";
/** Longest path of a file that is made: the limit of Linux less its terminator. */
const MAX_PATH_BYTES = 4095;
/** What stands below the store's folder: two separators, and two names of at most 143 bytes. */
const INNER_BYTES = 2 * (1 + 143);

/** Where the files of a store are. */
export class DirectoryLayout {
  readonly root: string;
  /** Holds everything but entries; no namespace's folder begins with a dot. */
  readonly ownFolder: string;
  /** The index of all entries, beside which journals and lock stand. */
  readonly index: string;

  constructor(root: string) {
    this.root = root;
    this.ownFolder = join(root, OWN_FOLDER);
    this.index = join(this.ownFolder, INDEX_FILE);
  }

  /** Whether every file can have a path that the system takes. */
  get isTooDeep(): boolean {
    return Buffer.byteLength(this.root) + INNER_BYTES > MAX_PATH_BYTES;
  }

  folderOf(namespace: string): string {
    return join(this.root, folderName(namespace));
  }

  fileOf(namespace: string, key: StoredKey): string {
    return join(this.folderOf(namespace), fileName(key));
  }

  /** Where a file is written before it gets its name. */
  temporary(tag: string, number: number): string {
    return join(this.ownFolder, `entry-${tag}-${number}.new`);
  }

  isTemporary(name: string): boolean {
    return /^entry-[\w-]+\.new$/.test(name);
  }

  isOwnFolder(name: string): boolean {
    return name === OWN_FOLDER;
  }
}

export function folderName(namespace: string): string {
  return namespace === "" ? ROOT_NAMESPACE : escapeName(namespace);
}

export function fileName(key: StoredKey): string {
  return `${escapeName(key)}${ENTRY_SUFFIX}`;
}
