import { writeIpv4, writeIpv6 } from '../bytes/address.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { CLIENT, FLOW, FLOW_BITS } from '../flow/rows.ts';
import type { FlowCursor } from './cursor.ts';

/** Writes the address of a side of the flow. */
export function writeAddress(flow: FlowCursor, side: number, out: ByteWriter): void {
  const high = isHigh(flow, side);
  if ((flow.bits() & FLOW_BITS.v6) === 0) writeIpv4(out, flow.word(high ? FLOW.keyHigh : FLOW.keyLow));
  else writeIpv6(out, flow.i32, flow.row + (high ? FLOW.addressHigh : FLOW.addressLow));
}

/** The port of a side of the flow. */
export function portOf(flow: FlowCursor, side: number): number {
  const ports = flow.word(FLOW.ports);
  return isHigh(flow, side) ? ports & 0xffff : ports >>> 16;
}

function isHigh(flow: FlowCursor, side: number): boolean {
  const clientIsHigh = (flow.bits() & FLOW_BITS.clientIsHigh) !== 0;
  return side === CLIENT ? clientIsHigh : !clientIsHigh;
}
