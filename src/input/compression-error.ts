/** Compressed data that is damaged or cut short. Everything before it was given. Its message names no file. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
}
