import { CLIENT, FLOW, FLOW_BITS, type FlowRows, SERVER } from '../../flow/rows.ts';
import type { Tombstones } from '../../flow/tombstones.ts';
import { STATE } from '../machine.ts';
import { ENTRY, type SegmentLists } from './segment-lists.ts';

/** The connection that held the ports before a flow. */
export interface Predecessor {
  readonly flow: number;
  /** Its last frame, and when that was. */
  readonly lastFrame: number;
  readonly lastTime: number;
  /** Which end of the new flow (the SYN's sender is its client) was in TIME_WAIT: bit 1 client, bit 2 server. */
  readonly timeWait: number;
  readonly timeWaitSince: number;
  /** What the new flow's client had sent in it: past the highest sequence number; its newest timestamp. */
  readonly clientNxt: number;
  readonly clientTsVal: number;
  readonly hasTsVal: boolean;
  /** Past the highest sequence number of the new flow's server, in it. */
  readonly serverNxt: number;
}

/** A flow begins on the ports of one that was handed on, the tombstones' `entry`: keeps what is known of that. */
export function keepPredecessor(
  lists: SegmentLists,
  rows: FlowRows,
  row: number,
  tombstones: Tombstones,
  entry: number,
): void {
  const at = lists.headOf(row);
  const { i32, f64 } = lists;
  const bits = tombstones.bits(entry);
  // The new flow's client may be the old one's server.
  const client = ((rows.i32[row + FLOW.bits]! ^ bits) & FLOW_BITS.clientIsHigh) === 0 ? CLIENT : SERVER;
  const server = 1 - client;
  const waits = (side: number): boolean =>
    tombstones.state(entry, side) === STATE.TIME_WAIT &&
    (bits & (side === CLIENT ? FLOW_BITS.timeWaitClient : FLOW_BITS.timeWaitServer)) !== 0;
  i32[at + OLD.known] = 1;
  i32[at + OLD.flow] = tombstones.flow(entry);
  i32[at + OLD.lastFrame] = tombstones.lastFrame(entry);
  i32[at + OLD.timeWait] = (waits(client) ? 1 : 0) | (waits(server) ? 2 : 0);
  i32[at + OLD.clientNxt] = tombstones.sndNxt(entry, client);
  i32[at + OLD.serverNxt] = tombstones.sndNxt(entry, server);
  i32[at + OLD.clientTsVal] = tombstones.tsVal(entry, client);
  f64[at / 2 + OLD.lastTimeF64] = tombstones.lastTime(entry);
  f64[at / 2 + OLD.timeWaitF64] = tombstones.timeWaitTime(entry);
}

/** What was kept of it, by the flow's `FLOW.evidence`. */
export function predecessorOf(lists: SegmentLists, head: number): Predecessor | undefined {
  const { i32, f64 } = lists;
  const at = head * ENTRY.words;
  if (head === 0 || i32[at + OLD.known] === 0) return undefined;
  return {
    flow: i32[at + OLD.flow]!,
    lastFrame: i32[at + OLD.lastFrame]!,
    lastTime: f64[at / 2 + OLD.lastTimeF64]!,
    timeWait: i32[at + OLD.timeWait]!,
    timeWaitSince: f64[at / 2 + OLD.timeWaitF64]!,
    clientNxt: i32[at + OLD.clientNxt]!,
    clientTsVal: i32[at + OLD.clientTsVal]!,
    hasTsVal: i32[at + OLD.clientTsVal]! !== 0,
    serverNxt: i32[at + OLD.serverNxt]!,
  };
}

/** Where it lies in the head of a flow's lists, in words, past those and before their sum (tcp/evidence/kept-segments.ts). */
const OLD = {
  known: 3,
  lastTimeF64: 2,
  timeWaitF64: 3,
  flow: 8,
  lastFrame: 9,
  timeWait: 10,
  clientNxt: 11,
  serverNxt: 12,
  clientTsVal: 13,
} as const;
