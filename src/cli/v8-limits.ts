import { setFlagsFromString } from 'node:v8';

/**
 * Sets V8's limits for reading large captures, of so many octets in all; Infinity for a stream. They take effect at once,
 * though V8 was started before.
 */
export function setV8Limits(octets: number): void {
  // V8 doubles the space for new objects as often as many of them survive, up to 48 MB. What survives here is little, and
  // a stream without end has to be read in memory that does not grow.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Longer functions with fewer calls in them take longer to compile, and pay after some millions of segments.
  if (octets > HUGE && octets < Number.POSITIVE_INFINITY)
    setFlagsFromString('--max-inlined-bytecode-size-cumulative=1400');
}

const HUGE = 1 << 29;
