/** Turns values into text or bytes and back. */
export interface ValueCodec {
  readonly name: string;
  /** One byte, stored with every value: 1 to 255, the same for ever. */
  readonly id: number;
  /**
   * Encodes any value a caller may pass in, in the codec's own form. Text is a single line without U+0000 (unless an
   * indent was asked for).
   *
   * @throws StorageFault `unserializable` when it has a part that cannot be stored.
   */
  encode(value: unknown): string | Uint8Array;
  /**
   * A fresh value, in the form `normalizeValue` gives. Text that `encode` gave and its bytes of UTF-8 decode alike.
   *
   * @throws StorageFault `decode` when the data is not what this codec writes.
   */
  decode(data: string | Uint8Array): unknown;
}
