import { seqDelta } from '../bytes/seq.ts';
import { type Facts, FlowCase } from '../findings/case.ts';
import { gapOctets, isOneWay, isOpen } from '../findings/rules/whole.ts';
import { addressHash, ENDPOINT_WORDS, readEndpoint, scramble } from '../flow/endpoints.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { STATE } from '../tcp/machine.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { NOTE, type Verdict } from '../tcp/verdict.ts';
import type { SegmentView } from '../wire/segment.ts';
import { Lowest } from './lowest.ts';

/** Frames given as evidence. */
const SHOWN = 10;
/** Wireshark's completeness bits: SYN 1, SYN+ACK 2. */
const SYNS = 3;

/** What finished flows tell of the capture that holds them. */
export class Census {
  flows = 0;
  midstream = 0;
  readonly midstreamFrames: Lowest = new Lowest(SHOWN);
  readonly midstreamFlows: Lowest = new Lowest(SHOWN);
  endedOpen = 0;
  readonly openFlows: Lowest = new Lowest(SHOWN);
  /** Flows of which both ends were captured; those of which one is missing that must have spoken. */
  bothWays = 0;
  oneWay = 0;
  readonly oneWayFrames: Lowest = new Lowest(SHOWN);
  readonly oneWayFlows: Lowest = new Lowest(SHOWN);
  /** Flows with octets that were acknowledged and never captured, and how many octets. */
  gaps = 0;
  gapOctets = 0;
  /** Whether one of these flows was captured from its beginning on. */
  gapsCertain = false;
  readonly gapFlows: Lowest = new Lowest(SHOWN);
  /** Flows with an ACK, or a SYN+ACK, that stands before what it acknowledges. */
  reordered = 0;
  readonly reorderedFlows: Lowest = new Lowest(SHOWN);
  /** Flows of nothing but SYNs and SYN+ACKs, the latter never repeated: a capture filter leaves as much. */
  synsOnly = 0;
  /** Pairs of flows that are one connection on two sides of a device that rewrites addresses. */
  readonly pairs: Pairs = new Pairs();
  private readonly tracker: Tracker;
  /** Rows of flows with an ACK of what had not been captured then. */
  private readonly unseen: Set<number> = new Set();
  private readonly flow: FlowCase;

  constructor(tracker: Tracker, facts: Facts) {
    this.tracker = tracker;
    this.flow = new FlowCase(facts);
  }

  /** An ACK of what was not captured; before the handshake is over it may be of an older connection. */
  takeUnseen({ row, side, clientState, serverState }: Verdict, { ack }: SegmentView): void {
    if (!isAlive(clientState) || !isAlive(serverState)) return;
    const end = row + (side === CLIENT ? FLOW.server : FLOW.client);
    if (seqDelta(this.tracker.rows.i32[end + END.sndNxt]!, ack) > 0) this.unseen.add(row);
  }

  /** A flow is finished; its row is still whole. */
  take(row: number): void {
    const { i32 } = this.tracker.rows;
    const bits = i32[row + FLOW.bits]!;
    this.flows++;
    const unseen = this.unseen.size > 0 && this.unseen.delete(row);
    if ((bits & FLOW_BITS.midstream) !== 0) {
      this.midstream++;
      this.midstreamFrames.add(i32[row + FLOW.firstFrame]!);
      this.midstreamFlows.add(i32[row + FLOW.number]!);
    }
    if (this.tracker.over && isOpen(i32, row)) {
      this.endedOpen++;
      this.openFlows.add(i32[row + FLOW.number]!);
    }
    const kept = i32[row + FLOW.completeness]!;
    const completeness = (kept | (kept >> 8)) & 0x3f;
    if ((completeness & ~SYNS) === 0 && i32[row + FLOW.synAckRetransmissions] === 0) this.synsOnly++;
    if ((bits & FLOW_BITS.selfConnect) !== 0) return;
    this.flow.move(row);
    this.takeWays();
    this.takeGaps(unseen);
    this.pairs.take(this.tracker, row);
  }

  /** A flow of a SYN and its SYN+ACK, of which `take` would say no more. */
  takeOpening(): void {
    this.flows++;
    this.synsOnly++;
    this.bothWays++;
  }

  private takeWays(): void {
    const { flow } = this;
    if (flow.bothWays) {
      this.bothWays++;
      return;
    }
    if (!isOneWay(flow, flow.client) && !isOneWay(flow, flow.server)) return;
    this.oneWay++;
    this.oneWayFrames.add(flow.word(FLOW.firstFrame));
    this.oneWayFlows.add(flow.word(FLOW.number));
  }

  private takeGaps(unseen: boolean): void {
    const { flow } = this;
    if (!flow.bothWays) return;
    const octets = gapOctets(flow, flow.client) + gapOctets(flow, flow.server);
    const syn = flow.word(FLOW.synFrame);
    const synAck = flow.word(FLOW.synAckFrame);
    if (octets > 0) {
      this.gaps++;
      this.gapOctets += octets;
      if (!flow.has(FLOW_BITS.midstream)) this.gapsCertain = true;
      this.gapFlows.add(flow.word(FLOW.number));
    } else if ((unseen && syn > 0 && synAck > 0) || (synAck > 0 && synAck < syn)) {
      // What was acknowledged must have come since.
      if (flow.noticed(NOTE.checksumBad) || flow.client.sentUnseen || flow.server.sentUnseen) return;
      this.reordered++;
      this.reorderedFlows.add(flow.word(FLOW.number));
    }
  }
}

function isAlive(state: number): boolean {
  return (
    state !== STATE.unknown &&
    state !== STATE.CLOSED &&
    state !== STATE.TIME_WAIT &&
    state !== STATE.SYN_SENT &&
    state !== STATE.LISTEN &&
    state !== STATE.SYN_RECV
  );
}

/**
 * Two flows with the same initial sequence numbers, octets and times, one end of which has another address: what is seen
 * on both sides of a NAT. Generators of traffic like to use the same numbers in every flow: a third flow ends it.
 *
 * Flows are remembered in a table of TWINS places, each by its initial sequence numbers; a newer one takes its place.
 */
class Pairs {
  /** The first pair: numbers of two flows. */
  first: readonly [number, number] | null = null;
  private pairs = 0;
  private readonly i32 = new Int32Array(TWINS * TWIN.words);
  private readonly f64 = new Float64Array(this.i32.buffer);
  private readonly scratch = new Int32Array(2 * ENDPOINT_WORDS);

  get count(): number {
    return this.first === null ? 0 : this.pairs;
  }

  take(tracker: Tracker, row: number): void {
    const { i32, f64 } = tracker.rows;
    const client = row + FLOW.client;
    const server = row + FLOW.server;
    if ((i32[client + END.bits]! & i32[server + END.bits]! & END_BITS.synSent) === 0) return;
    if (i32[client + END.packets]! + i32[server + END.packets]! < ENOUGH) return;
    const isn = i32[client + END.isn]!;
    const peerIsn = i32[server + END.isn]!;
    const at = ((scramble(isn) ^ peerIsn) & (TWINS - 1)) * TWIN.words;
    const kept = this.i32;
    if (kept[at + TWIN.flows] === 0 || kept[at + TWIN.isn] !== isn || kept[at + TWIN.peerIsn] !== peerIsn) {
      this.remember(i32, f64, row, at);
      return;
    }
    const flows = kept[at + TWIN.flows]! + 1;
    kept[at + TWIN.flows] = flows;
    const flow = i32[row + FLOW.number]!;
    const other = kept[at + TWIN.flow]!;
    if (flows === 2 && this.isPair(i32, f64, row, at)) {
      this.pairs++;
      this.first ??= other < flow ? [other, flow] : [flow, other];
    } else if (flows === 3) this.first = null;
  }

  private remember(i32: Int32Array, f64: Float64Array, row: number, at: number): void {
    const kept = this.i32;
    const half = at >> 1;
    kept[at + TWIN.flows] = 1;
    kept[at + TWIN.flow] = i32[row + FLOW.number]!;
    kept[at + TWIN.isn] = i32[row + FLOW.client + END.isn]!;
    kept[at + TWIN.peerIsn] = i32[row + FLOW.server + END.isn]!;
    kept[at + TWIN.client] = this.endOf(i32, row, CLIENT);
    kept[at + TWIN.server] = this.endOf(i32, row, SERVER);
    this.f64[half + TWIN.startF64] = f64[(row >> 1) + FLOW.firstTimeF64]!;
    this.f64[half + TWIN.endF64] = f64[(row >> 1) + FLOW.lastTimeF64]!;
    this.f64[half + TWIN.sentF64] = f64[((row + FLOW.client) >> 1) + END.uniqueBytesF64]!;
    this.f64[half + TWIN.receivedF64] = f64[((row + FLOW.server) >> 1) + END.uniqueBytesF64]!;
  }

  private isPair(i32: Int32Array, f64: Float64Array, row: number, at: number): boolean {
    const kept = this.i32;
    const half = at >> 1;
    const delay = Math.abs(this.f64[half + TWIN.startF64]! - f64[(row >> 1) + FLOW.firstTimeF64]!);
    const endDelay = Math.abs(this.f64[half + TWIN.endF64]! - f64[(row >> 1) + FLOW.lastTimeF64]!);
    const sameClient = kept[at + TWIN.client] === this.endOf(i32, row, CLIENT);
    const sameServer = kept[at + TWIN.server] === this.endOf(i32, row, SERVER);
    return (
      sameClient !== sameServer &&
      this.f64[half + TWIN.sentF64] === f64[((row + FLOW.client) >> 1) + END.uniqueBytesF64] &&
      this.f64[half + TWIN.receivedF64] === f64[((row + FLOW.server) >> 1) + END.uniqueBytesF64] &&
      delay < LONGEST_DELAY &&
      Math.abs(endDelay - delay) < LARGEST_JITTER
    );
  }

  /** A hash of an end's address and port. */
  private endOf(i32: Int32Array, row: number, side: number): number {
    const { scratch } = this;
    const at = side * ENDPOINT_WORDS;
    readEndpoint(i32, row, side, scratch, at);
    return scramble(addressHash(scratch, at) ^ scratch[at + 5]!);
  }
}

/** Where a place's fields lie, in words; names that end in F64 index doubles. */
const TWIN = {
  /** Flows with these initial sequence numbers; 0 is an empty place. */
  flows: 0,
  flow: 1,
  isn: 2,
  peerIsn: 3,
  client: 4,
  server: 5,
  startF64: 3,
  endF64: 4,
  sentF64: 5,
  receivedF64: 6,
  words: 14,
} as const;
/** A power of two. */
const TWINS = 4096;
/** Segments that a pair must have at least. */
const ENOUGH = 5;
const LONGEST_DELAY = 1e8;
const LARGEST_JITTER = 2e7;
