import { randomUUID } from "node:crypto";
import { dirname, resolve } from "node:path";
import type { Context } from "../../core/context.js";
import { StorageFault, toStorageError, type OperationDetails } from "../../core/errors.js";
import type { FileSystem } from "../../core/file-system.js";
import { compareKeys } from "../../core/key.js";
import { ProgressTeller } from "../progress-teller.js";
import type { Stack } from "../stack.js";
import { formatPosition } from "../watch-position.js";
import { BackupChain } from "./backup-chain.js";
import { BackupCipher } from "./backup-cipher.js";
import { BackupFolder } from "./backup-folder.js";
import {
  encodeManifest,
  MANIFEST_FILE,
  type BackupManifest,
  type BackupOrigin,
  type NamespaceManifest,
} from "./backup-manifest.js";
import { keysOfBackup, type BackupKeys } from "./backup-keys.js";
import type { BackupOptions, BackupProgress, BackupResult } from "./backup-options.js";
import type { BackupEntry } from "./backup-record.js";
import { NamespaceBackup } from "./namespace-backup.js";
import { encodeSealedManifest } from "./sealed-manifest.js";
import { segmentForm, type SegmentForm } from "./segment-form.js";

export interface BackupSetup {
  readonly fs: FileSystem;
  readonly stack: Stack;
  readonly ctx: Context;
  readonly origin: BackupOrigin;
}

/** How often a namespace is begun again when the change log was too short. */
const TRIES = 3;

/** Writes a backup of a whole store into a new folder; its options are checked. */
export async function backupStore(
  setup: BackupSetup,
  target: string,
  options: BackupOptions,
): Promise<BackupResult> {
  const keys = keysOfBackup(setup.stack, options.encryption);
  const base = options.base === undefined ? undefined : await baseOf(setup, target, options.base, keys);
  const folder = await onDisk(setup, () => BackupFolder.begin(setup.fs, target));
  try {
    return await new BackupRun(setup, folder, { base, keys }, options).carryOut();
  } catch (error) {
    await folder.abandon();
    throw error;
  }
}

/** @throws TypeError when the base does not stand beside the target, or is encrypted and the backup would not be. */
async function baseOf(
  { fs }: BackupSetup,
  target: string,
  base: string,
  { opening, sealing }: BackupKeys,
): Promise<BackupChain> {
  if (dirname(resolve(base)) !== dirname(resolve(target)))
    throw new TypeError("the base of a backup must stand in the same folder as its target");
  const chain = await BackupChain.open({ fs, keys: opening }, base);
  if (!chain.isEncrypted || sealing !== undefined) return chain;
  throw new TypeError(
    "the base is encrypted and the backup would not be; give encryption, or leave out base",
  );
}

/** What fails at the target is a failed write. */
async function onDisk<T>({ stack: { backend } }: BackupSetup, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const details: OperationDetails = { operation: "backup", access: "write", backend: backend.info.name };
    throw toStorageError(error, details);
  }
}

/** What a backup goes on from, and the keys of it. */
interface Ground {
  readonly base: BackupChain | undefined;
  readonly keys: BackupKeys;
}

/** One backup on its way. */
class BackupRun {
  readonly #setup: BackupSetup;
  readonly #folder: BackupFolder;
  readonly #base: BackupChain | undefined;
  readonly #keys: BackupKeys;
  readonly #cipher: BackupCipher | undefined;
  readonly #form: SegmentForm;
  readonly #teller: ProgressTeller<BackupProgress>;
  readonly #id = randomUUID();
  #nextSegment = 1;
  #records = 0;
  #lineBytes = 0;
  #fileBytes = 0;

  constructor(
    setup: BackupSetup,
    folder: BackupFolder,
    { base, keys }: Ground,
    { compression = "none", onProgress }: BackupOptions,
  ) {
    this.#setup = setup;
    this.#folder = folder;
    this.#base = base;
    this.#keys = keys;
    this.#cipher = keys.sealing && new BackupCipher(keys.sealing, this.#id);
    this.#form = segmentForm(compression, this.#cipher) as SegmentForm;
    this.#teller = new ProgressTeller(setup.stack.runtime.clock, onProgress);
  }

  async carryOut(): Promise<BackupResult> {
    const createdAt = new Date(this.#setup.stack.runtime.clock.wall());
    const namespaces: NamespaceManifest[] = [];
    for (const name of await this.#names()) namespaces.push(await this.#backUp(name));
    const manifest = this.#manifest(createdAt, namespaces);
    const plain = encodeManifest(manifest).bytes;
    const bytes = this.#cipher === undefined ? plain : encodeSealedManifest(this.#cipher, plain);
    await onDisk(this.#setup, async () => {
      await this.#folder.write(MANIFEST_FILE, bytes);
      const over = this.#setup.ctx.err();
      if (over !== undefined) throw over;
      await this.#folder.finish();
    });
    this.#lineBytes += bytes.length;
    this.#fileBytes += bytes.length;
    await this.#teller.finish({ ...this.#progress(namespaces.at(-1)?.namespace ?? ""), done: true });
    return this.#result(manifest);
  }

  /** The namespaces that hold anything, and those of the base, which may hold nothing any more. */
  async #names(): Promise<string[]> {
    const { stack, ctx } = this.#setup;
    const names = new Set(this.#base?.manifest.namespaces.map(({ namespace }) => namespace));
    for await (const page of stack.backend.namespaces(ctx)) for (const name of page) names.add(name);
    return [...names].sort(compareKeys);
  }

  async #backUp(namespace: string): Promise<NamespaceManifest> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#tryBackUp(namespace);
      } catch (error) {
        const isOutrun = error instanceof StorageFault && error.reason === "outrun";
        if (!isOutrun || tries === TRIES) throw error;
      }
    }
  }

  async #tryBackUp(namespace: string): Promise<NamespaceManifest> {
    const { stack, ctx } = this.#setup;
    const [records, lineBytes, fileBytes] = [this.#records, this.#lineBytes, this.#fileBytes];
    const backup = new NamespaceBackup({
      // Values stay as they are stored: what is encrypted there is encrypted in the backup.
      backend: stack.backend.stored,
      ctx,
      namespace,
      base: this.#base,
      admit: (entry) => this.#admit(entry),
      form: this.#form,
      first: { backup: this.#id, number: this.#nextSegment, namespace },
      save: (name, stored) => onDisk(this.#setup, () => this.#folder.write(name, stored)),
      remove: (name) => onDisk(this.#setup, () => this.#folder.remove(name)),
      told: async (done) => {
        this.#records = records + done.records;
        this.#lineBytes = lineBytes + done.lineBytes;
        this.#fileBytes = fileBytes + done.fileBytes;
        await this.#teller.tell(() => ({ ...this.#progress(namespace), done: false }));
      },
    });
    const manifest = await backup.carryOut();
    this.#nextSegment += manifest.segments.length;
    return manifest;
  }

  /** A base may be of another store, whose keys this one lacks. */
  #admit(entry: BackupEntry): void {
    try {
      this.#setup.stack.backend.requireKey(entry, this.#keys.opening);
    } catch (error) {
      if (!(error instanceof StorageFault) || error.reason !== "wrong-key") throw error;
      throw new StorageFault("wrong-key", `${error.message}, or make a full backup`, { cause: error });
    }
  }

  #manifest(createdAt: Date, namespaces: readonly NamespaceManifest[]): BackupManifest {
    const { stack, origin } = this.#setup;
    const about = {
      id: this.#id,
      createdAt,
      backend: stack.backend.info.name,
      origin,
      form: this.#form.name,
    };
    if (this.#base === undefined) return { ...about, namespaces };
    const { manifest, digest, folderName } = this.#base;
    return { ...about, base: { id: manifest.id, folder: folderName, digest }, namespaces };
  }

  #progress(namespace: string): Omit<BackupProgress, "done"> {
    return { namespace, records: this.#records, bytes: this.#lineBytes };
  }

  #result({ id, base, namespaces }: BackupManifest): BackupResult {
    return {
      id,
      path: this.#folder.path,
      kind: base === undefined ? "full" : "incremental",
      ...(this.#cipher !== undefined && { key: this.#cipher.keyId }),
      namespaces: namespaces.map(({ namespace, position, source }) => {
        return { namespace, position: formatPosition(position), source };
      }),
      records: this.#records,
      bytes: this.#fileBytes,
    };
  }
}
