import { payloadChecksum } from "../../core/envelope.js";
import type { StoredEntry } from "../../core/entry.js";
import type { StoredOrigin } from "../local/local-entry.js";
import { DamageFault } from "./damage-fault.js";
import { decodeLine, type DecodedLine } from "./snapshot-line.js";

/** A document of a snapshot in memory, whose checksum was right when it was read. */
export interface LoadedDocument {
  readonly bytes: Buffer;
  readonly file: string;
}

/**
 * The lines of a document in which the values of entries stand until they are asked for. The document stays in memory
 * until each of its entries was asked for its value, replaced or removed.
 */
export class LineOrigin implements StoredOrigin {
  readonly stem: string;
  readonly document: LoadedDocument;

  constructor(stem: string, document: LoadedDocument) {
    this.stem = stem;
    this.document = document;
  }

  /**
   * @param at where the entry's line begins.
   * @throws DamageFault `checksum` when the value is not the one that was written.
   */
  load(entry: StoredEntry, at: number): string | Uint8Array {
    const { namespace, check, data } = this.#decode(at);
    const { key, version } = entry;
    if (payloadChecksum(namespace, key, version, { codec: entry.codec, data }) === check) return data;
    const flaw = "the value does not match the checksum beside it";
    throw new DamageFault("checksum", this.document.file, at, flaw, { namespace, key });
  }

  #decode(at: number): DecodedLine & { readonly data: string | Uint8Array } {
    const { bytes, file } = this.document;
    try {
      const line = decodeLine(bytes, at);
      return { ...line, data: line.value() };
    } catch (cause) {
      const flaw = "a line cannot be read though the file's checksum is right";
      throw new DamageFault("decode", file, at, flaw, { cause });
    }
  }
}
