import { DamageFault } from "../../src/backends/file/damage-fault.js";
import { salvage, type SalvagedEntry, type SalvageResult, type SampleStore } from "./salvage-store.js";
import { PATH } from "./simulated-store.js";

export interface SalvageTotals {
  readonly rounds: number;
  /** What was not as it should be, enough to repeat it. */
  readonly failures: readonly string[];
  /**
   * Flips of what nothing but the checksum of the whole document covers: a deadline, which is told to be in doubt, or the
   * type or incarnation of a structure, which its items then do not fit.
   */
  readonly uncovered: number;
  /** Flips after which the header of the snapshot could not be read. */
  readonly refused: number;
}

/** A journal loses what comes after the damage; a snapshot what stands at it, two lines when that was a newline. */
const MOST_LOST_LINES = 2;

/** Flips bits of every byte of every file of a store, one at a time, and salvages it. */
export async function trySalvageFlips(sample: SampleStore, bits: readonly number[]): Promise<SalvageTotals> {
  const failures: string[] = [];
  const verdicts = { fine: 0, uncovered: 0, refused: 0 };
  for (const [path, content] of sample.files) {
    for (let at = 0; at < content.length; at++) {
      for (const bit of bits) {
        const flipped = Uint8Array.from(content);
        flipped[at] = (flipped[at] as number) ^ (1 << (bit === WANDERING ? at % 8 : bit));
        const verdict = await verdictOn(sample, path, at, flipped);
        if (verdict in verdicts) verdicts[verdict as "fine"] += 1;
        else failures.push(`bit ${bit} of byte ${at} of ${path}: ${verdict}`);
      }
    }
  }
  const { fine, uncovered, refused } = verdicts;
  return { rounds: fine + uncovered + refused + failures.length, failures, uncovered, refused };
}

/** Another bit for each byte. */
export const WANDERING = -1;

async function verdictOn(
  { files, states }: SampleStore,
  path: string,
  at: number,
  flipped: Uint8Array,
): Promise<string> {
  const isInHeader = at <= (files.get(path) as Uint8Array).indexOf(0x0a);
  try {
    const result = await salvage(new Map([...files, [path, flipped]]));
    const final = states.at(-1) as readonly SalvagedEntry[];
    if (result.problems.length === 0)
      return text(result.entries) === text(final) ? "fine" : "a loss was not told";
    if (path.includes("journal")) return verdictOnPrefix(result, states);
    return verdictOnEntries(result, states, path === PATH && isInHeader);
  } catch (error) {
    if (!(error instanceof DamageFault) || error.file !== path) return String(error);
    return path === PATH && isInHeader ? "refused" : `refused: ${error.message}`;
  }
}

/** With damage in a journal there must be a state that was, and none of before the snapshot. */
function verdictOnPrefix({ entries, lost }: SalvageResult, states: SampleStore["states"]): string {
  if (lost.length > 0) return `lost ${lost.join()}`;
  return states.some((state) => text(state) === text(entries)) ? "fine" : "a state that never was";
}

function verdictOnEntries(
  { entries, problems }: SalvageResult,
  states: SampleStore["states"],
  isHeader: boolean,
): string {
  // After damage to the header the commits in the journals may be lost with it.
  const allowed = new Map(
    (isHeader ? states.flat() : (states.at(-1) ?? [])).map((entry) => [key(entry), entry]),
  );
  let other = 0;
  for (const entry of entries) {
    const written = allowed.get(key(entry));
    if (written === undefined) return `${key(entry)} was never committed`;
    if (written.expiresAt !== entry.expiresAt || written.structure !== entry.structure) other += 1;
  }
  if (other > 1) return "several entries differ from what was written";
  const missing = (states.at(-1) ?? []).length - entries.length;
  if (!isHeader && missing > MOST_LOST_LINES) return `${missing} entries are missing`;
  const isExpired = missing === 1 && problems.some((problem) => problem.includes("deadline that has passed"));
  return other === 1 || isExpired ? "uncovered" : "fine";
}

function key({ name, content }: SalvagedEntry): string {
  return `${name} ${content}`;
}

function text(entries: readonly SalvagedEntry[]): string {
  return JSON.stringify(entries);
}
