import { access, chmod, constants, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { StorageFault } from "../../core/errors.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { lmdbFileFault } from "./lmdb-errors.js";

/** Folders of the generations of a store: `compact` writes the next one. */
const GENERATION = /^data-(\d{1,9})$/;
const FIRST = 1;
const PRIVATE_FILE = 0o600;
const DATA_FILE = "data.mdb";

/** The folder of a store: one folder for each generation of its data, of which one counts. */
export class DataFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  generationPath(generation: number): string {
    return join(this.path, `data-${generation}`);
  }

  dataFile(generation: number): string {
    return join(this.generationPath(generation), DATA_FILE);
  }

  /** The table of readers, which LMDB makes. */
  lockFile(generation: number): string {
    return join(this.generationPath(generation), "lock.mdb");
  }

  dataFileIn(path: string): string {
    return join(path, DATA_FILE);
  }

  /** An empty folder for the copy that will become a generation. */
  async prepareCopy(generation: number): Promise<string> {
    const path = `${this.generationPath(generation)}.copy`;
    await rm(path, { recursive: true, force: true });
    await nodeFileSystem.makeDir(path);
    return path;
  }

  /** Makes a finished copy the next generation, durably. It counts once the store says that it has moved there. */
  async placeCopy(prepared: string, generation: number): Promise<void> {
    try {
      const copy = await open(this.dataFileIn(prepared), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        await copy.sync();
      } finally {
        await copy.close();
      }
      await chmod(this.dataFileIn(prepared), PRIVATE_FILE);
      await nodeFileSystem.syncDir(prepared);
      await rename(prepared, this.generationPath(generation));
      await nodeFileSystem.syncDir(this.path);
    } catch (error) {
      throw lmdbFileFault(error, `compacting ${this.path}`);
    }
  }

  /** Makes the folder where it is missing. @throws StorageFault `foreign` when something else lives there. */
  async prepare(): Promise<void> {
    try {
      await nodeFileSystem.makeDir(this.path);
      if (!(await stat(this.path)).isDirectory()) throw notAFolder(this.path);
      await access(this.path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw lmdbFileFault(error, `opening ${this.path}`);
    }
    const names = await this.#names();
    const isOurs = names.some((name) => GENERATION.test(name));
    if (isOurs || names.every((name) => name.startsWith(".") || name === "lost+found")) return;
    throw new StorageFault(
      "foreign",
      `${this.path} holds other things than a store; give a folder of its own; nothing was changed`,
    );
  }

  /** The generations there are, the lowest first. */
  async generations(): Promise<readonly number[]> {
    const found = (await this.#names()).flatMap((name) => GENERATION.exec(name)?.[1] ?? []);
    return found.map(Number).sort((a, b) => a - b);
  }

  /** The generation at which opening begins: the lowest, which says whether the store has moved on. */
  async oldest(): Promise<number> {
    return (await this.generations())[0] ?? FIRST;
  }

  async remove(generation: number): Promise<void> {
    await rm(this.generationPath(generation), { recursive: true, force: true });
    await nodeFileSystem.syncDir(this.path);
  }

  /** Removes the generations that were left for this one. */
  async removeBelow(generation: number): Promise<void> {
    for (const older of await this.generations()) if (older < generation) await this.remove(older);
  }

  async files(): Promise<readonly { readonly path: string; readonly bytes: number }[]> {
    const files: { path: string; bytes: number }[] = [];
    for (const generation of await this.generations()) {
      const folder = this.generationPath(generation);
      for (const name of await readdir(folder).catch(() => [])) {
        const path = join(folder, name);
        const size = await stat(path).then(
          (found) => found.size,
          () => undefined,
        );
        if (size !== undefined) files.push({ path, bytes: size });
      }
    }
    return files;
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.path);
    } catch (error) {
      throw lmdbFileFault(error, `reading ${this.path}`);
    }
  }
}

function notAFolder(path: string): StorageFault {
  return new StorageFault(
    "io",
    `opening ${path} failed; it is a file and no folder; give the path of a folder, which is made when it is missing`,
  );
}
