/** The value below which `share` of the sorted values lie, interpolated between neighbours. */
function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

const sort = (values) => [...values].sort((a, b) => a - b);

export const median = (values) => quantile(sort(values), 0.5);

/** The middle half of the values. */
export function spread(values) {
  const sorted = sort(values);
  return { low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}
