import { basename, dirname, join, resolve } from "node:path";
import { errorCode, fileFault } from "../../backends/files/file-errors.js";
import { StorageFault } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import type { StoredKey } from "../../core/key.js";
import { inRange } from "../../core/range.js";
import type { Version } from "../../core/version.js";
import type { KeyRing } from "../../sealing/key-ring.js";
import { backupDamage, ofRecord } from "./backup-damage.js";
import {
  decodeManifest,
  MANIFEST_FILE,
  MAX_MANIFEST_BYTES,
  type BackupManifest,
  type NamespaceManifest,
  type SealedManifest,
  type SegmentSeal,
} from "./backup-manifest.js";
import type { BackupEntry, BackupRecord } from "./backup-record.js";
import { openManifest } from "./sealed-manifest.js";
import { segmentForm, type SegmentForm } from "./segment-form.js";
import {
  FIRST_RECORD_LINE,
  MAX_SEGMENT_BYTES,
  MAX_SEGMENT_FILE_BYTES,
  readSegment,
  segmentName,
} from "./segment-file.js";

const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);
const FORBIDDEN: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);
const NO_FILE: ReadonlySet<string> = new Set(["EISDIR", "ELOOP"]);

/** What a backup is read with. */
export interface BackupSource {
  readonly fs: FileSystem;
  /** Of which one opens what is encrypted. */
  readonly keys: KeyRing;
}

/** A backup in its folder. */
interface BackupLink extends SealedManifest {
  readonly folder: string;
  readonly form: SegmentForm;
  readonly isEncrypted: boolean;
  readonly byName: ReadonlyMap<string, NamespaceManifest>;
}

/** The records of one file. */
export interface SegmentRecords {
  /** Its path. */
  readonly file: string;
  /** They stand in their order from line {@link FIRST_RECORD_LINE} on. */
  readonly records: readonly BackupRecord[];
}

/** A backup with everything that it goes on from. */
export class BackupChain {
  readonly #fs: FileSystem;
  /** The full one first. */
  readonly #links: readonly BackupLink[];

  private constructor(fs: FileSystem, links: readonly BackupLink[]) {
    this.#fs = fs;
    this.#links = links;
  }

  /**
   * Reads the manifests of a backup and of its bases.
   *
   * @throws StorageFault of 5003 when one is missing, damaged, or not the one that was meant.
   */
  static async open(source: BackupSource, path: string): Promise<BackupChain> {
    const links = [await readLink(source, resolve(path))];
    for (let { base } = (links[0] as BackupLink).manifest; base !== undefined; ) {
      const after = links[0] as BackupLink;
      const link = await readLink(source, join(dirname(after.folder), base.folder));
      if (link.digest !== base.digest || link.manifest.id !== base.id) {
        const what = `it is not the backup that ${basename(after.folder)} goes on from`;
        throw backupDamage("foreign", join(link.folder, MANIFEST_FILE), what);
      }
      links.unshift(link);
      ({ base } = link.manifest);
    }
    return new BackupChain(source.fs, links);
  }

  /** Without what it goes on from: its manifest can be asked for, its records cannot. */
  static async openAlone(source: BackupSource, path: string): Promise<Pick<BackupChain, "manifest">> {
    return new BackupChain(source.fs, [await readLink(source, resolve(path))]);
  }

  /** The manifest of the backup itself. */
  get manifest(): BackupManifest {
    return this.#last.manifest;
  }

  /** SHA-256 of that manifest. */
  get digest(): string {
    return this.#last.digest;
  }

  /** The name of its folder. */
  get folderName(): string {
    return basename(this.#last.folder);
  }

  /** Whether the backup itself is encrypted, whatever it goes on from. */
  get isEncrypted(): boolean {
    return this.#last.isEncrypted;
  }

  /** What the backup says of a namespace; undefined when it knows none of that name. */
  namespace(name: string): NamespaceManifest | undefined {
    return this.#last.byName.get(name);
  }

  /**
   * The records of a namespace, segment by segment, from the last time on that it was read whole. Every segment is
   * checked before the first of its records is given.
   *
   * @throws StorageFault of 5003.
   */
  async *records(name: string): AsyncGenerator<SegmentRecords> {
    const parts = this.#links.map((link) => ({ link, of: link.byName.get(name) }));
    const first = parts.findLastIndex(({ of }) => of?.source === "scan");
    for (const { link, of } of parts.slice(Math.max(0, first))) {
      for (const seal of of?.segments ?? []) yield await this.#read(link, name, seal);
    }
  }

  /**
   * The version of each entry of a namespace, as the backup has them.
   *
   * @param admit throws for an entry that nothing can go on from; the fault then names file and line.
   */
  async versions(name: string, admit: (entry: BackupEntry) => void): Promise<Map<StoredKey, Version>> {
    const versions = new Map<StoredKey, Version>();
    for await (const { file, records } of this.records(name)) {
      for (const [i, record] of records.entries()) {
        note(versions, record);
        if (record.kind === "put") onLine(file, i, () => admit(record.entry));
      }
    }
    return versions;
  }

  get #last(): BackupLink {
    return this.#links.at(-1) as BackupLink;
  }

  async #read(link: BackupLink, namespace: string, seal: SegmentSeal): Promise<SegmentRecords> {
    const { folder, form, manifest } = link;
    const file = join(folder, segmentName(seal.number, form));
    if (seal.bytes > MAX_SEGMENT_BYTES || seal.storedBytes > MAX_SEGMENT_FILE_BYTES)
      throw backupDamage("decode", file, "the manifest says that it is larger than any segment");
    const size = await present(file, () => this.#fs.size(file));
    if (size !== seal.storedBytes) {
      const what = `it has ${size} bytes instead of ${seal.storedBytes}`;
      throw backupDamage(size < seal.storedBytes ? "truncated" : "checksum", file, what);
    }
    const stored = await present(file, () => this.#fs.readFile(file));
    const place = { backup: manifest.id, number: seal.number, namespace };
    return { file, records: await readSegment(asBuffer(stored), form, place, seal, file) };
  }
}

/** What is done with the record of that index in a file; what it throws names the line. */
export function onLine<T>(file: string, index: number, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw ofRecord(error, file, index + FIRST_RECORD_LINE);
  }
}

async function readLink({ fs, keys }: BackupSource, folder: string): Promise<BackupLink> {
  const file = join(folder, MANIFEST_FILE);
  const size = await present(file, () => fs.size(file), "it is missing; a folder without it is no backup");
  if (size > MAX_MANIFEST_BYTES) throw backupDamage("decode", file, "it is larger than any manifest");
  const stored = asBuffer(await present(file, () => fs.readFile(file)));
  const { bytes, cipher } = openManifest(stored, file, keys);
  const sealed = decodeManifest(bytes, file);
  const form = segmentForm(sealed.manifest.form, cipher);
  if (form === undefined)
    throw backupDamage(
      "newer-format",
      file,
      `it names the form ${JSON.stringify(sealed.manifest.form)}, which this version does not have`,
    );
  const byName = new Map(sealed.manifest.namespaces.map((each) => [each.namespace, each]));
  return { ...sealed, folder, form, isEncrypted: cipher !== undefined, byName };
}

/** What is read of a file that must be there. What stands in its place and is no file is somebody else's doing. */
async function present<T>(file: string, read: () => Promise<T>, whenMissing = "it is missing"): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (ABSENT.has(code)) throw backupDamage("truncated", file, whenMissing);
    if (NO_FILE.has(code)) throw backupDamage("foreign", file, "it is a folder or a symbolic link");
    if (!FORBIDDEN.has(code)) throw fileFault(error, `reading ${file}`);
    const message = `reading ${file} failed (${code}); make it and its folder readable for this user`;
    throw new StorageFault("io", message, { cause: error });
  }
}

function note(versions: Map<StoredKey, Version>, record: BackupRecord): void {
  if (record.kind === "put") versions.set(record.entry.key, record.entry.version);
  else if (record.kind === "delete") versions.delete(record.key);
  else for (const key of versions.keys()) if (inRange(key, record.range)) versions.delete(key);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
