import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8's limits for reading captures of so many octets in all; Infinity for a stream. They take effect at once, though
 * V8 was started before. What they gain: docs/decisions/0014.
 */
export function setV8Limits(octets: number): void {
  // V8 doubles the space for new objects as often as many of them survive, up to 48 MB. What survives here is little, and
  // a stream without end has to be read in memory that does not grow.
  setFlagsFromString('--semi-space-growth-factor=1');
  // V8 compiles what ran a few times through 66 KB of bytecode: here some hundred functions within a second, most of them
  // for what is rare. Where all is over sooner they cost more than they gain.
  if (octets < SHORT) setFlagsFromString('--interrupt-budget=300000');
  // Longer functions with fewer calls in them take longer to compile, and pay after some millions of segments.
  if (octets > HUGE && octets < Number.POSITIVE_INFINITY)
    setFlagsFromString('--max-inlined-bytecode-size-cumulative=1400');
}

/** Octets that take less than half a second. */
const SHORT = 1 << 24;
/** Octets that take some seconds. */
const HUGE = 1 << 29;
