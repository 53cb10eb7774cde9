import type { FileSystem } from "../../core/file-system.js";
import type { Breather } from "../files/breather.js";
import { errorCode, fileFault } from "../files/file-errors.js";
import { DamageFault } from "./damage-fault.js";
import { DocumentReader, type EntryPage } from "./document-reader.js";
import { decompress, isCompressed } from "./snapshot-compression.js";
import type { SnapshotState } from "./snapshot-format.js";
import type { StoreLayout } from "./store-layout.js";

/** A snapshot whose first document has been checked; its parts are checked when they are read. */
export class SnapshotReader {
  readonly state: SnapshotState;
  readonly #fs: FileSystem;
  readonly #layout: StoreLayout;
  readonly #main: DocumentReader;
  readonly #breather: Breather;
  #bytes: number;

  private constructor(
    fs: FileSystem,
    layout: StoreLayout,
    main: DocumentReader,
    bytes: number,
    breather: Breather,
  ) {
    this.#fs = fs;
    this.#layout = layout;
    this.#main = main;
    this.#bytes = bytes;
    this.#breather = breather;
    this.state = main.frame.header as SnapshotState;
  }

  /** @returns undefined when there is no file. @throws DamageFault when it is not a whole snapshot of ours. */
  static async open(
    fs: FileSystem,
    layout: StoreLayout,
    breather: Breather,
  ): Promise<SnapshotReader | undefined> {
    const stored = await readIfPresent(fs, layout.snapshot);
    if (stored === undefined) return undefined;
    const main = await openDocument(stored, layout.snapshot, breather);
    if (main.frame.header.holdfast !== "snapshot") {
      throw new DamageFault(
        "foreign",
        layout.snapshot,
        0,
        "it is not a snapshot but another file of a store",
      );
    }
    return new SnapshotReader(fs, layout, main, stored.length, breather);
  }

  /** Bytes of the files read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async *pages(): AsyncGenerator<EntryPage> {
    yield* this.#main.entries(this.#breather);
    for (const index of this.#main.frame.parts.keys()) yield* this.#part(index);
  }

  async *#part(index: number): AsyncGenerator<EntryPage> {
    const path = this.#layout.part(this.state.epoch, index + 1);
    const stored = await readIfPresent(this.#fs, path);
    if (stored === undefined)
      throw new DamageFault("truncated", path, 0, "this part of the snapshot is missing");
    const part = await openDocument(stored, path, this.#breather);
    const seal = this.#main.frame.parts[index];
    if (part.frame.header.holdfast !== "part" || part.frame.crc !== seal?.crc) {
      throw new DamageFault("checksum", path, 0, "it is not the part that the snapshot names");
    }
    this.#bytes += stored.length;
    yield* part.entries(this.#breather);
  }
}

async function openDocument(stored: Buffer, file: string, breather: Breather): Promise<DocumentReader> {
  return DocumentReader.open(isCompressed(stored) ? await decompress(stored, file) : stored, file, breather);
}

/** A whole file; undefined when it does not exist. */
export async function readIfPresent(fs: FileSystem, path: string): Promise<Buffer | undefined> {
  try {
    const bytes = await fs.readFile(path);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw fileFault(error, `reading ${path}`);
  }
}
