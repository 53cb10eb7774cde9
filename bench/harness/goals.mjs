/**
 * What a row asks of ours. With `atLeast` or `atMost` the peer's time is divided by ours, or ours by the peer's, in
 * the same run; `limit` bounds our own figure in its unit, and `least` from below. `peer` may be one of our own
 * subjects, `peerFigure` another figure than ours: so is "flat in the number of keys" said.
 */
export function judge(goal, benches) {
  const ours = medianOf(benches, goal.ours, goal.figure);
  if (goal.limit !== undefined) return verdict(goal, ours, ours <= goal.limit);
  if (goal.least !== undefined) return verdict(goal, ours, ours >= goal.least);
  const peer = medianOf(benches, goal.peer, goal.peerFigure ?? goal.figure);
  if (goal.atLeast !== undefined) return verdict(goal, peer / ours, peer / ours >= goal.atLeast);
  return verdict(goal, ours / peer, ours / peer <= goal.atMost);
}

function verdict(goal, measured, met) {
  if (measured === undefined || Number.isNaN(measured)) return { goal, state: "not measured" };
  return { goal, measured, state: met ? "met" : "missed" };
}

function medianOf(benches, subject, figure) {
  for (const bench of benches) {
    const found = bench.subjects.find(({ name }) => name === subject)?.figures[figure];
    if (found !== undefined) return found.median;
  }
  return undefined;
}
