import { fstatSync, statSync } from 'node:fs';

export const STDOUT = 1;
export const STDERR = 2;

/**
 * Whether a person reads along. `process.stdout` and `process.stderr` know, but load Node's streams when they are first
 * touched, a twentieth of what Node takes to start: the system is asked first.
 */
export function isTerminal(descriptor: typeof STDOUT | typeof STDERR): boolean {
  const stats = fstatSync(descriptor);
  if (!stats.isCharacterDevice()) return false;
  if (stats.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev) return false;
  return (descriptor === STDOUT ? process.stdout : process.stderr).isTTY === true;
}
