import { setFlagsFromString } from 'node:v8';

/*
 * V8's limits, by how much is to be read. They take effect at once, though V8 was started before. What they gain:
 * docs/decisions/0014.
 */

/** Before the first record, for so many octets in all; Infinity for a stream. */
export function limitByOctets(octets: number): void {
  // V8 doubles the space for new objects as often as many of them survive, up to 48 MB. What survives here is little, and
  // a stream without end has to be read in memory that does not grow.
  setFlagsFromString('--semi-space-growth-factor=1');
  // V8 compiles what ran a few times through 66 KB of bytecode: here some hundred functions within a second, most of them
  // for what is rare. Where all is over sooner they cost more than they gain.
  if (octets < SHORT) setFlagsFromString('--interrupt-budget=300000');
}

/** Once the first records tell how many there are in all; Infinity for a stream. */
export function limitByRecords(records: number): void {
  // Longer functions with fewer calls in them take longer to compile, and pay after some millions of segments.
  if (records > MANY && records < Number.POSITIVE_INFINITY)
    setFlagsFromString('--max-inlined-bytecode-size-cumulative=1400');
}

/** Octets that take less than half a second. */
const SHORT = 1 << 24;
/** Records that take some seconds. */
const MANY = 4_000_000;
