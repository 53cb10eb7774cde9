import { constants, open, type FileHandle } from "node:fs/promises";
import { StorageFault } from "../../core/errors.js";
import type { Breather } from "../files/breather.js";

// The layout of LMDB's file, as the library that lmdb-js builds on writes it (mdb.c: MDB_page, MDB_meta, MDB_db,
// MDB_node, MDB_ovpage), on machines that put the low byte first.
const MAGIC = 0xbeefc0de;
const META = { magic: 24, pageSize: 48, roots: [88, 136], lastPage: 144, transaction: 152, bytes: 160 };
const PAGE = { number: 0, flags: 18, lower: 20, nodes: 24 };
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const NODE = { size: 0, flags: 4, keySize: 6, data: 8 };
const BIG_DATA = 0x01;
const SUB_TREE = 0x02;
const TREE_ROOT = 40;
const OVERFLOW_COUNT = 16;
/** In place of the root of a tree that is empty. */
const NO_PAGE = 2n ** 64n - 1n;

/** A page that is in use, and what must stand at its beginning. */
interface UsedPage {
  readonly number: number;
  readonly isOverflow: boolean;
  /** More than one for a value that takes several. */
  readonly count: number;
}

/** The data file of a generation, read without LMDB, which trusts what it reads and ends the process where it errs. */
export class DataPages {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #metas: readonly [Buffer, Buffer];
  readonly #bytes: number;

  private constructor(handle: FileHandle, path: string, metas: readonly [Buffer, Buffer], bytes: number) {
    this.#handle = handle;
    this.#path = path;
    this.#metas = metas;
    this.#bytes = bytes;
  }

  /**
   * Runs `look` on the file as it is now; undefined when it is empty, so not begun yet.
   *
   * @throws StorageFault `foreign` when it is no LMDB file, `truncated` when it ends inside its first pages; the
   *   system's own errors as they are.
   */
  static async look<T>(path: string, look: (pages: DataPages) => Promise<T>): Promise<T | undefined> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const metas = await readMetas(handle, path);
      if (metas === undefined) return undefined;
      // Looked at after what needs it was read: another process may be making the file grow.
      const { size } = await handle.stat();
      return await look(new DataPages(handle, path, metas, size));
    } finally {
      await handle.close();
    }
  }

  /** Whether the file is shorter than it says. Free pages at its end may never have been written. */
  get isShort(): boolean {
    const last = Math.max(...this.#metas.map((meta) => Number(meta.readBigUInt64LE(META.lastPage))));
    return this.#bytes < (last + 1) * this.#pageSize;
  }

  /** Whether a commit has happened since the file was looked at: then pages may have been used anew. */
  async hasChanged(): Promise<boolean> {
    const now = await readMetas(this.#handle, this.#path);
    return now === undefined || now.some((meta, page) => this.#metas[page]?.equals(meta) !== true);
  }

  /**
   * Walks every page that is in use, the list of the free ones included.
   *
   * @returns what is wrong with the first page that is missing or is not what it should be; undefined when all are.
   */
  async damage(breather: Breather): Promise<string | undefined> {
    const newest = this.#newest;
    const left = META.roots.flatMap((root) => treeRoot(newest.readBigUInt64LE(root)));
    const most = this.#bytes / this.#pageSize;
    for (let seen = 0; ; seen++) {
      const page = left.pop();
      if (page === undefined) return undefined;
      if (page.number + page.count > most) return `page ${page.number + page.count - 1} is missing`;
      if (seen > most) return "its pages point at one another in a circle";
      const used = await this.#follow(page);
      if (used === undefined) return `page ${page.number} is damaged`;
      for (const each of used) left.push(each);
      if (breather.isDue) await breather.breathe();
    }
  }

  get #pageSize(): number {
    return this.#metas[0].readUInt32LE(META.pageSize);
  }

  get #newest(): Buffer {
    const [first, second] = this.#metas;
    return first.readBigUInt64LE(META.transaction) > second.readBigUInt64LE(META.transaction)
      ? first
      : second;
  }

  /** The pages that a page points at; undefined when it is not what it should be. */
  async #follow({ number, isOverflow }: UsedPage): Promise<readonly UsedPage[] | undefined> {
    const page = Buffer.alloc(this.#pageSize);
    await this.#handle.read(page, 0, page.byteLength, number * page.byteLength);
    if (page.readBigUInt64LE(PAGE.number) !== BigInt(number)) return undefined;
    const flags = page.readUInt16LE(PAGE.flags);
    if (isOverflow) return (flags & OVERFLOW) === 0 ? undefined : [];
    try {
      if ((flags & BRANCH) !== 0) return nodesOf(page).map((node) => treePage(page.readUIntLE(node, 6)));
      return (flags & LEAF) === 0 ? undefined : nodesOf(page).flatMap((node) => pagesOfNode(page, node));
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}

/** The pages that a node of a leaf points at: those of a big value, or the tree of a table. */
function pagesOfNode(page: Buffer, node: number): readonly UsedPage[] {
  const flags = page.readUInt16LE(node + NODE.flags);
  const data = node + NODE.data + page.readUInt16LE(node + NODE.keySize);
  if ((flags & SUB_TREE) !== 0) return treeRoot(page.readBigUInt64LE(data + TREE_ROOT));
  if ((flags & BIG_DATA) === 0) return [];
  const count = Number(page.readBigUInt64LE(data + OVERFLOW_COUNT));
  return [{ number: Number(page.readBigUInt64LE(data)), isOverflow: true, count }];
}

/** Where the nodes of a page begin. */
function nodesOf(page: Buffer): readonly number[] {
  const count = page.readUInt16LE(PAGE.lower) >> 1;
  return Array.from({ length: count }, (_, index) => PAGE.nodes + page.readUInt16LE(PAGE.nodes + 2 * index));
}

function treeRoot(root: bigint): UsedPage[] {
  return root === NO_PAGE ? [] : [treePage(Number(root))];
}

function treePage(number: number): UsedPage {
  return { number, isOverflow: false, count: 1 };
}

/** The two pages that begin the file, of which the newer counts. */
async function readMetas(handle: FileHandle, path: string): Promise<readonly [Buffer, Buffer] | undefined> {
  const { size } = await handle.stat();
  if (size === 0) return undefined;
  const first = await metaAt(handle, 0);
  if (first === undefined) throw cutShort(path, size);
  if (first.readUInt32LE(META.magic) !== MAGIC) {
    throw new StorageFault("foreign", `${path} is no LMDB file; give another path; nothing was changed`);
  }
  const second = await metaAt(handle, first.readUInt32LE(META.pageSize));
  if (second === undefined) throw cutShort(path, size);
  return [first, second];
}

async function metaAt(handle: FileHandle, offset: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(META.bytes);
  const { bytesRead } = await handle.read(bytes, 0, META.bytes, offset);
  return bytesRead === META.bytes ? bytes : undefined;
}

function cutShort(path: string, size: number): StorageFault {
  return new StorageFault("truncated", `${path} ends after ${size} bytes; restore the store from a copy`);
}
