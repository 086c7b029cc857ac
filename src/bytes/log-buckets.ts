/**
 * Buckets for durations of nanoseconds, sixteen to a doubling (about 4% wide), from a microsecond to half an hour: any
 * percentile of any number of them in bounded memory.
 */
export const BUCKETS: number = 31 * 16;

const PER_DOUBLING = 16;
const SMALLEST = 1000;

/** The bucket of a duration; those out of range are in the first or the last. */
export function bucketOf(nanoseconds: number): number {
  if (nanoseconds <= SMALLEST) return 0;
  return Math.min(Math.floor(Math.log2(nanoseconds / SMALLEST) * PER_DOUBLING), BUCKETS - 1);
}

/** The middle of a bucket, nanoseconds. */
export function middleOf(bucket: number): number {
  return SMALLEST * 2 ** ((bucket + 0.5) / PER_DOUBLING);
}
