import type { OpenFile } from "../../core/file-system.js";

/** Writes all bytes at an offset, going on after every short write. */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const count = await file.write(bytes.subarray(written), position + written);
    if (count <= 0)
      throw Object.assign(new Error("the system wrote nothing and gave no reason"), { code: "EIO" });
    written += count;
  }
}
