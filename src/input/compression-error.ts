/** Compressed data that is damaged or cut short. Everything before it was given. Its message names no file. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
}

/**
 * The error of a file in which something else follows its compressed data.
 *
 * @param position octet of the file where that begins
 */
export function somethingFollows(kind: 'gzip' | 'zstd' | 'lz4', position: number): CompressionError {
  return new CompressionError(
    `its ${kind} data is whole, but something else follows from byte ${position} of the file on`,
  );
}
