import { crc32 } from "node:zlib";
import { footer, trailer, type PartSeal } from "./snapshot-format.js";

/** Room to begin with when nothing is known of how much is to come. */
const INITIAL_BYTES = 64 * 1024;
/** Bytes that are collected before they are summed. */
const SUM_BYTES = 256 * 1024;
/** A unit of UTF-16 is at most three bytes of UTF-8. */
const BYTES_PER_UNIT = 3;
const SEPARATOR = ",\n";

/** A finished document and what another one says of it. */
export interface Document {
  readonly bytes: Buffer;
  readonly seal: PartSeal;
}

/**
 * Builds one document of a snapshot from its lines, a bounded piece of work at a time. It stands in one buffer from the
 * start: to join pieces at the end would hold up the event loop for as long as the system takes to find the memory.
 */
export class DocumentBuilder {
  #bytes: Buffer;
  #used = 0;
  #summed = 0;
  #crc = 0;
  #count = 0;

  /** @param capacity about how many bytes are to come. */
  constructor(header: string, capacity = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.#write(header);
  }

  /** How large the document is by now. */
  get size(): number {
    return this.#used;
  }

  /** Adds a line. */
  add(line: string): void {
    this.#begin();
    this.#write(line);
    this.#sumSome();
  }

  /** Adds `bytes[start, end)`, which is a line. */
  addBytes(bytes: Buffer, start: number, end: number): void {
    this.#begin();
    this.#reserve(end - start);
    this.#used += bytes.copy(this.#bytes, this.#used, start, end);
    this.#sumSome();
  }

  /**
   * Ends the document. Its bytes are good until {@link restart}.
   *
   * @param parts the parts that this document names, when it is the one at the store's path.
   */
  finish(parts?: readonly PartSeal[]): Document {
    this.#write(`${this.#count === 0 ? "" : "\n"}${footer(this.#count, parts)}`);
    this.#sum();
    const crc = this.#crc.toString(16).padStart(8, "0");
    this.#write(trailer(crc));
    const bytes = this.#bytes.subarray(0, this.#used);
    return { bytes, seal: { count: this.#count, bytes: bytes.length, crc } };
  }

  /** Begins another document in the same memory. */
  restart(header: string): void {
    this.#used = 0;
    this.#summed = 0;
    this.#crc = 0;
    this.#count = 0;
    this.#write(header);
  }

  #begin(): void {
    if (this.#count > 0) this.#write(SEPARATOR);
    this.#count += 1;
  }

  #write(text: string): void {
    this.#reserve(text.length * BYTES_PER_UNIT);
    this.#used += this.#bytes.write(text, this.#used);
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (this.#bytes.length >= needed) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }

  #sumSome(): void {
    if (this.#used - this.#summed >= SUM_BYTES) this.#sum();
  }

  #sum(): void {
    this.#crc = crc32(this.#bytes.subarray(this.#summed, this.#used), this.#crc);
    this.#summed = this.#used;
  }
}
