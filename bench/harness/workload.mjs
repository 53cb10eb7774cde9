/** Runs `operation` `total` times with `width` of them in flight, each worker awaiting its own before the next. */
export async function inFlight(width, total, operation) {
  if (width === 1) {
    for (let i = 0; i < total; i++) await operation(i);
    return total;
  }
  let next = 0;
  const worker = async () => {
    while (next < total) await operation(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return total;
}

/** Repeats `operation` until `leastMs` have passed, at least once; how often it ran. */
export async function repeatFor(leastMs, operation) {
  const end = performance.now() + leastMs;
  let count = 0;
  do {
    await operation(count++);
  } while (performance.now() < end);
  return count;
}
