import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, type FlowRows, SERVER } from '../flow/rows.ts';
import type { FlowTable } from '../flow/table.ts';
import type { Tombstones } from '../flow/tombstones.ts';
import { ACK, type SegmentView, SYN } from '../wire/segment.ts';
import { EVENT } from './events.ts';
import { OVER } from './handing-on.ts';
import { STATE } from './machine.ts';
import type { Tracker } from './tracker.ts';
import { NOTE, type Verdict } from './verdict.ts';

/**
 * Which flow a segment belongs to, where its addresses and ports do not tell: identity is the tuple and the initial sequence
 * numbers, so that ports used again make another flow, and a SYN sent again does not.
 */
export class FlowIdentity {
  /** Flows begun so far: the number of the newest. */
  flows = 0;
  /** Segments that came after their flow was handed on. */
  lateSegments = 0;
  private readonly tracker: Tracker;
  private readonly table: FlowTable;
  private readonly rows: FlowRows;
  private readonly verdict: Verdict;
  private readonly tombstones: Tombstones;
  /** How long ports are remembered, nanoseconds: two MSL. */
  private readonly memory: number;
  /** What `isLate` found of the flow that held the ports last: a tombstone, or -1. */
  private predecessor = -1;

  constructor(tracker: Tracker, memory: number) {
    this.tracker = tracker;
    this.table = tracker.table;
    this.rows = tracker.rows;
    this.verdict = tracker.verdict;
    this.tombstones = tracker.tombstones;
    this.memory = memory;
  }

  /** Whether a segment without a flow belongs to one that was handed on. */
  isLate(segment: SegmentView): boolean {
    const { table, tombstones, verdict } = this;
    const found = tombstones.find(table);
    this.predecessor = found;
    if (found < 0) return false;
    if ((segment.flags & (SYN | ACK)) === SYN && !tombstones.hasIsn(found, segment.seq)) {
      const waits =
        tombstones.state(found, CLIENT) === STATE.TIME_WAIT || tombstones.state(found, SERVER) === STATE.TIME_WAIT;
      const inTimeWait = waits && this.isRecent(found, segment.time);
      verdict.notes |= NOTE.portsReused | (inTimeWait ? NOTE.reusedInTimeWait : 0);
      return false;
    }
    this.lateSegments++;
    tombstones.count(found);
    verdict.row = -1;
    verdict.late = 1;
    verdict.flow = tombstones.flow(found);
    verdict.side = -1;
    verdict.clientState = STATE.unknown;
    verdict.serverState = STATE.unknown;
    return true;
  }

  /** A new flow on ports of which no flow is open; `isLate` was asked about its first segment. */
  beginNext(segment: SegmentView): number {
    const { predecessor, tracker, verdict } = this;
    const row = this.begin(segment, ++this.flows);
    // What was handed on early, and else would still be known, is what held the ports before.
    if ((verdict.notes & NOTE.portsReused) !== 0 && this.isRecent(predecessor, segment.time))
      tracker.evidence.takePredecessor(row, this.tombstones, predecessor);
    return row;
  }

  /**
   * Whether a SYN or SYN+ACK belongs to the flow on its ports or begins another: identity is the tuple and the initial
   * sequence numbers. Answers the row it belongs to.
   */
  splitAtSyn(row: number, segment: SegmentView): number {
    const { rows, table, verdict } = this;
    const { reuse } = this.tracker;
    const { i32 } = rows;
    const bits = i32[row + FLOW.bits]!;
    const side = table.sideOf(row);
    const sender = row + (side === CLIENT ? FLOW.client : FLOW.server);
    if (i32[row + FLOW.firstFrame] === segment.frame) return row;
    if ((segment.flags & ACK) !== 0) {
      if ((bits & FLOW_BITS.reusePending) === 0) return row;
      const waiting = reuse.matching(row, 1 - side, segment.ack);
      return waiting === undefined ? row : this.splitOff(row, waiting);
    }
    const endBits = i32[sender + END.bits]!;
    const known = (endBits & (END_BITS.isnKnown | END_BITS.seqKnown)) !== 0;
    if (!known || ((endBits & END_BITS.isnKnown) !== 0 && i32[sender + END.isn] === segment.seq)) return row;
    // A SYN that was overtaken by what followed it, or was captured late.
    if ((endBits & END_BITS.isnKnown) === 0 && i32[row + FLOW.eventBase + side] === segment.seq) return row;
    const client = i32[row + FLOW.state]!;
    const server = i32[row + FLOW.state + 1]!;
    const finished =
      (bits & OVER) !== 0 ||
      (i32[row + FLOW.client + END.bits]! & i32[row + FLOW.server + END.bits]! & END_BITS.finSent) !== 0 ||
      client === STATE.TIME_WAIT ||
      server === STATE.TIME_WAIT ||
      ((bits & FLOW_BITS.synSeen) !== 0 && (bits & FLOW_BITS.ackSeen) === 0);
    if (finished) {
      const inTimeWait = client === STATE.TIME_WAIT || server === STATE.TIME_WAIT;
      this.tracker.finish(row);
      const fresh = this.beginAnew(segment, ++this.flows);
      verdict.clear();
      verdict.notes |= NOTE.portsReused | (inTimeWait ? NOTE.reusedInTimeWait : 0);
      return fresh;
    }
    verdict.notes |= NOTE.synInsideConnection;
    i32[row + FLOW.bits] = bits | FLOW_BITS.reusePending;
    const number = reuse.numberWaiting(row) === this.flows ? this.flows : this.flows + 1;
    if (reuse.wait(row, side, table.senderIsHigh, segment, i32[row + FLOW.lastFrame]!, number)) this.flows = number;
    return row;
  }

  /** The SYN inside a connection was answered: that connection's end was not captured, and a new flow began at the SYN. */
  private splitOff(row: number, waiting: SegmentView[]): number {
    const { rows, table, tracker, verdict } = this;
    const { reuse } = tracker;
    const senderIsHigh = table.senderIsHigh;
    reuse.uncount(rows, row, waiting);
    this.uncountEvents(row, waiting.length);
    const number = reuse.numberWaiting(row);
    reuse.forget(row);
    tracker.finish(row);
    // They were counted when they came.
    const { segments, checksumsBad, checksumsForgiven } = tracker;
    table.senderIsHigh = 1 - senderIsHigh;
    const fresh = this.beginAnew(waiting[0]!, number);
    for (const syn of waiting) {
      verdict.clear();
      if (syn === waiting[0]) verdict.notes |= NOTE.portsReused;
      tracker.replay(fresh, syn);
    }
    table.senderIsHigh = senderIsHigh;
    tracker.segments = segments;
    tracker.checksumsBad = checksumsBad;
    tracker.checksumsForgiven = checksumsForgiven;
    verdict.clear();
    verdict.notes |= NOTE.portsReused;
    return fresh;
  }

  /** Takes the events of SYNs that began another flow out of the counts of this one. */
  private uncountEvents(row: number, syns: number): void {
    const { rows, table } = this;
    const { eventCounts } = this.tracker;
    const end = row + (table.sideOf(row) === CLIENT ? FLOW.server : FLOW.client);
    const counts = rows.i32[end + END.eventCounts]! - 1;
    if (counts < 0) return;
    eventCounts.uncount(counts, EVENT.portReused, 1);
    eventCounts.uncount(counts, EVENT.retransmission, syns - 1);
  }

  /** A SYN that waited in vain leaves its number to the next flow, unless another came since. */
  takeBackNumber(row: number): void {
    if (this.tracker.reuse.numberWaiting(row) === this.flows) this.flows--;
  }

  /** A new flow on the ports of one that was handed on just now. */
  private beginAnew(segment: SegmentView, number: number): number {
    const { table, tombstones } = this;
    const row = this.begin(segment, number);
    this.tracker.evidence.takePredecessor(row, tombstones, tombstones.find(table));
    return row;
  }

  /** Whether a flow that was handed on was spoken to within the last two MSL. */
  private isRecent(tombstone: number, now: number): boolean {
    return now - this.tombstones.lastTime(tombstone) <= this.memory;
  }

  /** A new flow, with the roles that its first segment tells. */
  begin(segment: SegmentView, number: number, row: number = this.table.insert()): number {
    const { rows, table } = this;
    const { i32, f64 } = rows;
    i32[row + FLOW.number] = number;
    i32[row + FLOW.firstFrame] = segment.frame;
    i32[row + FLOW.firstFile] = segment.file;
    i32[row + FLOW.firstFileFrame] = segment.fileFrame;
    i32[row + FLOW.layers] = segment.layers;
    i32[row + FLOW.next] = -1;
    f64[(row >> 1) + FLOW.firstTimeF64] = segment.time;
    f64[(row >> 1) + FLOW.lastTimeF64] = segment.time;
    i32[row + FLOW.state] = STATE.unknown;
    i32[row + FLOW.state + 1] = STATE.unknown;
    i32[row + FLOW.client + END.mss] = -1;
    i32[row + FLOW.client + END.windowScale] = -1;
    i32[row + FLOW.server + END.mss] = -1;
    i32[row + FLOW.server + END.windowScale] = -1;
    let senderIsClient = true;
    let by = 3;
    if ((segment.flags & (SYN | ACK)) === SYN) by = 0;
    else if ((segment.flags & (SYN | ACK)) === (SYN | ACK)) {
      by = 1;
      senderIsClient = false;
    } else if (segment.sourcePort < 1024 !== segment.destinationPort < 1024) {
      by = 2;
      senderIsClient = segment.destinationPort < 1024;
    }
    let bits = i32[row + FLOW.bits]! | (by << FLOW_BITS.clientByShift);
    if ((table.senderIsHigh !== 0) === senderIsClient) bits |= FLOW_BITS.clientIsHigh;
    if ((segment.flags & SYN) === 0) bits |= FLOW_BITS.midstream;
    if (table.isSelf()) bits |= FLOW_BITS.selfConnect;
    i32[row + FLOW.bits] = bits;
    return row;
  }
}
