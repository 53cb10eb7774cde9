import { setImmediate as nextTurn } from "node:timers/promises";
import { DamageFault } from "../../src/backends/file/damage-fault.js";
import { DocumentBuilder } from "../../src/backends/file/document-builder.js";
import { DocumentReader } from "../../src/backends/file/document-reader.js";
import { compress, decompress } from "../../src/backends/file/snapshot-compression.js";
import { snapshotHeader } from "../../src/backends/file/snapshot-format.js";
import { encodeLine, LINE_COLUMNS } from "../../src/backends/file/snapshot-line.js";
import { Breather } from "../../src/backends/files/breather.js";
import { localEntry } from "../../src/backends/local/local-entry.js";
import { FakeRuntime } from "../../src/testing/fake-runtime.js";
import type { DamageTotals } from "./damaged-journal.js";
import { SeededRandom } from "./seeded-random.js";

const FILE = "storage.json";
/** On a clock that stands still: reading is never cut into slices here. */
const breather = new Breather(new FakeRuntime().clock);

export function sampleSnapshot(minBytes: number, seed: number): Buffer {
  const random = new SeededRandom(seed);
  const state = { store: "abcdefghijkl", epoch: 7, sequence: 41, now: 1.9e12 };
  const positions = [["users", 41, "AbC41"] as const];
  const builder = new DocumentBuilder(snapshotHeader({ ...state, positions }, LINE_COLUMNS));
  for (let n = 0; builder.size < minBytes; n++) {
    const data = JSON.stringify({ name: `name ${random.below(1000)}`, tags: ["é", " @*J"], n });
    const entry = localEntry({ key: `user:${n}`, version: `AbC${n}`, type: 1, codec: 1, data });
    builder.add(encodeLine("users", '"users"', entry));
  }
  return builder.finish([]).bytes;
}

/** Flips every bit, one at a time: each must be reported. */
export async function trySnapshotFlips(bytes: Buffer): Promise<DamageTotals> {
  const failures: string[] = [];
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const verdict = await verdictOn(bytes);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      if (verdict !== "reported") failures.push(`bit ${bit} of byte ${at}: ${verdict}`);
    }
    if (at % 1024 === 0) await nextTurn();
  }
  return { rounds: bytes.length * 8, failures, harmless: 0 };
}

/** Cuts it at every length but its own: each must be reported. */
export async function trySnapshotTruncations(bytes: Buffer): Promise<DamageTotals> {
  const failures: string[] = [];
  for (let length = 0; length < bytes.length; length++) {
    const verdict = await verdictOn(bytes.subarray(0, length));
    if (verdict !== "reported") failures.push(`cut after ${length} bytes: ${verdict}`);
  }
  return { rounds: bytes.length, failures, harmless: 0 };
}

/**
 * Flips every bit of a compressed snapshot. Up to seven bits between the end of the compressed data and the next byte
 * mean nothing: with those the same document must come out.
 */
export async function tryCompressedFlips(document: Buffer): Promise<DamageTotals> {
  const bytes = await compress(document);
  const failures: string[] = [];
  let harmless = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      const verdict = await verdictOnCompressed(bytes, document);
      bytes[at] = (bytes[at] as number) ^ (1 << bit);
      if (verdict === "the same") harmless += 1;
      else if (verdict !== "reported") failures.push(`bit ${bit} of byte ${at}: ${verdict}`);
    }
  }
  return { rounds: bytes.length * 8, failures, harmless };
}

async function verdictOnCompressed(bytes: Buffer, document: Buffer): Promise<string> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return verdictOn(bytes);
  try {
    return (await decompress(bytes, FILE)).equals(document) ? "the same" : "something else came out";
  } catch (error) {
    return error instanceof DamageFault ? "reported" : String(error);
  }
}

async function verdictOn(bytes: Buffer): Promise<string> {
  try {
    await DocumentReader.open(bytes, FILE, breather);
    return "not noticed";
  } catch (error) {
    return error instanceof DamageFault && error.file === FILE ? "reported" : String(error);
  }
}
