import { crc32 } from "node:zlib";
import { footer, trailer, type PartSeal } from "./snapshot-format.js";

/** Lines are turned into bytes and summed this many units at a time. */
const CHUNK_UNITS = 256 * 1024;

/** A finished document and what another one says of it. */
export interface Document {
  readonly bytes: Buffer;
  readonly seal: PartSeal;
}

/** Builds one document of a snapshot from its lines, a bounded piece of work at a time. */
export class DocumentBuilder {
  readonly #chunks: Buffer[] = [];
  #text: string;
  #bytes = 0;
  #crc = 0;
  #count = 0;

  constructor(header: string) {
    this.#text = header;
  }

  /** About how large the document is by now. */
  get size(): number {
    return this.#bytes + this.#text.length;
  }

  add(line: string): void {
    this.#text += this.#count === 0 ? line : `,\n${line}`;
    this.#count += 1;
    if (this.#text.length >= CHUNK_UNITS) this.#flush();
  }

  /** @param parts the parts that this document names, when it is the one at the store's path. */
  finish(parts?: readonly PartSeal[]): Document {
    this.#text += `${this.#count === 0 ? "" : "\n"}${footer(this.#count, parts)}`;
    this.#flush();
    const crc = this.#crc.toString(16).padStart(8, "0");
    this.#chunks.push(Buffer.from(trailer(crc)));
    const bytes = Buffer.concat(this.#chunks);
    return { bytes, seal: { count: this.#count, bytes: bytes.length, crc } };
  }

  #flush(): void {
    const chunk = Buffer.from(this.#text);
    this.#crc = crc32(chunk, this.#crc);
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    this.#text = "";
  }
}
