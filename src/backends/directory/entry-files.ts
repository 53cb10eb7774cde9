import type { FileSystem } from "../../core/file-system.js";
import type { StoredKey } from "../../core/key.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { writeFully } from "../files/write-fully.js";
import type { DirectoryLayout } from "./directory-layout.js";

/** The files of entries: each is written under another name, made durable, and renamed. No symbolic link is followed. */
export class EntryFiles {
  readonly layout: DirectoryLayout;
  readonly #fs: FileSystem;
  readonly #tag: string;
  readonly #folders = new Set<string>();
  #written = 0;

  /** @param tag makes the names of what is being written ones that nobody can have prepared. */
  constructor(fs: FileSystem, layout: DirectoryLayout, tag: string) {
    this.layout = layout;
    this.#fs = fs;
    this.#tag = tag;
  }

  /**
   * The bytes of an entry's file; undefined when there is none.
   *
   * @throws StorageFault, with `code` of the system's error in its cause.
   */
  async read(namespace: string, key: StoredKey): Promise<Uint8Array | undefined> {
    const path = this.layout.fileOf(namespace, key);
    try {
      if (!(await this.#hasFolder(namespace))) return undefined;
      return await this.#fs.readFile(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw fileFault(error, `reading ${path}`);
    }
  }

  /** Gives an entry's file new content. Durable only after {@link syncFolder}. */
  async write(namespace: string, key: StoredKey, bytes: Uint8Array): Promise<void> {
    const path = this.layout.fileOf(namespace, key);
    const temporary = this.layout.temporary(this.#tag, this.#written++);
    try {
      await this.#writeNew(temporary, bytes);
      await this.#provideFolder(namespace);
      await this.#fs.rename(temporary, path);
    } catch (error) {
      this.#folders.delete(namespace);
      await this.#fs.unlink(temporary).catch(() => undefined);
      throw fileFault(error, `writing ${path}`);
    }
  }

  /** Removes an entry's file; nothing when there is none. Durable only after {@link syncFolder}. */
  async remove(namespace: string, key: StoredKey): Promise<void> {
    const path = this.layout.fileOf(namespace, key);
    try {
      if (await this.#hasFolder(namespace)) await removeIfPresent(this.#fs, path);
    } catch (error) {
      throw fileFault(error, `removing ${path}`);
    }
  }

  async syncFolder(namespace: string): Promise<void> {
    const folder = this.layout.folderOf(namespace);
    try {
      if (await this.#hasFolder(namespace)) await this.#fs.syncDir(folder);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw fileFault(error, `syncing ${folder}`);
    }
  }

  /** Removes a namespace's folder when nothing is in it. */
  async removeFolder(namespace: string): Promise<void> {
    this.#folders.delete(namespace);
    await this.#fs.removeDir(this.layout.folderOf(namespace)).catch(() => undefined);
  }

  /** Removes what a process that died was writing. */
  async removeTemporary(): Promise<void> {
    const { ownFolder } = this.layout;
    for (const name of await this.#fs.readdir(ownFolder)) {
      if (this.layout.isTemporary(name)) await removeIfPresent(this.#fs, `${ownFolder}/${name}`);
    }
  }

  async #writeNew(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#fs.open(path, "create", "durable");
    try {
      await writeFully(file, bytes, 0);
    } finally {
      await file.close();
    }
  }

  /** Looked at once, so that what stands there later is followed only while the store is open. */
  async #hasFolder(namespace: string): Promise<boolean> {
    if (this.#folders.has(namespace)) return true;
    const folder = this.layout.folderOf(namespace);
    const kind = await this.#fs.kind(folder);
    if (kind === undefined) return false;
    if (kind !== "folder") throw Object.assign(new Error(`${folder} is no folder`), { code: "ENOTDIR" });
    this.#folders.add(namespace);
    return true;
  }

  async #provideFolder(namespace: string): Promise<void> {
    if (await this.#hasFolder(namespace)) return;
    await this.#fs.makeDir(this.layout.folderOf(namespace));
    this.#folders.add(namespace);
  }
}
