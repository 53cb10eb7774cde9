import { dirname } from "node:path";
import type { FileSystem, OpenFile } from "../core/file-system.js";
import { SimulatedInode } from "./simulated-inode.js";

/** What a call of the file system is about to do, as told to a {@link FaultPlan}. */
export interface FileOperation {
  /** Counts every call, from 0. */
  readonly index: number;
  readonly kind: keyof FileSystem | Exclude<keyof OpenFile, "close"> | "close";
  readonly path: string;
}

/**
 * `kill`: the process dies before the call does anything; `torn`: it dies when half of a write is done. `EIO`,
 * `ENOSPC`: the call fails with it, half of a write done, and what a failed sync should have made durable is lost for
 * good. `short`: a write does half and says so, except replaceFile, which says nothing.
 */
export type Fault = "kill" | "torn" | "EIO" | "ENOSPC" | "short";

/** Decides what goes wrong with a call; undefined: nothing. */
export type FaultPlan = (operation: FileOperation) => Fault | undefined;

/** Every call on a file system whose process was killed ends with this. */
export class ProcessKilled extends Error {
  override readonly name = "ProcessKilled";
}

type Names = Map<string, SimulatedInode>;
/** A change of names that has not been synced: of `folder`, giving names to files or taking them away. */
interface PendingNames {
  readonly folder: string;
  readonly changes: readonly (readonly [path: string, inode: SimulatedInode | undefined])[];
  /** A folder that got another name: whatever names in it are kept by then go along. */
  readonly moved?: { readonly from: string; readonly to: string };
}

/**
 * A file system in memory that keeps exactly what it was told to keep. After {@link powerCut}, each sector, size and
 * name that was not synced has either survived or vanished, by coin flip, each for itself; syncing a file does not
 * sync its name. Real ones are kinder. Built for tests of crash recovery.
 */
export class SimulatedFileSystem implements FileSystem {
  /** Bytes that may be stored; writes past it end with ENOSPC. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Asked before every call. */
  faults: FaultPlan = () => undefined;
  readonly #names: Names;
  readonly #durableNames: Names;
  #pending: PendingNames[] = [];
  #operations = 0;
  #killed = false;

  constructor(names: Names = new Map()) {
    this.#names = names;
    this.#durableNames = new Map(names);
  }

  /** Calls so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Whether the process has been ended, by {@link kill} or by a fault. */
  get isKilled(): boolean {
    return this.#killed;
  }

  /** Ends the process: from now on every call ends with {@link ProcessKilled}. What was written stays. */
  kill(): void {
    this.#killed = true;
  }

  /** What a killed process leaves to the next one: everything that was done, synced or not. */
  afterKill(): SimulatedFileSystem {
    const copies = new Map<SimulatedInode, SimulatedInode>();
    const copy = (inode: SimulatedInode) => copyOf(inode, copies, () => inode.afterKill());
    const next = new SimulatedFileSystem(mapValues(this.#durableNames, copy));
    for (const [path, inode] of this.#names) next.#names.set(path, copy(inode));
    for (const path of next.#names.keys()) if (!this.#names.has(path)) next.#names.delete(path);
    next.#pending = this.#pending.map(({ changes, ...rest }) => ({
      ...rest,
      changes: changes.map(([path, inode]) => [path, inode && copy(inode)]),
    }));
    return next;
  }

  /**
   * What a disk holds when the power fails now. This file system is left as it is, so many cuts can be tried.
   *
   * @param survives a coin flip: whether the next unsynced thing is kept.
   */
  powerCut(survives: () => boolean): SimulatedFileSystem {
    const names: Names = new Map(this.#durableNames);
    for (const pending of this.#pending) {
      if (survives()) applyNames(names, pending);
    }
    const copies = new Map<SimulatedInode, SimulatedInode>();
    const kept: Names = new Map();
    for (const [path, inode] of names)
      kept.set(
        path,
        copyOf(inode, copies, () => inode.afterPowerCut(survives)),
      );
    return new SimulatedFileSystem(kept);
  }

  /** Puts a file there, name and content durable; for arranging a test. */
  plant(path: string, content: Uint8Array): void {
    const inode = new SimulatedInode(content);
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** Every file and its content as a reader sees it. */
  contents(): Map<string, Uint8Array> {
    return new Map([...this.#names].map(([path, inode]) => [path, inode.content]));
  }

  async open(path: string, access: "create" | "update", writes?: "durable"): Promise<OpenFile> {
    this.#begin("open", path);
    const existing = this.#names.get(path);
    if (access === "create") {
      if (existing !== undefined) throw systemError("EEXIST", path);
      const inode = new SimulatedInode();
      this.#rename(dirname(path), [[path, inode]]);
      return this.#handle(path, inode, writes);
    }
    return this.#handle(path, this.#existing(path), writes);
  }

  async readFile(path: string): Promise<Uint8Array> {
    this.#begin("readFile", path);
    return new Uint8Array(this.#existing(path).content);
  }

  async size(path: string): Promise<number> {
    this.#begin("size", path);
    return this.#existing(path).content.length;
  }

  async rename(from: string, to: string): Promise<void> {
    this.#begin("rename", from);
    if (!this.#names.has(from) && this.#holdsNames(from)) return this.#moveFolder(from, to);
    const inode = this.#existing(from);
    this.#rename(dirname(to), [
      [from, undefined],
      [to, inode],
    ]);
  }

  async link(existing: string, path: string): Promise<void> {
    this.#begin("link", path);
    if (this.#names.has(path)) throw systemError("EEXIST", path);
    this.#rename(dirname(path), [[path, this.#existing(existing)]]);
  }

  async unlink(path: string): Promise<void> {
    this.#begin("unlink", path);
    this.#existing(path);
    this.#rename(dirname(path), [[path, undefined]]);
  }

  async readdir(folder: string): Promise<string[]> {
    this.#begin("readdir", folder);
    const paths = [...this.#names.keys()].filter((path) => dirname(path) === folder);
    return paths.map((path) => path.slice(folder.length + 1));
  }

  async kind(path: string): Promise<"file" | "folder" | undefined> {
    this.#begin("kind", path);
    if (this.#names.has(path)) return "file";
    return this.#holdsNames(path) ? "folder" : undefined;
  }

  async syncDir(folder: string): Promise<void> {
    this.#begin("syncDir", folder);
    const synced = this.#pending.filter((each) => each.folder === folder);
    this.#pending = this.#pending.filter((each) => each.folder !== folder);
    for (const { changes, ...rest } of synced) {
      const standing = changes.filter(([path, inode]) => inode === undefined || !this.#hasGone(path));
      applyNames(this.#durableNames, { ...rest, changes: standing });
    }
  }

  async makeDir(folder: string): Promise<void> {
    this.#begin("makeDir", folder);
  }

  async removeDir(folder: string): Promise<void> {
    this.#begin("removeDir", folder);
    if (this.#holdsNames(folder)) throw systemError("ENOTEMPTY", folder);
  }

  async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    const fault = this.#begin("replaceFile", path);
    const short = fault === "short" || fault === "ENOSPC" || fault === "torn";
    const inode = new SimulatedInode();
    const room = this.#room();
    inode.write(bytes.subarray(0, short ? bytes.length >> 1 : Math.min(bytes.length, room)), 0);
    if (fault === "torn") this.#die();
    inode.sync();
    this.#rename(dirname(path), [[path, inode]]);
  }

  #handle(path: string, inode: SimulatedInode, writes: "durable" | undefined): OpenFile {
    return {
      // A durable write counts as two calls, so that it can fail, and power be lost, between its halves.
      write: async (bytes, position) => {
        const count = this.#write(path, inode, bytes, position);
        if (writes === "durable") this.#sync("datasync", path, inode);
        return count;
      },
      truncate: async (size) => {
        this.#begin("truncate", path);
        inode.truncate(size);
      },
      sync: async () => this.#sync("sync", path, inode),
      datasync: async () => this.#sync("datasync", path, inode),
      close: async () => void this.#begin("close", path),
    };
  }

  #write(path: string, inode: SimulatedInode, bytes: Uint8Array, position: number): number {
    const fault = this.#beginWrite("write", path);
    const room = this.#room() + Math.max(0, inode.content.length - position);
    const count = fault === undefined ? Math.min(bytes.length, room) : bytes.length >> 1;
    inode.write(bytes.subarray(0, count), position);
    if (fault === "torn") this.#die();
    if (fault === "EIO" || fault === "ENOSPC") throw systemError(fault, path);
    if (count === 0 && bytes.length > 0) throw systemError("ENOSPC", path);
    return count;
  }

  #sync(kind: "sync" | "datasync", path: string, inode: SimulatedInode): void {
    const fault = this.#beginWrite(kind, path);
    if (fault === "torn") this.#die();
    if (fault === "EIO" || fault === "ENOSPC") {
      inode.loseUnsynced();
      throw systemError(fault, path);
    }
    inode.sync();
  }

  /** Counts a call and lets it fail as planned, when it is one that cannot be half done. */
  #begin(kind: FileOperation["kind"], path: string): Fault | undefined {
    const fault = this.#beginWrite(kind, path);
    if (fault === "EIO" || (fault === "ENOSPC" && kind !== "replaceFile")) throw systemError(fault, path);
    if (fault === "torn" && kind !== "replaceFile") this.#die();
    return fault;
  }

  #beginWrite(kind: FileOperation["kind"], path: string): Fault | undefined {
    if (this.#killed) throw new ProcessKilled();
    const index = this.#operations++;
    const fault = this.faults({ index, kind, path });
    if (fault === "kill") this.#die();
    return fault;
  }

  #die(): never {
    this.#killed = true;
    throw new ProcessKilled();
  }

  #existing(path: string): SimulatedInode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError("ENOENT", path);
    return inode;
  }

  #rename(folder: string, changes: PendingNames["changes"]): void {
    const pending = { folder, changes };
    applyNames(this.#names, pending);
    this.#pending.push(pending);
  }

  #moveFolder(from: string, to: string): void {
    if (this.#names.has(to) || this.#holdsNames(to)) throw systemError("ENOTEMPTY", to);
    const pending = { folder: dirname(to), changes: [], moved: { from, to } };
    applyNames(this.#names, pending);
    this.#pending.push(pending);
  }

  /** Whether nothing stands there, and no move away from there is still to be synced: a sync does not bring it back. */
  #hasGone(path: string): boolean {
    if (this.#names.has(path)) return false;
    return !this.#pending.some(({ changes }) => changes.some(([name, inode]) => name === path && !inode));
  }

  #holdsNames(folder: string): boolean {
    for (const path of this.#names.keys()) if (path.startsWith(`${folder}/`)) return true;
    return false;
  }

  #room(): number {
    if (this.capacityBytes === Number.POSITIVE_INFINITY) return this.capacityBytes;
    let used = 0;
    for (const inode of new Set(this.#names.values())) used += inode.content.length;
    return Math.max(0, this.capacityBytes - used);
  }
}

function applyNames(names: Names, { changes, moved }: PendingNames): void {
  for (const [path, inode] of changes) {
    if (inode === undefined) names.delete(path);
    else names.set(path, inode);
  }
  if (moved === undefined) return;
  for (const [path, inode] of [...names]) {
    if (!path.startsWith(`${moved.from}/`)) continue;
    names.delete(path);
    names.set(moved.to + path.slice(moved.from.length), inode);
  }
}

function mapValues(names: Names, change: (inode: SimulatedInode) => SimulatedInode): Names {
  return new Map([...names].map(([path, inode]) => [path, change(inode)]));
}

function copyOf(
  inode: SimulatedInode,
  copies: Map<SimulatedInode, SimulatedInode>,
  make: () => SimulatedInode,
): SimulatedInode {
  const copy = copies.get(inode) ?? make();
  copies.set(inode, copy);
  return copy;
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code });
}
