import { join } from "node:path";
import { fileFault } from "../../backends/files/file-errors.js";
import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import type { KeyRing } from "../../sealing/key-ring.js";
import { BackupChain, type BackupSource } from "./backup-chain.js";
import { FORBIDDEN, isPartial } from "./backup-folder.js";
import { MANIFEST_FILE, type BackupManifest } from "./backup-manifest.js";

/** What the names of a schedule's backups begin with. */
export const SCHEDULED = "scheduled-";
const NAME = /^scheduled-\d{8}T\d{9}Z-[0-9a-f]{6}/;
const SEGMENT_NAME = /^\d{5,}\.ndjson(\.gz)?(\.aes)?$/;

interface ScheduledBackup extends Pick<BackupManifest, "createdAt" | "base"> {
  readonly name: string;
}

type Warn = (message: string) => void;

/** The folder in which a schedule keeps its backups. Nothing else in it is ever touched. */
export class ScheduledFolder {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #keys: () => KeyRing;
  readonly #warn: Warn;

  /** @param keys those of the store. */
  constructor(fs: FileSystem, path: string, keys: () => KeyRing, warn: Warn) {
    this.#fs = fs;
    this.#path = path;
    this.#keys = keys;
    this.#warn = warn;
  }

  /** Removes what a killed process left of a backup that it was making or removing. */
  async removeRemains(): Promise<void> {
    for (const name of await this.#names()) {
      const files = await this.#list(name);
      if (isPartial(name) || !files.includes(MANIFEST_FILE)) await this.#remove(name);
    }
  }

  /** The backups of the schedule that can be read, the newest first. */
  async read(): Promise<FoundBackups> {
    const backups: ScheduledBackup[] = [];
    const unread: string[] = [];
    for (const name of await this.#names()) {
      if (isPartial(name)) continue;
      const manifest = await this.#manifest(name);
      if (manifest === undefined) unread.push(name);
      if (manifest?.origin !== "schedule") continue;
      const { createdAt, base } = manifest;
      backups.push({ name, createdAt, ...(base !== undefined && { base }) });
    }
    backups.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    return new FoundBackups(this.#source, this.#path, backups, unread);
  }

  /** Removes all but the newest `keep` and what they go on from; what goes on from others first. */
  async keepNewest(keep: number): Promise<void> {
    const found = await this.read();
    const kept = found.withBases(keep);
    for (const { name } of found.backups) if (!kept.has(name)) await this.#remove(name);
  }

  get #source(): BackupSource {
    return { fs: this.#fs, keys: this.#keys() };
  }

  async #names(): Promise<string[]> {
    const names = await guarded(`listing ${this.#path}`, () => this.#fs.readdir(this.#path));
    const folders: string[] = [];
    for (const name of names.filter((each) => NAME.test(each)).sort()) {
      const kind = await guarded(`looking at ${name}`, () => this.#fs.kind(join(this.#path, name)));
      if (kind === "folder") folders.push(name);
    }
    return folders;
  }

  #list(name: string): Promise<string[]> {
    const path = join(this.#path, name);
    return guarded(`listing ${path}`, () => this.#fs.readdir(path));
  }

  /** One that cannot be read is left to people. */
  async #manifest(name: string): Promise<BackupManifest | undefined> {
    try {
      return (await BackupChain.openAlone(this.#source, join(this.#path, name))).manifest;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.#warn(`a scheduled backup cannot be read, and is left as it is: ${error.message}`);
      return undefined;
    }
  }

  /** Without its manifest it is no backup any more, so that goes first. */
  async #remove(name: string): Promise<void> {
    const path = join(this.#path, name);
    await guarded(`removing ${path}`, async () => {
      const files = await this.#fs.readdir(path);
      if (files.includes(MANIFEST_FILE)) {
        await this.#fs.unlink(join(path, MANIFEST_FILE));
        await this.#fs.syncDir(path);
      }
      for (const file of files) if (SEGMENT_NAME.test(file)) await this.#fs.unlink(join(path, file));
      await this.#fs.removeDir(path);
    });
  }
}

/** The backups that a schedule has made and that are still there. */
class FoundBackups {
  readonly backups: readonly ScheduledBackup[];
  readonly #source: BackupSource;
  readonly #path: string;
  readonly #byName: ReadonlyMap<string, ScheduledBackup>;
  /** The names of those that cannot be read now. */
  readonly #unread: readonly string[];

  constructor(
    source: BackupSource,
    path: string,
    backups: readonly ScheduledBackup[],
    unread: readonly string[],
  ) {
    this.#source = source;
    this.#path = path;
    this.backups = backups;
    this.#unread = unread;
    this.#byName = new Map(backups.map((backup) => [backup.name, backup]));
  }

  get newest(): ScheduledBackup | undefined {
    return this.backups[0];
  }

  /**
   * What the next backup goes on from; undefined when a full one is due, the newest cannot be gone on from, or one of
   * the two is encrypted and the other is not.
   */
  async baseForNext(fullEvery: number, isEncrypted: boolean): Promise<string | undefined> {
    if (this.newest === undefined || this.#bases(this.newest).length >= fullEvery) return undefined;
    const path = join(this.#path, this.newest.name);
    try {
      const chain = await BackupChain.open(this.#source, path);
      return chain.isEncrypted === isEncrypted ? path : undefined;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      return undefined;
    }
  }

  /** The names of the newest `keep`, and of everything that they, or those that cannot be read, go on from. */
  withBases(keep: number): ReadonlySet<string> {
    const kept = [
      ...this.backups.slice(0, keep),
      ...this.#unread.flatMap((name) => this.#before(name) ?? []),
    ];
    return new Set(kept.flatMap((backup) => this.#bases(backup)));
  }

  /** What a schedule had made last before a backup, which is what that one goes on from, if it does. */
  #before(name: string): ScheduledBackup | undefined {
    return this.backups.find((backup) => backup.name < name);
  }

  /** The name of a backup and of all it goes on from. */
  #bases(backup: ScheduledBackup): string[] {
    const names: string[] = [];
    for (let at: ScheduledBackup | undefined = backup; at !== undefined && !names.includes(at.name); ) {
      names.push(at.name);
      at = at.base === undefined ? undefined : this.#byName.get(at.base.folder);
    }
    return names;
  }
}

async function guarded<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fileFault(error, doing, { forbidden: FORBIDDEN });
  }
}
