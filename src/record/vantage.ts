import { hops } from '../findings/rules/quiet.ts';
import { CLIENT, END, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import type { FlowCursor } from './cursor.ts';

/** Where a capture may have been taken, by its place in this list. */
export const VANTAGES = ['client', 'server', 'between'] as const;

/**
 * Where the capture was likely taken, from the two halves of the round trip: SYN to SYN+ACK is the way to the server
 * and back, SYN+ACK to ACK the way to the client and back. -1 where they do not tell: one of them was not captured, sent
 * again, the whole way is as short as an end takes to think, or times to live contradict.
 */
export function vantageOf(flow: FlowCursor): number {
  const { half } = flow;
  const whole = FLOW_BITS.synSeen | FLOW_BITS.synAckSeen | FLOW_BITS.ackSeen;
  if ((flow.bits() & (whole | FLOW_BITS.simultaneousOpen | FLOW_BITS.selfConnect)) !== whole) return -1;
  if (flow.isTimeVoid) return -1;
  if (flow.word(FLOW.synRetransmissions) !== 0 || flow.word(FLOW.synAckRetransmissions) !== 0) return -1;
  const synAck = flow.double(FLOW.synAckTimeF64);
  let server = synAck - flow.double(FLOW.lastSynTimeF64);
  let client = flow.double(FLOW.ackTimeF64) - synAck;
  if (!(server >= 0 && client >= 0)) return -1;
  // Later segments may have been answered faster: a busy listener is slow, and so is the first packet of a path.
  if (flow.word(FLOW.client + END.rttSamples) !== 0)
    server = Math.min(server, flow.f64[half + FLOW.client / 2 + END.rttMinF64]!);
  if (flow.word(FLOW.server + END.rttSamples) !== 0)
    client = Math.min(client, flow.f64[half + FLOW.server / 2 + END.rttMinF64]!);
  // That both are alike is believed only of more than the handshake, in which either end may have been slow.
  const both = flow.word(FLOW.client + END.rttSamples) > 1 && flow.word(FLOW.server + END.rttSamples) > 1;
  const near = Math.min(server, client);
  const far = Math.max(server, client);
  if (far < SHORT) return -1;
  if (near * 8 <= far) {
    const end = client < server ? CLIENT : SERVER;
    return isContradicted(flow, end) ? -1 : end;
  }
  return both && near >= SHORT && near * 3 >= far ? 2 : -1;
}

/**
 * Whether the times to live say the opposite: the segments of this end passed routers, those of the other one none. Then
 * something before the end answers in its name (a VPN, a proxy), or the other one is slow.
 */
function isContradicted(flow: FlowCursor, end: number): boolean {
  const [near, far] = end === CLIENT ? [FLOW.client, FLOW.server] : [FLOW.server, FLOW.client];
  return hops(flow.word(near + END.lastTtl)) >= ROUTED && hops(flow.word(far + END.lastTtl)) === 0;
}

/** Routers that nobody has within a host, or between a host and its containers. */
const ROUTED = 3;

/** Nanoseconds that an end may take to answer, whatever the way. */
const SHORT = 1e6;
