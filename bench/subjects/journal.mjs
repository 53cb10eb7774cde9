import { close, fdatasync, open as openFile, write } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Callbacks cost less than the FileHandle of node:fs/promises. */
const files = {
  open: promisify(openFile),
  write: promisify(write),
  datasync: promisify(fdatasync),
  close: promisify(close),
};

const SEGMENT_BYTES = 256 * 2 ** 20;

/** The physical limit: one write and one fdatasync for all lines that gathered during the one before; no index. */
class RawJournal {
  #file;
  #offset = 0;
  #waiting = [];
  #busy = false;

  constructor(file) {
    this.#file = file;
  }

  append(line) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      if (!this.#busy) void this.#pump();
    });
  }

  close() {
    return files.close(this.#file);
  }

  async #pump() {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
    }
    this.#busy = false;
  }

  async #commit(group) {
    try {
      const bytes = Buffer.from(group.map(({ line }) => line).join(""));
      await files.write(this.#file, bytes, 0, bytes.length, this.#offset % SEGMENT_BYTES);
      await files.datasync(this.#file);
      this.#offset += bytes.length;
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

async function preallocate(file) {
  const zeros = Buffer.alloc(2 ** 20);
  for (let offset = 0; offset < SEGMENT_BYTES; offset += zeros.length)
    await files.write(file, zeros, 0, zeros.length, offset);
  await files.datasync(file);
}

const open =
  ({ zeroFilled }) =>
  async ({ folder }) => {
    const file = await files.open(join(folder, "journal"), "w");
    if (zeroFilled) await preallocate(file);
    const journal = new RawJournal(file);
    return {
      set: (key, value) => journal.append(`${JSON.stringify([key, value])}\n`),
      close: () => journal.close(),
    };
  };

export const subjects = {
  "raw journal": { durability: "power", copies: "–", open: open({ zeroFilled: false }) },
  "raw journal, zero-filled": { durability: "power", copies: "–", open: open({ zeroFilled: true }) },
};
