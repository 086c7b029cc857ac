/**
 * Sequence numbers are 32 bits and wrap (RFC 9293 3.4). Inside lastack they are int32:
 * only differences mean anything. `>>> 0` belongs to the renderers.
 */

/** How far `b` lies past `a`; negative when it is before. Exact within 2^31 octets. */
export function seqDelta(a: number, b: number): number {
  return (b - a) | 0;
}
