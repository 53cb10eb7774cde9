import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { FileSystem, OpenFile } from "../../core/file-system.js";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const FLAGS = { create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, update: O_WRONLY | O_NOFOLLOW };

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  async open(path, access) {
    return new NodeFile(await open(path, FLAGS[access], PRIVATE_FILE));
  },

  async readFile(path) {
    const handle = await open(path, O_RDONLY | O_NOFOLLOW);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  },

  size: async (path) => (await lstat(path)).size,
  rename,
  link,
  unlink,
  readdir: (folder) => readdir(folder),

  async syncDir(folder) {
    const handle = await open(folder, O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },

  async makeDir(folder) {
    const first = await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
    if (first === undefined) return;
    for (let made = resolve(folder); ; made = dirname(made)) {
      await nodeFileSystem.syncDir(dirname(made));
      if (made === resolve(first)) return;
    }
  },

  // The options are made for each call, because write-file-atomic writes into them.
  replaceFile: (path, bytes) =>
    writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      mode: PRIVATE_FILE,
    }),
};

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    return (await this.#handle.write(bytes, 0, bytes.byteLength, position)).bytesWritten;
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
