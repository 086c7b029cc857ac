import { ACK, FIN, RST, SYN } from '../wire/segment.ts';

/** Wireshark's `tcp.completeness` bits of a segment: SYN+ACK 2, ACK 4, data 8, FIN with ACK 16, RST 32. */
export function completenessOf(flags: number, payload: number): number {
  let bits = 0;
  if ((flags & (SYN | ACK)) === (SYN | ACK)) bits = 2;
  else if ((flags & (SYN | ACK)) === ACK) bits = payload === 0 ? 4 : 8;
  if ((flags & (FIN | ACK)) === (FIN | ACK)) bits |= 16;
  if ((flags & RST) !== 0) bits |= 32;
  return bits;
}

/**
 * A flow's first segment only counts at once when it is a SYN: bit 1, and its octets unless the ports were used before.
 * Any other counts (kept eight bits higher until then) when a second segment shows that there is a
 * conversation: so Wireshark does in two passes.
 */
export function firstCompleteness(flags: number, payload: number, reused: boolean): number {
  if ((flags & (SYN | ACK)) !== SYN) return completenessOf(flags, payload) << 8;
  const reset = (flags & RST) === 0 ? 0 : reused ? 32 : 32 << 8;
  return 1 | (payload > 0 && !reused ? 8 : 0) | reset;
}
