/** Gathers texts and bytes into one buffer, so that a server gets them as one parameter that it cuts up. */
export class ByteBuilder {
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  /** Where the next piece will begin, counted from 1 as SQL does. */
  get nextAt(): number {
    return this.#length + 1;
  }

  /** Appends a text as UTF-8; its length in bytes. */
  text(text: string): number {
    // A unit of UTF-16 is at most three bytes of UTF-8.
    this.#reserve(text.length * 3);
    const written = this.#buffer.write(text, this.#length);
    this.#length += written;
    return written;
  }

  /** Appends bytes; their number. */
  bytes(bytes: Uint8Array): number {
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.byteLength;
    return bytes.byteLength;
  }

  /** Everything appended so far. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
