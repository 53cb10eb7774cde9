import { randomBytes } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { errorCode, fileFault } from "../../backends/files/file-errors.js";
import { writeFully } from "../../backends/files/write-fully.js";
import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";

/** Stands in the name of a folder until the backup in it is whole. */
const PARTIAL = ".partial-";
const TAKEN: ReadonlySet<string> = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR"]);

/** The folder of a backup that is being made. It gets its name when everything in it is durable. */
export class BackupFolder {
  readonly #fs: FileSystem;
  readonly #target: string;
  readonly #partial: string;
  readonly #files = new Set<string>();

  private constructor(fs: FileSystem, target: string) {
    this.#fs = fs;
    this.#target = target;
    this.#partial = `${target}${PARTIAL}${randomBytes(6).toString("hex")}`;
  }

  /** @throws StorageFault `not-empty` when the target is there already, and what the system reports. */
  static async begin(fs: FileSystem, path: string): Promise<BackupFolder> {
    const folder = new BackupFolder(fs, resolve(path));
    await folder.#requireFree();
    await guarded(`making ${folder.#partial}`, () => fs.makeDir(folder.#partial));
    return folder;
  }

  /** Where the backup is once it is whole. */
  get path(): string {
    return this.#target;
  }

  /** A new file, durable when this resolves. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#partial, name);
    await guarded(`writing ${path}`, async () => {
      const file = await this.#fs.open(path, "create");
      this.#files.add(name);
      try {
        await writeFully(file, bytes, 0);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  async remove(name: string): Promise<void> {
    const path = join(this.#partial, name);
    await guarded(`removing ${path}`, () => this.#fs.unlink(path));
    this.#files.delete(name);
  }

  /** Gives the folder its name. A folder that has it is a whole backup, whatever happens. */
  async finish(): Promise<void> {
    await this.#requireFree();
    await guarded(`finishing ${this.#target}`, async () => {
      await this.#fs.syncDir(this.#partial);
      await this.#fs.rename(this.#partial, this.#target).catch((error: unknown) => {
        // Somebody else has finished one of that name since it was looked for.
        throw TAKEN.has(errorCode(error) ?? "") ? taken(this.#target) : error;
      });
      await this.#fs.syncDir(dirname(this.#target));
    });
  }

  /** Removes what was written, as far as the system lets it; what is left is no backup. */
  async abandon(): Promise<void> {
    for (const name of this.#files) await this.#fs.unlink(join(this.#partial, name)).catch(() => undefined);
    await this.#fs.removeDir(this.#partial).catch(() => undefined);
  }

  async #requireFree(): Promise<void> {
    const found = await guarded(`looking at ${this.#target}`, () => this.#fs.kind(this.#target));
    if (found === undefined) return;
    throw taken(this.#target);
  }
}

function taken(path: string): StorageFault {
  const message = `${path} is there already; give the path of a folder that does not exist yet`;
  return new StorageFault("not-empty", message);
}

/** Whether a name is that of a backup which is being made, or was left unfinished. */
export function isPartial(name: string): boolean {
  return name.includes(PARTIAL);
}

/** What to try where the backup cannot be written. */
export const FORBIDDEN = "make the folder that the backup goes to writable for this user, or give another";

async function guarded<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fileFault(error, doing, { forbidden: FORBIDDEN });
  }
}
