import type { FileSystem } from "../../core/file-system.js";
import { StorageFault } from "../../core/errors.js";
import type { Breather } from "../files/breather.js";
import { fileFault } from "../files/file-errors.js";
import { LocalEntry } from "../local/local-entry.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { DocumentBuilder, type Document } from "./document-builder.js";
import { compress } from "./snapshot-compression.js";
import { partHeader, snapshotHeader, type PartSeal, type SnapshotState } from "./snapshot-format.js";
import { LineOrigin } from "./line-origin.js";
import { encodeLine, endOfLine, LINE_COLUMNS } from "./snapshot-line.js";
import { sortedEntries } from "./sorted-entries.js";
import type { StoreLayout } from "./store-layout.js";

const LINES_PER_LOOK = 64;
/** Room in a document for the line with which it grows past its size, and for what stands around the lines. */
const SPARE_BYTES = 64 * 1024;
/** Compared before others get a turn. */
const COMPARED_BYTES = 4 * 1024 * 1024;

/** A store's content at one moment. */
export interface SnapshotContent {
  readonly state: SnapshotState;
  readonly entries: readonly (readonly [namespace: string, entries: readonly LocalEntry[]])[];
}

export interface SnapshotWriterSetup {
  readonly fs: FileSystem;
  readonly layout: StoreLayout;
  readonly compression: "none" | "gzip";
  /** A document is closed once it is this large. */
  readonly partBytes: number;
  /** About how many bytes there are to write. */
  readonly expectedBytes: number;
}

/**
 * Writes the files of one snapshot, each read back before it counts: write-file-atomic reports success over a file
 * that a full disk cut short. The last one's name is not synced.
 */
export class SnapshotWriter {
  readonly #setup: SnapshotWriterSetup;
  readonly #state: SnapshotState;
  readonly #breather: Breather;
  readonly #capacity: number;
  readonly #main: DocumentBuilder;
  readonly #parts: PartSeal[] = [];
  #current: DocumentBuilder;
  #written = 0;

  constructor(setup: SnapshotWriterSetup, state: SnapshotState, breather: Breather) {
    this.#setup = setup;
    this.#state = state;
    this.#breather = breather;
    const { partBytes, expectedBytes } = setup;
    this.#capacity = Math.min(partBytes, expectedBytes) + SPARE_BYTES;
    this.#main = new DocumentBuilder(snapshotHeader(state, LINE_COLUMNS), this.#capacity);
    this.#current = this.#main;
  }

  /**
   * Writes everything; the document for the store's path last, because it names the others.
   *
   * @param path where that document goes, a name that does not count yet.
   * @returns the bytes of all files.
   */
  async write(entries: SnapshotContent["entries"], path: string): Promise<number> {
    for (const [namespace, held] of entries) await this.#addAll(namespace, held);
    if (this.#current !== this.#main) await this.#finishPart();
    // The document that names the parts must not outlast them.
    if (this.#parts.length > 0) await this.#setup.fs.syncDir(this.#setup.layout.folder);
    await this.#save(this.#main.finish(this.#parts), path);
    return this.#written;
  }

  async #addAll(namespace: string, held: readonly LocalEntry[]): Promise<void> {
    const quoted = JSON.stringify(namespace);
    let lines = 0;
    for (const entry of await sortedEntries(held, this.#breather)) {
      this.#add(namespace, quoted, entry);
      if (this.#current.size >= this.#setup.partBytes) await this.#nextPart();
      lines += 1;
      if (lines % LINES_PER_LOOK === 0 && this.#breather.isDue) await this.#breather.breathe();
    }
  }

  /** An entry that nobody has asked for since it was opened goes on in the line in which it stands. */
  #add(namespace: string, quoted: string, entry: LocalEntry): void {
    const place = LocalEntry.placeOf(entry);
    if (place?.origin instanceof LineOrigin) {
      const { bytes } = place.origin.document;
      this.#current.addBytes(bytes, place.at, endOfLine(bytes, place.at));
    } else {
      this.#current.add(encodeLine(namespace, quoted, entry));
    }
  }

  async #nextPart(): Promise<void> {
    if (this.#current !== this.#main) await this.#finishPart();
    const header = partHeader(this.#state, this.#parts.length + 1);
    if (this.#current === this.#main) this.#current = new DocumentBuilder(header, this.#capacity);
    else this.#current.restart(header);
  }

  async #finishPart(): Promise<void> {
    const part = this.#current.finish();
    this.#parts.push(part.seal);
    await this.#save(part, this.#setup.layout.part(this.#state.epoch, this.#parts.length));
  }

  async #save({ bytes }: Document, path: string): Promise<void> {
    const { fs, compression } = this.#setup;
    const stored = compression === "gzip" ? await compress(bytes) : bytes;
    // write-file-atomic would follow a symbolic link that stands there.
    await removeIfPresent(fs, path);
    await fs.replaceFile(path, stored).catch((error: unknown) => {
      throw fileFault(error, `writing ${path}`);
    });
    await this.#readBack(path, stored);
    this.#written += stored.length;
  }

  async #readBack(path: string, expected: Uint8Array): Promise<void> {
    const found = await this.#setup.fs.readFile(path).catch((error: unknown) => {
      throw fileFault(error, `reading back ${path}`);
    });
    if (found.length !== expected.length) throw cutShort(path, found.length, expected.length);
    for (let start = 0; start < found.length; start += COMPARED_BYTES) {
      const end = start + COMPARED_BYTES;
      if (Buffer.compare(found.subarray(start, end), expected.subarray(start, end)) !== 0) {
        throw new StorageFault("io", `${path} reads back differently from what was written; check the disk`);
      }
      if (this.#breather.isDue) await this.#breather.breathe();
    }
  }
}

/** A file without its end that was reported as written: the disk was full. */
function cutShort(path: string, found: number, expected: number): StorageFault {
  const message = `writing ${path} stopped after ${found} of ${expected} bytes; free some space, then call again`;
  return new StorageFault("no-space", message);
}
