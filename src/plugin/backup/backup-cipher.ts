import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { KEY_BYTES, type SealingKey } from "../../sealing/key-ring.js";

/** The format of the manifest of an encrypted backup; what is in it is one of the format of plain ones. */
export const SEALED_FORMAT = 2;
export const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What sealing adds to a file. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;
// Node 20 takes tags of four bytes unless it is told how long they are.
const OPTIONS = { authTagLength: TAG_BYTES } as const;
const PURPOSE = "holdfast: the files of one backup";

/**
 * Encrypts the files of one backup, each as a whole, and opens them: nonce, cipher text, tag. The key is derived from
 * that of the ring and the backup's id; authenticated beside the content are the header of the manifest and the file's
 * name. So a file belongs to one backup and one place in it. Stored: never change it, only add formats.
 */
export class BackupCipher {
  /** The id of the key that it was derived from. */
  readonly keyId: string;
  /** The id of the backup. */
  readonly backup: string;
  /** The first line of the manifest, without checksum: all of it that is not encrypted. */
  readonly header: string;
  readonly #secret: KeyObject;

  constructor({ id, secret, fingerprint }: SealingKey, backup: string) {
    this.keyId = id;
    this.backup = backup;
    this.header = JSON.stringify({
      holdfast: "backup",
      format: SEALED_FORMAT,
      id: backup,
      cipher: CIPHER,
      key: id,
      fingerprint: Buffer.from(fingerprint).toString("hex"),
    });
    const derived = Buffer.from(hkdfSync("sha256", secret, backup, PURPOSE, KEY_BYTES));
    this.#secret = createSecretKey(derived);
    derived.fill(0);
  }

  seal(name: string, content: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#secret, nonce, OPTIONS).setAAD(this.#place(name));
    return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  }

  /** What {@link seal} was given; undefined when anything of it was changed, or it is another file. */
  open(name: string, sealed: Uint8Array): Buffer | undefined {
    if (sealed.byteLength < SEAL_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#secret, nonce, OPTIONS).setAAD(this.#place(name));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const content = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      // Of this cipher nothing is left for the end.
      decipher.final();
      return content;
    } catch {
      return undefined;
    }
  }

  #place(name: string): Buffer {
    return Buffer.from(`${this.header}\n${name}`);
  }
}
