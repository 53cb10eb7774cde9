import { quoteName } from "../../core/errors.js";
import { isKeyId, type KeyRing, type SealingKey } from "../../sealing/key-ring.js";
import { BackupCipher, SEALED_FORMAT } from "./backup-cipher.js";
import { backupDamage } from "./backup-damage.js";
import { MANIFEST_FILE, manifestFormat, MAX_LINE_BYTES, requireManifestSize } from "./backup-manifest.js";
import { checkedLines, LineSealer, type CheckedLine } from "./checked-lines.js";

/** What a line holds of the encrypted manifest; only the last one holds less. */
const PIECE_BYTES = 9 * 1024;

/** The lines of an encrypted manifest: its header, what is encrypted, in pieces, and how many they are. */
export function encodeSealedManifest(cipher: BackupCipher, manifest: Buffer): Buffer {
  const sealer = new LineSealer();
  const lines = [sealer.seal(cipher.header)];
  const sealed = cipher.seal(MANIFEST_FILE, manifest);
  for (let at = 0; at < sealed.length; at += PIECE_BYTES) {
    const piece = sealed.toString("base64", at, Math.min(at + PIECE_BYTES, sealed.length));
    lines.push(sealer.seal(JSON.stringify({ sealed: piece })));
  }
  lines.push(sealer.seal(JSON.stringify({ end: lines.length - 1 })));
  return requireManifestSize(Buffer.concat(lines));
}

/** A manifest in the clear, and what opens the segments; undefined when the backup is not encrypted. */
export interface OpenedManifest {
  readonly bytes: Buffer;
  readonly cipher: BackupCipher | undefined;
}

/**
 * Opens a manifest, if it is encrypted.
 *
 * @param file its path, for messages.
 * @throws StorageFault of 5003: `wrong-key`, with the id of the key, when it is not among `keys`.
 */
export function openManifest(bytes: Buffer, file: string, keys: KeyRing): OpenedManifest {
  if (manifestFormat(bytes, file) !== SEALED_FORMAT) return { bytes, cipher: undefined };
  const lines = checkedLines(bytes, file, { longest: MAX_LINE_BYTES, lastStart: Infinity });
  const first = lines.next();
  if (first.done === true) throw backupDamage("truncated", file, "it is empty");
  const cipher = cipherOf(first.value, file, keys);
  const opened = cipher.open(MANIFEST_FILE, sealedIn(lines, bytes.length, file));
  if (opened === undefined) throw backupDamage("checksum", file, "it was changed after it had been written");
  return { bytes: opened, cipher };
}

function cipherOf({ json, number: line }: CheckedLine, file: string, keys: KeyRing): BackupCipher {
  const { id, key: keyId, fingerprint } = fieldsOf(json);
  const isWhole = typeof id === "string" && isKeyId(keyId) && typeof fingerprint === "string";
  if (!isWhole) throw backupDamage("decode", file, "it is not what a manifest holds there", { line });
  const cipher = new BackupCipher(keyOf(keys, keyId, fingerprint, file), id);
  if (json === cipher.header) return cipher;
  throw backupDamage("decode", file, "it is not what a manifest holds there", { line });
}

function keyOf(keys: KeyRing, id: string, fingerprint: string, file: string): SealingKey {
  const key = keys.find(id);
  const name = quoteName(id);
  if (key === undefined) {
    const what = `the backup is encrypted with the key ${name}, which is not here`;
    throw backupDamage("wrong-key", file, what, { line: 1 });
  }
  if (Buffer.from(key.fingerprint).toString("hex") === fingerprint) return key;
  const what = `the backup is encrypted with another key than the one called ${name} here`;
  throw backupDamage("wrong-key", file, what, { line: 1 });
}

/** What the lines after the header hold together; it takes no more memory than they do, however they are cut. */
function sealedIn(lines: Iterable<CheckedLine>, fileBytes: number, file: string): Buffer {
  const sealed = Buffer.allocUnsafe(Math.ceil((fileBytes * 3) / 4));
  let length = 0;
  let pieces = 0;
  let ended = false;
  for (const { number: line, json } of lines) {
    const { sealed: piece, end } = fieldsOf(json);
    const isPiece = typeof piece === "string" && length === pieces * PIECE_BYTES;
    if (ended || !(isPiece || end === pieces))
      throw backupDamage("decode", file, "it is not what a manifest holds there", { line });
    if (isPiece) {
      length += sealed.write(piece, length, "base64");
      pieces += 1;
    } else ended = true;
  }
  if (!ended) throw backupDamage("truncated", file, "its last lines are missing");
  return sealed.subarray(0, length);
}

function fieldsOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
