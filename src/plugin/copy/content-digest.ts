import { createHash } from "node:crypto";
import type { StoredEntry } from "../../core/entry.js";

/** SHA-256 of what an entry is, wherever it is kept: text and its bytes of UTF-8 are the same. */
export function fingerprint({ key, type, codec, incarnation = "", data }: StoredEntry): Buffer {
  const name = JSON.stringify([key, type, codec, incarnation]);
  return createHash("sha256").update(name).update(data).digest();
}

/** Whether two entries of one key are the same but for version and deadline. */
export function sameContent(a: StoredEntry, b: StoredEntry): boolean {
  if (a.type !== b.type || a.codec !== b.codec || a.incarnation !== b.incarnation) return false;
  if (typeof a.data === typeof b.data && typeof a.data === "string") return a.data === b.data;
  return bytesOf(a.data).equals(bytesOf(b.data));
}

function bytesOf(data: string | Uint8Array): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** SHA-256 over the fingerprints of entries, in the order they are added. */
export class ContentDigest {
  readonly #hash = createHash("sha256");

  beginNamespace(name: string): void {
    this.#hash.update(createHash("sha256").update(JSON.stringify(name)).digest());
  }

  add(print: Buffer): void {
    this.#hash.update(print);
  }

  /** In hexadecimal; nothing can be added afterwards. */
  finish(): string {
    return this.#hash.digest("hex");
  }
}
