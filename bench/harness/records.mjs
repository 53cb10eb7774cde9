/** The records that every row stores: 200 bytes of JSON on average, eight fields, one array and one object among them. */
export function valueOf(n) {
  return {
    id: n,
    name: `User Number ${n}`,
    email: `user.${n}@example.org`,
    active: n % 3 !== 0,
    score: (n % 1000) / 8,
    tags: ["alpha", "release"],
    address: { city: "Lyon", zip: "69001" },
    createdAt: "2026-01-15T09:30:00.000Z",
  };
}

/**
 * Values one after the other, a prime number of them: no round gives a key the value that the last one gave it. Engines
 * that see that nothing changes write nothing, and a put would be measured that is none.
 */
export function valuesInTurn(count = 1009) {
  const values = Array.from({ length: count }, (_, n) => valueOf(n));
  let next = 0;
  return () => values[next++ % count];
}

export const keyOf = (n) => `user:${n}:profile`;

/** The keys of records 0 to count, made beforehand so that no round pays for them. */
export const keysUpTo = (count) => Array.from({ length: count }, (_, n) => keyOf(n));

/** Batches of records, so that filling a million of them needs no second copy of all; no larger than every backend takes. */
export function* batchesUpTo(count, batchSize = 5_000) {
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    yield Array.from({ length: size }, (_, i) => [keyOf(start + i), valueOf(start + i)]);
  }
}

/** Fills a store with records 0 to count, by its batch call where it has one. */
export async function fill(handle, count) {
  for (const batch of batchesUpTo(count)) {
    if (handle.setMany !== undefined) await handle.setMany(batch);
    else for (const [key, value] of batch) await handle.set(key, value);
  }
}

/** Pseudo-random numbers below `limit`, the same in every process (xorshift32, Marsaglia 2003). */
export function randomBelow(limit, seed = 2463534242) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
