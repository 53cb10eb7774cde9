import { isDeepStrictEqual } from "node:util";
import { background, openStorage, StorageError, type StoragePlugin } from "../../src/index.js";
import { SeededRandom } from "../../src/testing/faults/seeded-random.js";
import type { FreshStore, StoreKind } from "../support/stores.js";
import { RAW_STORES, type StoredBytes } from "./stored-bytes.js";

const ctx = background();
const KEYS = 100;
const LONGEST_TEXT = 300;
/** In this many rounds of flips everything is verified, too. */
const VERIFIED_ONE_IN = 10;

export interface FlipOptions {
  readonly seed: number;
  readonly flips: number;
  /** On the process's clock, when to stop. */
  readonly until?: number;
}

export interface FlipTotals {
  flips: number;
  /** Of them, those that were answered with 5003. */
  reported: number;
  readonly failures: string[];
}

/** The kinds of store whose values can be reached beside the store. */
export function canBeFlipped(kind: StoreKind): boolean {
  return RAW_STORES[kind.backend] !== undefined;
}

/**
 * Flips a bit in what the database holds of every key, one bit of each at a time, and reads the keys: each must come to
 * 5003, or to the right value; and now and then verifies the store, which must name each of them once.
 */
export async function tryValueFlips(
  kind: StoreKind,
  store: FreshStore,
  { seed, flips, until = Infinity }: FlipOptions,
): Promise<FlipTotals> {
  const random = new SeededRandom(seed);
  const totals: FlipTotals = { flips: 0, reported: 0, failures: [] };
  const values = sampleValues(random);
  const storage = await openStorage({ ...store.settings, cache_size: 0 });
  try {
    await storage.setBatch(ctx, values);
    const raw = await (RAW_STORES[kind.backend] as (typeof RAW_STORES)[string])(store.settings);
    try {
      const places = await raw.all();
      for (let round = 0; totals.flips < flips && performance.now() < until; round++) {
        const flipped = onePerKey(places, random);
        await Promise.all(flipped.map(({ place, bit }) => place.write(withBitFlipped(place.bytes, bit))));
        await judge(storage, flipped, values, totals);
        if (round % VERIFIED_ONE_IN === 0) await judgeReport(storage, values, totals);
        await Promise.all(flipped.map(({ place }) => place.write(place.bytes)));
      }
      await judgeWhole(storage, values, totals);
    } finally {
      await raw.close();
    }
  } finally {
    await storage.stop();
  }
  return totals;
}

interface Flip {
  readonly place: StoredBytes;
  readonly bit: number;
}

function onePerKey(places: readonly StoredBytes[], random: SeededRandom): readonly Flip[] {
  const byKey = new Map<string, StoredBytes[]>();
  for (const place of places) byKey.set(place.key, [...(byKey.get(place.key) ?? []), place]);
  return [...byKey.values()].map((parts) => {
    const place = parts[random.below(parts.length)] as StoredBytes;
    return { place, bit: random.below(place.bytes.length * 8) };
  });
}

function withBitFlipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

async function judge(
  storage: StoragePlugin,
  flipped: readonly Flip[],
  values: ReadonlyMap<string, unknown>,
  totals: FlipTotals,
): Promise<void> {
  const outcomes = await Promise.allSettled(flipped.map(({ place }) => storage.get(ctx, place.key)));
  for (const [i, outcome] of outcomes.entries()) {
    const { place, bit } = flipped[i] as Flip;
    totals.flips += 1;
    if (outcome.status === "fulfilled") {
      if (isDeepStrictEqual(outcome.value, values.get(place.key))) continue;
      totals.failures.push(`bit ${bit} of the ${place.part} of ${place.key}: silently another value`);
    } else if (isReported(outcome.reason, place.key)) totals.reported += 1;
    else totals.failures.push(`bit ${bit} of the ${place.part} of ${place.key}: ${String(outcome.reason)}`);
  }
}

function isReported(error: unknown, key: string): boolean {
  return error instanceof StorageError && error.code === 5003 && error.key === key;
}

async function judgeReport(
  storage: StoragePlugin,
  values: ReadonlyMap<string, unknown>,
  totals: FlipTotals,
): Promise<void> {
  const { problems } = await storage.verify(ctx);
  const named = new Set(problems.map(({ key }) => key));
  const missed = [...values.keys()].filter((key) => !named.has(key));
  if (missed.length > 0) totals.failures.push(`verify did not name ${missed.join(", ")}`);
}

/** What was put back is right again: a flip that had not reached the store would be no proof. */
async function judgeWhole(
  storage: StoragePlugin,
  values: ReadonlyMap<string, unknown>,
  totals: FlipTotals,
): Promise<void> {
  const found = await storage.getBatch(ctx, [...values.keys()]);
  if (!isDeepStrictEqual(found, values)) totals.failures.push("the values put back are not what they were");
  const { problems } = await storage.verify(ctx);
  if (problems.length > 0) totals.failures.push(`verify finds ${problems.length} problems where none is`);
}

function sampleValues(random: SeededRandom): Map<string, unknown> {
  return new Map(Array.from({ length: KEYS }, (_, i) => [`key:${i}`, sampleValue(i, random)]));
}

function sampleValue(i: number, random: SeededRandom): unknown {
  const bytes = Uint8Array.from({ length: random.below(LONGEST_TEXT) }, () => random.below(256));
  if (i % 5 === 0) return i;
  if (i % 5 === 1) return Buffer.from(bytes).toString("base64");
  if (i % 5 === 2) return new Uint8Array(bytes);
  if (i % 5 === 3) return { name: `é ${i}`, tags: ["a", "b"], at: new Date(random.below(1e12)) };
  return new Map<unknown, unknown>([[i, bytes.length]]);
}
