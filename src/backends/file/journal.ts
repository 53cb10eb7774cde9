import { dirname } from "node:path";
import type { FileSystem, OpenFile } from "../../core/file-system.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { writeFully } from "../files/write-fully.js";
import { encodeFrame, frameSeed, type FrameSeed } from "./journal-frame.js";
import { encodeJournalHeader, type JournalHeader } from "./journal-header.js";

/** Errors of a write that leave the file usable once what it has left there is cut off. */
const FULL = new Set(["ENOSPC", "EDQUOT"]);

/** How a journal is written; see StoreSizes and StoreLogSetup. */
export interface JournalForm {
  /** Whether an append is durable when it resolves. */
  readonly sync: boolean;
  /** How much is filled with zeros at a time. */
  readonly segmentBytes: number;
}

/**
 * The journal of one epoch, open for appending. Frames are written into a tail of zeros made in advance, so that a
 * sync has no metadata to write. After a failure that leaves its content in doubt it is poisoned: nothing is written
 * to it or synced any more.
 */
export class Journal {
  readonly header: JournalHeader;
  readonly path: string;
  readonly #file: OpenFile;
  readonly #seed: FrameSeed;
  readonly #form: JournalForm;
  #size = 0;
  #allocated = 0;
  #sequence: number;
  #durable: number;
  #poisoned = false;

  private constructor(path: string, file: OpenFile, header: JournalHeader, form: JournalForm) {
    this.path = path;
    this.header = header;
    this.#file = file;
    this.#seed = frameSeed(header.store, header.epoch);
    this.#form = form;
    this.#sequence = header.after;
    this.#durable = header.after;
  }

  /** Starts a journal under a new name, durable when this resolves. */
  static async create(
    fs: FileSystem,
    path: string,
    header: JournalHeader,
    form: JournalForm,
  ): Promise<Journal> {
    const file = await fs.open(path, "create", form.sync ? "durable" : undefined).catch((error: unknown) => {
      throw fileFault(error, `creating ${path}`);
    });
    const journal = new Journal(path, file, header, form);
    try {
      await journal.#write(encodeFrame(encodeJournalHeader(header), journal.#seed));
      if (!form.sync) await file.sync();
      await fs.syncDir(dirname(path));
      return journal;
    } catch (error) {
      await journal.abandon();
      throw fileFault(error, `starting ${path}`);
    }
  }

  /** Bytes of frames. */
  get bytes(): number {
    return this.#size;
  }

  /** The number of the last frame. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The number of the last frame that is sure to be on the disk. */
  get durable(): number {
    return this.#durable;
  }

  get isPoisoned(): boolean {
    return this.#poisoned;
  }

  /**
   * Appends a frame.
   *
   * @param body what {@link encodeFrame} takes, its number one above {@link sequence}.
   */
  async append(body: string): Promise<void> {
    const frame = encodeFrame(body, this.#seed);
    const before = this.#size;
    try {
      await this.#write(frame);
    } catch (error) {
      await this.#cutBack(before, error);
      throw fileFault(error, `writing ${this.path}`);
    }
    this.#sequence += 1;
    if (this.#form.sync) this.#durable = this.#sequence;
  }

  /** Makes every frame durable. */
  async sync(): Promise<void> {
    if (this.#durable === this.#sequence) return;
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#poisoned = true;
      throw fileFault(error, `syncing ${this.path}`);
    }
    this.#durable = this.#sequence;
  }

  async close(): Promise<void> {
    await this.#file.close().catch((error: unknown) => {
      throw fileFault(error, `closing ${this.path}`);
    });
  }

  /** Lets the file go, whatever state it is in. */
  async abandon(): Promise<void> {
    this.#poisoned = true;
    await this.#file.close().catch(() => undefined);
  }

  async #write(frame: Buffer): Promise<void> {
    const end = this.#size + frame.length;
    const bytes = end > this.#allocated ? padded(frame, this.#form.segmentBytes) : frame;
    await writeFully(this.#file, bytes, this.#size);
    this.#allocated = Math.max(this.#allocated, this.#size + bytes.length);
    this.#size = end;
  }

  /**
   * After a failed write: what a full disk took of the frame is cut off, so that appending can go on; otherwise the
   * file is done. Frames before it were durable already, or are made so here: a journal that goes on from this one counts
   * only those that are, and a sync that has not failed yet can be believed.
   */
  async #cutBack(size: number, error: unknown): Promise<void> {
    this.#poisoned = true;
    const isFull = FULL.has(errorCode(error) ?? "");
    if (!isFull && this.#durable === this.#sequence) return;
    try {
      if (isFull) await this.#file.truncate(size);
      await this.#file.datasync();
      this.#durable = this.#sequence;
      if (!isFull) return;
      this.#allocated = size;
      this.#poisoned = false;
    } catch {
      // Still poisoned: the caller moves on to a new journal.
    }
  }
}

function padded(frame: Buffer, segmentBytes: number): Buffer {
  const bytes = Buffer.alloc(frame.length + segmentBytes);
  frame.copy(bytes);
  return bytes;
}
