import { basename, dirname } from "node:path";
import { lockPath } from "../files/lock-path.js";

/** The names of a store's files. All stand beside the path that the user gave, which is the snapshot itself. */
export class StoreLayout {
  readonly snapshot: string;
  readonly folder: string;
  readonly lock: string;
  readonly #name: string;

  constructor(path: string) {
    this.snapshot = path;
    this.folder = dirname(path);
    this.lock = lockPath("file", path);
    this.#name = basename(path);
  }

  journal(epoch: number): string {
    return `${this.snapshot}.journal-${epoch}`;
  }

  /** One of the files before the last that a large snapshot is split into, from 1. */
  part(epoch: number, number: number): string {
    return `${this.snapshot}.part-${epoch}-${number}`;
  }

  backup(epoch: number): string {
    return `${this.snapshot}.backup-${epoch}`;
  }

  /** Where the next snapshot is written. The tag makes the name one that nobody can have prepared. */
  next(epoch: number, tag: string): string {
    return `${this.snapshot}.next-${epoch}-${tag}`;
  }

  /** What a name in the folder is of this store. */
  classify(name: string): StoreFile | undefined {
    if (!name.startsWith(`${this.#name}.`)) return undefined;
    // As the user wrote it, like every other path in a message.
    const path = this.snapshot.slice(0, this.snapshot.lastIndexOf(this.#name)) + name;
    const rest = name.slice(this.#name.length + 1);
    const numbered = /^(journal|backup|part)-(\d{1,15})(?:-\d+)?$/.exec(rest);
    if (numbered !== null) return { kind: numbered[1] as "journal", epoch: Number(numbered[2]), path };
    // write-file-atomic leaves its temporary file, named after ours with a number, when its process dies.
    return /^(next|part)-\d{1,15}-[\w-]+(\.\d+)?$/.test(rest)
      ? { kind: "leftover", epoch: 0, path }
      : undefined;
  }
}

export interface StoreFile {
  readonly kind: "journal" | "backup" | "part" | "leftover";
  readonly epoch: number;
  readonly path: string;
}
