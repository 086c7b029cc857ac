/**
 * The smallest of sorted values that `part` of all do not exceed (nearest rank); NaN when there are none.
 * @param part 0 to 1
 */
export function percentileOf(sorted: ArrayLike<number>, part: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(part * sorted.length - 1e-9))) - 1]!;
}
