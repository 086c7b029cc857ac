import { fstatSync, statSync, writeSync } from 'node:fs';

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

/** Writes the first `length` octets, waiting where a full pipe does not block. Throws what the system says. */
export function writeFully(descriptor: number, octets: Uint8Array, length: number): void {
  for (let at = 0; at < length; ) {
    try {
      at += writeSync(descriptor, octets, at, length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(SLEEPER, 0, 0, 2);
    }
  }
}

/** A full pipe that does not block (EAGAIN) is waited for: nobody ever wakes this. */
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

/** Says something on standard error. Where that can't be written either, the exit status has to say it all. */
export function say(text: string): void {
  const octets = Buffer.from(text);
  try {
    writeFully(STDERR, octets, octets.length);
  } catch {
    // nobody is left to be told
  }
}
