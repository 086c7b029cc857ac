import { END, FLOW, type FlowRows } from '../../flow/rows.ts';
import { KIND } from '../../wire/option-kinds.ts';
import { RST, type SegmentView } from '../../wire/segment.ts';
import { isBare } from '../events.ts';
import { NOTE, type Verdict } from '../verdict.ts';
import { type LastSegment, NOTED, type Noted } from './noted.ts';
import type { SegmentLists } from './segment-lists.ts';

/** Writes a segment into its entry, before the row forgets what its sender's segment before it was. */
export function writeEntry(
  { i32, f64 }: SegmentLists,
  at: number,
  rows: FlowRows,
  verdict: Verdict,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  i32[at + AT.frame] = segment.frame;
  i32[at + AT.what] =
    segment.flags |
    (side << WHAT.side) |
    ((verdict.repeats !== 0 ? 1 : 0) << WHAT.repeats) |
    (segment.hasTimestamps << WHAT.timestamps);
  i32[at + AT.seq] = segment.seq;
  i32[at + AT.ack] = segment.ack;
  i32[at + AT.window] = segment.window | (segment.ttl << 16);
  i32[at + AT.length] = segment.roomLength;
  i32[at + AT.ipId] = segment.ipId;
  i32[at + AT.notes] = verdict.notes;
  i32[at + AT.events] = verdict.events;
  i32[at + AT.tsVal] = segment.tsVal;
  i32[at + AT.retransmits] = verdict.retransmitsFrame;
  i32[at + AT.states] = statesOf(verdict, rows.i32, row);
  if ((verdict.notes & NOTE.windowShrunk) !== 0) i32[at + AT.extra] = verdict.takenBack;
  else i32[at + AT.extra] = (segment.flags & RST) !== 0 ? multipathOf(segment) : cookieOf(segment);
  f64[at / 2 + AT.timeF64] = segment.time;
  const own = rows.f64[sender / 2 + END.eventNextTimeF64]!;
  const peer = rows.f64[receiver / 2 + END.eventNextTimeF64]!;
  f64[at / 2 + AT.activeF64] = Math.max(own, peer);
  writeLast(i32, f64, at + AT.own, rows, sender, receiver, segment.frame);
  writeLast(i32, f64, at + AT.peer, rows, receiver, sender, segment.frame);
  i32[at + AT.bare] = (isBare(rows.i32, sender) ? OWN : 0) | (isBare(rows.i32, receiver) ? PEER : 0);
}

/** States of both ends before and after the segment: four times four bits. */
function statesOf(verdict: Verdict, i32: Int32Array, row: number): number {
  const client = i32[row + FLOW.state]! & 15;
  const server = i32[row + FLOW.state + 1]! & 15;
  let clientBefore = client;
  let serverBefore = server;
  for (let i = verdict.transitionCount - 1; i >= 0; i--) {
    const transition = verdict.transitions[i]!;
    if (transition >> 8 === 0) clientBefore = (transition >> 4) & 15;
    else serverBefore = (transition >> 4) & 15;
  }
  return clientBefore | (serverBefore << 4) | (client << 8) | (server << 12);
}

/** Subtype << 8 | transient << 7 | reason of a Multipath TCP option (RFC 8684 3.5, 3.6), or -1. */
function multipathOf(segment: SegmentView): number {
  const { view } = segment;
  const end = Math.min(segment.tcpAt + segment.headerLength, segment.tcpEnd);
  let at = segment.tcpAt + 20;
  while (at + 4 <= end) {
    const kind = view.getUint8(at);
    if (kind === KIND.end) break;
    const length = kind === KIND.noOperation ? 1 : view.getUint8(at + 1);
    if (length === 0) break;
    if (kind === KIND.multipath) {
      const first = view.getUint8(at + 2);
      return ((first >> 4) << 8) | ((first & 1) << 7) | (view.getUint8(at + 3) & 0x7f);
    }
    at += length;
  }
  return -1;
}

/** Octets of a Fast Open cookie, or NO_OPTION; UNKNOWN_OPTION where the snapshot length cut the options. */
function cookieOf(segment: SegmentView): number {
  const isCut = segment.tcpEnd - segment.tcpAt < segment.headerLength;
  return isCut && segment.fastOpenCookie < 0 ? UNKNOWN_OPTION : segment.fastOpenCookie;
}

/** `Noted.extra` of a SYN whose options were not all kept. */
const UNKNOWN_OPTION = -2;

/** What an end had sent last before a frame. */
function writeLast(
  i32: Int32Array,
  f64: Float64Array,
  at: number,
  rows: FlowRows,
  end: number,
  other: number,
  frame: number,
): void {
  const last = rows.i32[end + END.lastFrame]!;
  i32[at + LAST.frame] = last === frame ? 0 : last;
  i32[at + LAST.seq] = rows.i32[end + END.lastSeq]!;
  i32[at + LAST.ack] = rows.i32[isBare(rows.i32, end) ? other + END.sndUna : end + END.eventAck]!;
  i32[at + LAST.ttl] = rows.i32[end + END.lastTtl]!;
  i32[at + LAST.ipId] = rows.i32[end + END.lastIpId]!;
  i32[at + LAST.events] = rows.i32[end + END.eventLast]!;
  i32[at + LAST.packets] = rows.i32[end + END.packets]!;
  i32[at + LAST.payloads] = rows.i32[end + END.payloadSegments]!;
  i32[at + LAST.sndNxt] = rows.i32[end + END.sndNxt]!;
  i32[at + LAST.tsVal] = rows.i32[end + END.tsVal]!;
  f64[at / 2 + LAST.timeF64] = rows.f64[end / 2 + END.lastTimeF64]!;
}

/** Makes it the entry of an ICMP error that quotes the segment. */
export function markIcmp({ i32 }: SegmentLists, at: number, segment: SegmentView): void {
  i32[at + AT.what] = i32[at + AT.what]! | (NOTED.icmp << WHAT.kind);
  i32[at + AT.extra] = (segment.icmpType << 8) | segment.icmpCode;
}

/** Who sent the segment of an entry: CLIENT or SERVER. */
export function sideOf(i32: Int32Array, at: number): number {
  return (i32[at + AT.what]! >> WHAT.side) & 1;
}

/** The segment of an entry. */
export function readEntry({ i32, f64 }: SegmentLists, at: number): Noted {
  const what = i32[at + AT.what]!;
  const states = i32[at + AT.states]!;
  const active = f64[at / 2 + AT.activeF64]!;
  return {
    kind: what >> WHAT.kind,
    frame: i32[at + AT.frame]!,
    time: f64[at / 2 + AT.timeF64]!,
    side: (what >> WHAT.side) & 1,
    flags: what & 0x1ff,
    seq: i32[at + AT.seq]!,
    ack: i32[at + AT.ack]!,
    window: i32[at + AT.window]! & 0xffff,
    length: i32[at + AT.length]!,
    ttl: (i32[at + AT.window]! >>> 16) & 0xff,
    ipId: i32[at + AT.ipId]!,
    hasTimestamps: ((what >> WHAT.timestamps) & 1) !== 0,
    tsVal: i32[at + AT.tsVal]!,
    notes: i32[at + AT.notes]!,
    events: i32[at + AT.events]!,
    repeats: ((what >> WHAT.repeats) & 1) !== 0,
    retransmitsFrame: i32[at + AT.retransmits]!,
    before: [states & 15, (states >> 4) & 15],
    after: [(states >> 8) & 15, (states >> 12) & 15],
    own: readLast(i32, f64, at + AT.own, (i32[at + AT.bare]! & OWN) !== 0),
    peer: readLast(i32, f64, at + AT.peer, (i32[at + AT.bare]! & PEER) !== 0),
    activeTime: active > 0 ? active : Number.NaN,
    extra: i32[at + AT.extra]!,
    contradicts: i32[at + AT.contradicts]!,
  };
}

function readLast(i32: Int32Array, f64: Float64Array, at: number, bare: boolean): LastSegment {
  const frame = i32[at + LAST.frame]!;
  const ack = i32[at + LAST.ack]!;
  return {
    frame,
    time: frame === 0 ? Number.NaN : f64[at / 2 + LAST.timeF64]!,
    seq: i32[at + LAST.seq]!,
    ack: ack === 0 ? null : ack,
    bare,
    ttl: i32[at + LAST.ttl]!,
    ipId: i32[at + LAST.ipId]!,
    events: i32[at + LAST.events]!,
    packets: i32[at + LAST.packets]!,
    payloads: i32[at + LAST.payloads]!,
    sndNxt: i32[at + LAST.sndNxt]!,
    tsVal: i32[at + LAST.tsVal]!,
  };
}

/** Where an entry's fields lie, in words, past those of ENTRY; names that end in F64 index doubles, as in flow/rows.ts. */
export const AT = {
  /** How many segments after it are kept as well. */
  credit: 2,
  what: 3,
  frame: 4,
  seq: 5,
  ack: 6,
  window: 7,
  timeF64: 4,
  activeF64: 5,
  length: 12,
  ipId: 13,
  notes: 14,
  events: 15,
  tsVal: 16,
  retransmits: 17,
  states: 18,
  extra: 19,
  own: 20,
  peer: 32,
  /** Fingerprint of its octets, 0 where not known; and `Noted.contradicts`. */
  opening: 44,
  more: 45,
  contradicts: 46,
  /** Which of both ends' last segments had no ACK. */
  bare: 47,
} as const;
/** Bits of AT.bare. */
const OWN = 1;
const PEER = 2;
/** … and those of an end's last segment, from AT.own or AT.peer. */
export const LAST = {
  timeF64: 0,
  frame: 2,
  seq: 3,
  ack: 4,
  ttl: 5,
  ipId: 6,
  events: 7,
  packets: 8,
  payloads: 9,
  sndNxt: 10,
  tsVal: 11,
} as const;
/** AT.what: the header's flags in bits 0 to 8, then these; `repeats` and `kind` are bits of TRAIT too. */
const WHAT = { side: 9, repeats: 10, timestamps: 11, kind: 12 } as const;
