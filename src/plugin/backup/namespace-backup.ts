import type { Backend } from "../../backends/backend.js";
import type { Context } from "../../core/context.js";
import { StorageFault } from "../../core/errors.js";
import type { StoredKey } from "../../core/key.js";
import type { BackupChain } from "./backup-chain.js";
import type { NamespaceManifest, NamespaceSource, SegmentSeal } from "./backup-manifest.js";
import type { BackupEntry, BackupRecord } from "./backup-record.js";
import { FILL_MARKER, RESTORE_MARKER } from "../marks.js";
import { NamespaceSnapshot, type SnapshotPoint } from "./namespace-snapshot.js";
import { unfinishedRestore } from "./restore-marker.js";
import { SegmentBuilder, segmentName, type SegmentPlace } from "./segment-file.js";
import type { SegmentForm } from "./segment-form.js";

export interface NamespaceBackupSetup {
  readonly backend: Backend;
  readonly ctx: Context;
  readonly namespace: string;
  readonly base: BackupChain | undefined;
  /** Throws for an entry of the base that a restore could not open. */
  readonly admit: (entry: BackupEntry) => void;
  readonly form: SegmentForm;
  readonly first: SegmentPlace;
  readonly save: (name: string, stored: Buffer) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  /** Told how much was taken, after every record. */
  readonly told: (done: NamespaceProgress) => Promise<void>;
}

export interface NamespaceProgress {
  readonly records: number;
  /** Bytes of the lines, those of a file that is not written yet too, before compression. */
  readonly lineBytes: number;
  /** Bytes of the files written. */
  readonly fileBytes: number;
}

/** Writes the segments of one namespace, or leaves none when it cannot. */
export class NamespaceBackup {
  readonly #setup: NamespaceBackupSetup;
  #seals: SegmentSeal[] = [];
  #builder: SegmentBuilder | undefined;
  #records = 0;
  /** Of the lines of the segments that are closed. */
  #closedBytes = 0;
  #fileBytes = 0;

  constructor(setup: NamespaceBackupSetup) {
    this.#setup = setup;
  }

  async carryOut(): Promise<NamespaceManifest> {
    try {
      const { source, point } = await this.#take();
      await this.#closeSegment();
      return { namespace: this.#setup.namespace, source, ...point, segments: this.#seals };
    } catch (error) {
      await this.#discard().catch(() => undefined);
      throw error;
    }
  }

  /** As little as can be told apart: what the log knows of; else what differs from the base; else everything. */
  async #take(): Promise<{ readonly source: NamespaceSource; readonly point: SnapshotPoint }> {
    const { backend, ctx, namespace, base } = this.#setup;
    const write = (record: BackupRecord) => this.#write(record);
    const snapshot = new NamespaceSnapshot({ backend, ctx, namespace, write });
    const known = base?.namespace(namespace);
    if (base === undefined || known === undefined) return { source: "scan", point: await snapshot.scan() };
    try {
      return { source: "log", point: await snapshot.since(known.position) };
    } catch (error) {
      if (!(error instanceof StorageFault) || error.reason !== "outrun") throw error;
      await this.#discard();
    }
    const versions = await base.versions(namespace, this.#setup.admit);
    return { source: "difference", point: await snapshot.difference(versions) };
  }

  async #write(record: BackupRecord): Promise<void> {
    const { namespace, told, first } = this.#setup;
    const key = keyOf(record);
    if (record.kind === "put" && key === RESTORE_MARKER) throw unfinishedRestore(namespace);
    // Marks are of those who write to this store.
    if (key === RESTORE_MARKER || key === FILL_MARKER) return;
    this.#builder ??= new SegmentBuilder({ ...first, number: first.number + this.#seals.length });
    this.#builder.add(record);
    this.#records += 1;
    if (this.#builder.isFull) await this.#closeSegment();
    await told(this.#progress);
  }

  async #closeSegment(): Promise<void> {
    if (this.#builder === undefined) return;
    const { form, save, told } = this.#setup;
    const { stored, seal } = await this.#builder.finish(form);
    this.#builder = undefined;
    await save(segmentName(seal.number, form), stored);
    this.#seals.push(seal);
    this.#closedBytes += seal.bytes;
    this.#fileBytes += stored.length;
    await told(this.#progress);
  }

  get #progress(): NamespaceProgress {
    const lineBytes = this.#closedBytes + (this.#builder?.bytes ?? 0);
    return { records: this.#records, lineBytes, fileBytes: this.#fileBytes };
  }

  async #discard(): Promise<void> {
    const seals = this.#seals;
    this.#builder = undefined;
    this.#seals = [];
    this.#records = 0;
    this.#closedBytes = 0;
    this.#fileBytes = 0;
    for (const { number } of seals) await this.#setup.remove(segmentName(number, this.#setup.form));
  }
}

function keyOf(record: BackupRecord): StoredKey | undefined {
  if (record.kind === "delete-range") return undefined;
  return record.kind === "put" ? record.entry.key : record.key;
}
