/**
 * Lets the compiler put more functions into one: a call that it leaves costs 10 to 20 ns, a segment has some thirty of
 * them (docs/decisions/0006). A capture too small to be compiled for does not wait for node:v8.
 *
 * @param octets of the captures; null when nobody knows
 */
export function inlineFor(octets: number | null): void {
  if (octets !== null && octets < SMALL) return;
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--max-inlined-bytecode-size=600');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000');
}

const SMALL = 1 << 16;
