import {
  close,
  constants,
  fdatasync,
  fsync,
  ftruncate,
  open as openFile,
  read,
  readFile,
  write,
} from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { FileSystem, OpenFile } from "../../core/file-system.js";
import { errorCode } from "./file-errors.js";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const { O_CREAT, O_DSYNC, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const FLAGS = { create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, update: O_WRONLY | O_NOFOLLOW };
const SMALL_BYTES = 2048;
/** Elsewhere the flag is missing, or stops at the cache of the disk, which a sync does not. */
const WRITES_CAN_SYNC = process.platform === "linux";

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  async open(path, access, writes) {
    const isDurable = writes === "durable";
    const flags = FLAGS[access] | (isDurable && WRITES_CAN_SYNC ? O_DSYNC : 0);
    const descriptor = await openDescriptor(path, flags);
    return isDurable && !WRITES_CAN_SYNC ? new SyncingFile(descriptor) : new NodeFile(descriptor);
  },

  async readFile(path) {
    const descriptor = await openDescriptor(path, O_RDONLY | O_NOFOLLOW);
    try {
      return (await readSmall(descriptor)) ?? (await readLarge(descriptor));
    } finally {
      await called((callback) => close(descriptor, callback));
    }
  },

  size: async (path) => (await lstat(path)).size,
  rename,
  link,
  unlink,
  readdir: (folder) => readdir(folder),

  async kind(path) {
    try {
      const found = await lstat(path);
      if (found.isDirectory()) return "folder";
      return found.isFile() ? "file" : "other";
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  },

  async syncDir(folder) {
    const handle = await open(folder, O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },

  // One by one: Node's own recursive mkdir tries for ever where a folder can be listed but not written, as in /proc.
  async makeDir(folder) {
    const missing: string[] = [];
    for (let at = resolve(folder); !(await isThere(at)); at = dirname(at)) missing.push(at);
    for (const path of missing.reverse()) {
      await mkdir(path, PRIVATE_FOLDER).catch(unlessThere);
      await nodeFileSystem.syncDir(dirname(path));
    }
  },

  removeDir: rmdir,

  // The options are made for each call, because write-file-atomic writes into them.
  replaceFile: (path, bytes) =>
    writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      mode: PRIVATE_FILE,
    }),
};

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Somebody else may have made the folder meanwhile. */
function unlessThere(error: unknown): void {
  if (errorCode(error) !== "EEXIST") throw error;
}

function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((done, fail) => {
    openFile(path, flags, PRIVATE_FILE, (error, descriptor) =>
      error === null ? done(descriptor) : fail(error),
    );
  });
}

/** A file whose end the first read meets; undefined for a larger one. Saves asking for its size. */
function readSmall(descriptor: number): Promise<Uint8Array | undefined> {
  const buffer = Buffer.allocUnsafe(SMALL_BYTES);
  return new Promise((done, fail) => {
    read(descriptor, buffer, 0, SMALL_BYTES, 0, (error, count) => {
      if (error === null) done(count < SMALL_BYTES ? buffer.subarray(0, count) : undefined);
      else fail(error);
    });
  });
}

function readLarge(descriptor: number): Promise<Uint8Array> {
  return new Promise((done, fail) => {
    readFile(descriptor, (error, bytes) => (error === null ? done(bytes) : fail(error)));
  });
}

function called(operation: (callback: Callback) => void): Promise<void> {
  return new Promise((done, fail) => {
    operation((error) => (error === null || error === undefined ? done() : fail(error)));
  });
}

type Callback = (error: NodeJS.ErrnoException | null) => void;

/** By callbacks: they take two thirds of the time of a FileHandle's promises, which a commit waits for. */
class NodeFile implements OpenFile {
  /** -1 once closed: the number may be another file's by then. */
  #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((done, fail) => {
      write(this.#descriptor, bytes, 0, bytes.byteLength, position, (error, written) =>
        error === null ? done(written) : fail(error),
      );
    });
  }

  truncate(size: number): Promise<void> {
    return called((callback) => ftruncate(this.#descriptor, size, callback));
  }

  sync(): Promise<void> {
    return called((callback) => fsync(this.#descriptor, callback));
  }

  datasync(): Promise<void> {
    return called((callback) => fdatasync(this.#descriptor, callback));
  }

  close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    return called((callback) => close(descriptor, callback));
  }
}

/** A file whose writes are durable where the system has no flag for it. */
class SyncingFile extends NodeFile {
  override async write(bytes: Uint8Array, position: number): Promise<number> {
    const written = await super.write(bytes, position);
    await this.datasync();
    return written;
  }
}
