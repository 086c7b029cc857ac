import { seqDelta } from '../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, type FlowRows, SERVER } from '../flow/rows.ts';
import { FlowTable } from '../flow/table.ts';
import { Tombstones } from '../flow/tombstones.ts';
import { ACK, CHECKSUM, FIN, ipLengthOf, RST, type SegmentView, SYN } from '../wire/segment.ts';
import { takeAcknowledgment, takeFin } from './closing.ts';
import { completenessOf, firstCompleteness } from './completeness.ts';
import { isCopy, rememberSegment, shapeOf } from './copies.ts';
import { EventCounts } from './event-counts.ts';
import { EVENT, isHeaderCut, takeEventScale, takeEvents } from './events.ts';
import { Evidence, QUIET } from './evidence/evidence.ts';
import { HandingOn } from './handing-on.ts';
import { History } from './history/history.ts';
import { isQuiet } from './history/quiet.ts';
import { HostSet } from './hosts.ts';
import { FlowIdentity } from './identity.ts';
import { Islands } from './islands.ts';
import { StateLog } from './log.ts';
import { STATE } from './machine.ts';
import { OneWays } from './one-ways.ts';
import { takeOpeningInStep } from './opening/in-step.ts';
import { LoneFlows } from './opening/lone-flows.ts';
import { takeHandshakeAck, takeMissedSynAck, takeSyn, takeSynAck } from './opening/opening.ts';
import { OtherAnswers } from './opening/other-answers.ts';
import { OutstandingRings } from './outstanding.ts';
import { RecentSegments } from './recent-segments.ts';
import { takeReset, takeSignOfLife } from './reset.ts';
import { Reuse } from './reuse.ts';
import { RoundTrips } from './round-trips.ts';
import { expectAckAnyway, settleAcknowledged, takeSequence } from './sequence.ts';
import { takeInStep } from './steady.ts';
import { LATE_ACK, Timing } from './timing.ts';
import { NOTE, Verdict } from './verdict.ts';

/** How the tracker is asked to work. */
export interface TrackerOptions {
  /** Maximum segment lifetime, nanoseconds: TIME_WAIT lasts two of it, and closed flows are handed on after as long. */
  readonly msl: number;
  /** Nanoseconds after which an idle flow is handed on; Infinity for never. */
  readonly idleTimeout: number;
  /** Count a mirror port's copies like any other segment. */
  readonly keepDuplicates: boolean;
  /** Open flows from which on those of only a SYN and SYN+ACK do without a row. */
  readonly loneFrom: number;
  /** Somebody looks at the verdict on each segment. */
  readonly withVerdicts: boolean;
  /** Keep what only records of flows tell: Zeek's history, first payloads, percentiles of round trips. */
  readonly forRecords: boolean;
  /** Called with each finished flow; the row is valid during the call only. */
  readonly onFlow: (row: number) => void;
  /**
   * The capture is over, and the opening at a place is like the flow that was handed on last (LoneFlows.isAlike): called
   * in place of `onFlow`, if it answers that nothing but that has to be known of it.
   */
  readonly onAlike?: ((place: number) => boolean) | undefined;
}

/**
 * What each segment means: finds its flow and replays it through the state machines of both endpoints.
 * After `take`, `verdict` says what this segment did. Events are taken in the order of RFC 9293 3.10.7.4.
 */
export class Tracker {
  readonly table: FlowTable = new FlowTable();
  readonly rows: FlowRows = this.table.rows;
  readonly verdict: Verdict = new Verdict();
  readonly log: StateLog = new StateLog(this.rows, this.verdict);
  readonly rings: OutstandingRings = new OutstandingRings();
  readonly roundTrips: RoundTrips = new RoundTrips();
  readonly islands: Islands = new Islands();
  readonly reuse: Reuse = new Reuse();
  readonly answers: OtherAnswers = new OtherAnswers();
  readonly recent: RecentSegments = new RecentSegments();
  readonly eventCounts: EventCounts = new EventCounts();
  /** What is left of flows that were handed on. */
  readonly tombstones: Tombstones = new Tombstones();
  readonly oneWays: OneWays = new OneWays();
  readonly history: History;
  readonly evidence: Evidence = new Evidence(this.rows, this.verdict);
  readonly timing: Timing = new Timing(this.rows, this.verdict, this.evidence.held);
  readonly lone: LoneFlows;
  readonly identity: FlowIdentity;
  readonly handingOn: HandingOn;
  /** TrackerOptions.forRecords. */
  readonly forRecords: boolean;
  private readonly hosts = new HostSet();
  private readonly options: TrackerOptions;

  /** Segments counted in flows; folded copies. */
  segments = 0;
  copies = 0;
  /** Segments whose bad checksum was held against them, and those forgiven because their host offloads. */
  checksumsBad = 0;
  checksumsForgiven = 0;
  /** The capture is over: the flows that are handed on now were not seen to end. */
  over = false;

  private lastRow = -1;

  constructor(options: TrackerOptions) {
    this.options = options;
    this.forRecords = options.forRecords;
    this.history = new History(this.rows, this.islands, options.forRecords);
    this.identity = new FlowIdentity(this, 2 * options.msl);
    this.lone = new LoneFlows(this, this.hosts, options.loneFrom, options.withVerdicts);
    this.handingOn = new HandingOn(this, options.msl, options.idleTimeout);
  }

  /** Replays one segment. */
  take(segment: SegmentView): void {
    const { table, verdict } = this;
    verdict.clear();
    this.makeKey(segment);
    let row = this.lastRow;
    if (row < 0 || !table.holds(row)) {
      row = table.find();
      if (row < 0) {
        if (row === -1 && this.identity.isLate(segment)) return;
        row = this.beginOrAnswer(row, segment);
        if (row < 0) return;
      }
      this.lastRow = row;
    }
    if ((segment.flags & SYN) !== 0) {
      row = this.identity.splitAtSyn(row, segment);
      this.lastRow = row;
    }
    const side = table.sideOf(row);
    if (!takeInStep(this, row, side, segment) && !takeOpeningInStep(this, row, side, segment))
      this.replay(row, segment);
    if (verdict.repeats !== 0 || verdict.rtt >= LATE_ACK) this.timing.take(row, segment);
  }

  /** A segment of a flow without a row, `found` by the table: the row it has now, or -1 when it needs none yet. */
  private beginOrAnswer(found: number, segment: SegmentView): number {
    const { lone, rows } = this;
    if (found !== -1) return lone.answer(-2 - found, segment) ? -1 : lone.moveToRow(-2 - found, false);
    if (rows.used - this.handingOn.closed >= lone.from && lone.begin(segment)) return -1;
    return this.identity.beginNext(segment);
  }

  private makeKey(segment: SegmentView): void {
    const { view, sourceAt, destinationAt, sourcePort, destinationPort, split } = segment;
    if (segment.ipVersion === 4)
      this.table.keyOf4(view.getInt32(sourceAt), view.getInt32(destinationAt), sourcePort, destinationPort, split);
    else this.table.keyOf6(view, sourceAt, destinationAt, sourcePort, destinationPort, split);
  }

  /** Finds the flow of a segment that is no part of it (quoted by an ICMP error, or a fragment): verdict.flow, or 0. */
  locate(segment: SegmentView): void {
    const verdict = this.verdict;
    verdict.clear();
    this.makeKey(segment);
    const found = this.table.find();
    const row = found < -1 ? this.lone.moveToRow(-2 - found, false) : found;
    verdict.row = row;
    verdict.flow = row < 0 ? 0 : this.rows.i32[row + FLOW.number]!;
    verdict.side = row < 0 ? -1 : this.table.sideOf(row);
    verdict.clientState = row < 0 ? STATE.unknown : this.rows.i32[row + FLOW.state]!;
    verdict.serverState = row < 0 ? STATE.unknown : this.rows.i32[row + FLOW.state + 1]!;
  }

  /** What the segment does to its flow. */
  replay(row: number, segment: SegmentView): void {
    const { i32, f64 } = this.rows;
    const verdict = this.verdict;
    const bits = i32[row + FLOW.bits]!;
    const side = this.table.sideOf(row);
    const sender = row + (side === CLIENT ? FLOW.client : FLOW.server);
    const receiver =
      (bits & FLOW_BITS.selfConnect) !== 0 ? sender : row + (side === CLIENT ? FLOW.server : FLOW.client);
    verdict.row = row;
    verdict.side = side;
    verdict.flow = i32[row + FLOW.number]!;
    const shape = shapeOf(segment);
    const original = this.originalOf(sender, segment, shape);
    if (original !== 0) {
      this.copies++;
      i32[sender + END.copies] = i32[sender + END.copies]! + 1;
      verdict.duplicateOf = original;
      this.noteStates(row);
      return;
    }
    this.segments++;
    const flags = segment.flags;
    const payload = segment.roomLength;
    i32[row + FLOW.lastFrame] = segment.frame;
    const silence = segment.time - f64[(row >> 1) + FLOW.lastTimeF64]!;
    if (silence > f64[(row >> 1) + FLOW.longestSilenceF64]!) this.noteSilence(row, silence);
    f64[(row >> 1) + FLOW.lastTimeF64] = segment.time;
    if (i32[sender + END.packets] === 0 && i32[receiver + END.packets]! > 0) this.oneWays.hear(i32, row, side);
    i32[sender + END.packets] = i32[sender + END.packets]! + 1;
    f64[(sender >> 1) + END.ipBytesF64] = f64[(sender >> 1) + END.ipBytesF64]! + ipLengthOf(segment);
    if (payload !== 0) {
      f64[(sender >> 1) + END.bytesF64] = f64[(sender >> 1) + END.bytesF64]! + payload;
      i32[sender + END.payloadSegments] = i32[sender + END.payloadSegments]! + 1;
    }
    const before = i32[row + FLOW.completeness]!;
    if (segment.frame === i32[row + FLOW.firstFrame])
      i32[row + FLOW.completeness] = firstCompleteness(flags, payload, (verdict.notes & NOTE.portsReused) !== 0);
    else i32[row + FLOW.completeness] = (before | (before >> 8) | completenessOf(flags, payload)) & 0x3f;
    if ((bits & FLOW_BITS.lateAck) !== 0) this.evidence.held.take(i32, f64, row, side, segment);
    this.noteEvents(row, sender, receiver, segment);
    this.noteWay(row, sender, silence, segment);
    if (segment.checksum >= CHECKSUM.bad && this.atFault(sender, receiver, segment)) {
      verdict.notes |= NOTE.checksumBad;
      this.acknowledge(sender, receiver, segment);
      if (this.forRecords) this.history.takeCorrupt(row, side, segment);
      this.evidence.take(row, side, sender, receiver, segment, true);
      rememberSegment(this, sender, segment, shape);
      this.noteStates(row);
      return;
    }
    if (segment.checksum === CHECKSUM.good) this.noteGood(sender, segment);
    if (this.forRecords && !isQuiet(i32, row, side, sender, receiver, segment)) {
      this.history.take(row, side, sender, receiver, segment);
      if (payload !== 0) this.timing.takePayload(row, side, segment.time);
    }
    const steady =
      (flags & (SYN | FIN | RST)) === 0 &&
      i32[row + FLOW.state] === STATE.ESTABLISHED &&
      i32[row + FLOW.state + 1] === STATE.ESTABLISHED &&
      (bits & PROVEN) === PROVEN;
    if (!steady) this.change(row, side, sender, receiver, segment);
    else {
      takeSequence(this, row, sender, segment);
      if ((flags & ACK) !== 0) takeAcknowledgment(this, row, sender === receiver ? side : 1 - side, receiver, segment);
      else settleAcknowledged(this, receiver, segment);
      if ((segment.sackCount | this.evidence.sacks.active) !== 0) this.evidence.sacks.take(i32, receiver, segment);
      takeWindow(i32, row, side, sender, segment);
      if (segment.hasTimestamps !== 0) takeTimestamp(i32, sender, segment);
    }
    // What the row holds of the sender's segment before this one is evidence; it is overwritten last.
    if (!steady || (verdict.notes | verdict.events | verdict.repeats | (bits & FLOW_BITS.followed)) !== 0)
      this.evidence.take(row, side, sender, receiver, segment, steady);
    rememberSegment(this, sender, segment, shape);
    this.noteStates(row);
  }

  /** The frame of which a mirror port made this copy; 0 where it is none, or where copies count like any other. */
  private originalOf(sender: number, segment: SegmentView, shape: number): number {
    const { i32, f64 } = this.rows;
    if (this.options.keepDuplicates) return 0;
    if (isCopy(i32, f64, sender, segment, shape)) return i32[sender + END.lastFrame]!;
    // An identification that its sender's last segment has as well tells nothing apart.
    if (i32[sender + END.lastIpId] === segment.ipId) return 0;
    return this.recent.originalOf(sender, segment, shape);
  }

  private noteSilence(row: number, silence: number): void {
    this.rows.f64[(row >> 1) + FLOW.longestSilenceF64] = silence;
    this.history.takeSilence(row, silence);
  }

  /** Notes that the segment came another way than its sender's last one, and that it ends a long quiet. */
  private noteWay(row: number, sender: number, silence: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    if (i32[sender + END.lastTtl] !== segment.ttl && (i32[sender + END.bits]! & END_BITS.lastKnown) !== 0)
      this.verdict.notes |= NOTE.anotherWay;
    if (silence >= QUIET && i32[row + FLOW.firstFrame] !== segment.frame) this.verdict.notes |= NOTE.afterQuiet;
  }

  private noteEvents(row: number, sender: number, receiver: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    // To Wireshark who speaks to himself has another end that never speaks.
    const peer = receiver === sender ? row + FLOW.server : receiver;
    let events: number;
    if ((this.verdict.notes & NOTE.synInsideConnection) !== 0) {
      // Wireshark begins another stream here: this one knows nothing of the SYN.
      events = this.reuse.copies(row) === 1 ? EVENT.portReused : EVENT.retransmission;
    } else {
      events = takeEvents(this, row, sender, peer, segment);
      if ((segment.flags & SYN) !== 0) takeEventScale(i32, sender, peer, segment);
      if ((segment.flags & (SYN | ACK)) === SYN && (this.verdict.notes & NOTE.portsReused) !== 0)
        events |= EVENT.portReused;
    }
    if (events !== 0 && !isHeaderCut(segment)) this.countEvents(sender, events);
  }

  /** The segment has these events. */
  countEvents(sender: number, events: number): void {
    const { i32 } = this.rows;
    this.verdict.events = events;
    if (i32[sender + END.eventCounts] === 0) i32[sender + END.eventCounts] = 1 + this.eventCounts.take();
    this.eventCounts.count(i32[sender + END.eventCounts]! - 1, events);
  }

  /**
   * A segment that takes no part in the connection: what it acknowledges (even without ACK, as Wireshark reads it: a SYN
   * or RST with 0 there forgets what is below), and that somebody may acknowledge it.
   */
  private acknowledge(sender: number, receiver: number, segment: SegmentView): void {
    expectAckAnyway(this, sender, segment);
    settleAcknowledged(this, receiver, segment);
  }

  /** The slow way: anything but a segment within an established connection. */
  private change(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    const flags = segment.flags;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.ghost) !== 0) return;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.reset) !== 0) takeSignOfLife(this, row, side, sender, receiver, segment);
    if ((flags & RST) !== 0) {
      takeReset(this, row, side, sender, receiver, segment);
      this.acknowledge(sender, receiver, segment);
      return;
    }
    if ((flags & SYN) !== 0) {
      if ((this.verdict.notes & NOTE.synInsideConnection) !== 0) return;
      if ((flags & ACK) === 0) takeSyn(this, row, side, sender, segment);
      else takeSynAck(this, row, side, sender, receiver, segment);
    } else if (i32[row + FLOW.state]! === STATE.unknown && i32[row + FLOW.state + 1]! === STATE.unknown)
      this.beginMidstream(row);
    else if ((flags & ACK) !== 0 && i32[row + FLOW.state + SERVER]! === STATE.unknown)
      takeMissedSynAck(this, row, side, segment);
    takeSequence(this, row, sender, segment);
    if ((flags & ACK) !== 0) {
      if ((flags & SYN) === 0) takeHandshakeAck(this, row, side, sender, receiver, segment);
      takeAcknowledgment(this, row, sender === receiver ? side : 1 - side, receiver, segment);
    } else settleAcknowledged(this, receiver, segment);
    takeFin(this, row, side, sender, receiver, segment);
    if ((flags & SYN) === 0) takeWindow(i32, row, side, sender, segment);
    if (segment.hasTimestamps !== 0) takeTimestamp(i32, sender, segment);
  }

  /** All that is still open at the end of the capture is handed on, in the order of places. */
  end(): void {
    const { openings } = this.table;
    this.over = true;
    let page = 0;
    const { onAlike } = this.options;
    this.eachOpen((known, place) => {
      this.tombstones.pass();
      if (known < 0 && onAlike !== undefined && this.lone.isAlike(place) && onAlike(place))
        this.lone.countSegments(place);
      else {
        const row = known >= 0 ? known : this.moveOpening(place, true);
        if (known >= 0) this.lone.forgetLast();
        this.handOver(row);
        // Nobody looks for a flow again: its place and its slots in the table are left as they are.
        this.rows.release(row);
      }
      while (page < openings.pageOf(place)) openings.dropPage(page++);
    });
  }

  /** Calls `take` with each flow that is not finished, in the order of places: its row, or -1 where it has none. */
  eachOpen(take: (row: number, place: number) => void): void {
    const { rows } = this;
    const { openings } = this.table;
    let place = 0;
    const takeOpenings = (end: number): void => {
      for (; place < end; place++) if (openings.isKept(place)) take(-1, place);
    };
    for (const row of rows.inOrder()) {
      takeOpenings(rows.place(row));
      take(row, place++);
    }
    takeOpenings(rows.places.top);
  }

  /** Gives the opening at a place a row, to be finished. */
  moveOpening(place: number, last: boolean): number {
    this.table.keyOfOpening(place);
    return this.lone.moveToRow(place, last);
  }

  /** The checksum is good: its sender does not leave them to its network card. */
  noteGood(sender: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    if ((i32[sender + END.bits]! & END_BITS.checksumGood) !== 0 || !this.hosts.add(segment)) return;
    i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.checksumGood;
  }

  /** Hands a flow on, leaves a tombstone, and gives its row back. */
  finish(row: number): void {
    this.handOver(row);
    this.tombstones.add(this.rows, row);
    this.table.remove(row);
  }

  /** Hands a flow on, and gives back all that it had beside its row. */
  private handOver(row: number): void {
    this.handingOn.forget(row);
    this.settle(row);
    this.options.onFlow(row);
    this.forgetEnd(row + FLOW.client);
    this.forgetEnd(row + FLOW.server);
    this.evidence.forget(row);
    this.identity.takeBackNumber(row);
    this.reuse.forget(row);
    this.answers.forget(row);
    this.history.forget(row);
    this.timing.forget(row);
    if (this.lastRow === row) this.lastRow = -1;
  }

  /** Gives back what an end had beside its row. */
  private forgetEnd(end: number): void {
    const { i32 } = this.rows;
    const ring = i32[end + END.outstanding]!;
    if (ring !== 0) this.rings.give(ring - 1);
    this.roundTrips.forget(i32, end);
    const counts = i32[end + END.eventCounts]!;
    if (counts !== 0) this.eventCounts.give(counts - 1);
    if (i32[end + END.islands] !== 0) this.islands.clear(end);
  }

  /** The last word on states that rested on a segment nobody ever showed to have received. */
  private settle(row: number): void {
    const i32 = this.rows.i32;
    const bits = i32[row + FLOW.bits]!;
    if (
      (bits & FLOW_BITS.clientDoubtful) !== 0 &&
      i32[row + FLOW.synAckRetransmissions]! > 0 &&
      i32[row + FLOW.state] === STATE.ESTABLISHED
    )
      this.log.retract(row, CLIENT);
    for (let side = CLIENT; side <= SERVER; side++) {
      const end = row + (side === CLIENT ? FLOW.client : FLOW.server);
      const other = 1 - side;
      const state = i32[row + FLOW.state + other]!;
      // A FIN sent again and never acknowledged: nothing says that the other end ever got it.
      if (
        (i32[end + END.bits]! & (END_BITS.finDelivered | END_BITS.finAcked)) === END_BITS.finDelivered &&
        i32[end + END.lastFinFrame] !== i32[end + END.finFrame] &&
        (state === STATE.CLOSE_WAIT || state === STATE.CLOSING)
      )
        this.log.retract(row, other);
    }
  }

  /** Both ends were connected before the capture began, as far as anybody can tell. */
  private beginMidstream(row: number): void {
    this.log.enter(row, CLIENT, STATE.ESTABLISHED, 0, 0);
    this.log.enter(row, SERVER, STATE.ESTABLISHED, 0, 0);
    this.rows.i32[row + FLOW.bits] = this.rows.i32[row + FLOW.bits]! | PROVEN;
  }

  /**
   * Whether a bad checksum is the segment's own: its sender is known to send good ones, so it does not offload, and the
   * segment is none of those that a host has put together or not cut yet, which are longer than any on the wire. Resets
   * are summed in software even where all else is offloaded: the pseudo header's sum always means an offloaded segment.
   */
  private atFault(sender: number, receiver: number, segment: SegmentView): boolean {
    const { i32 } = this.rows;
    if (segment.checksum === CHECKSUM.forgiven) {
      this.checksumsForgiven++;
      return false;
    }
    const known = (i32[sender + END.bits]! & END_BITS.checksumGood) !== 0 || this.hosts.has(segment);
    const fits = segment.roomLength <= (i32[receiver + END.mss]! > 0 ? i32[receiver + END.mss]! : JUMBO);
    if (known && fits && segment.checksum !== CHECKSUM.partial) {
      this.checksumsBad++;
      return true;
    }
    if (!known && segment.checksum !== CHECKSUM.partial) this.hosts.forgive(segment);
    this.checksumsForgiven++;
    return false;
  }

  private noteStates(row: number): void {
    const i32 = this.rows.i32;
    this.verdict.clientState = i32[row + FLOW.state]!;
    this.verdict.serverState = i32[row + FLOW.state + 1]!;
  }
}

/** More than an Ethernet frame carries, of whatever size. */
const JUMBO = 9216;
const PROVEN = FLOW_BITS.serverProven | FLOW_BITS.clientProven;

/** The window a side announces, scaled; not counted where the handshake that settles the scale was not captured. */
function takeWindow(i32: Int32Array, row: number, side: number, sender: number, segment: SegmentView): void {
  const shift = i32[row + FLOW.shift + side]!;
  if (shift === 0) return;
  const window = segment.window << (shift - 1);
  const bits = i32[sender + END.bits]!;
  if ((bits & END_BITS.windowKnown) === 0) {
    i32[sender + END.bits] = bits | END_BITS.windowKnown;
    i32[sender + END.minWindow] = window;
    i32[sender + END.maxWindow] = window;
  } else if (window < i32[sender + END.minWindow]!) i32[sender + END.minWindow] = window;
  else if (window > i32[sender + END.maxWindow]!) i32[sender + END.maxWindow] = window;
}

/** The newest timestamp a side has sent: tells what was sent late from what was overtaken (RFC 7323 5.3). */
function takeTimestamp(i32: Int32Array, sender: number, segment: SegmentView): void {
  const bits = i32[sender + END.bits]!;
  if ((bits & END_BITS.timestamps) !== 0 && seqDelta(i32[sender + END.tsVal]!, segment.tsVal) < 0) return;
  i32[sender + END.tsVal] = segment.tsVal;
  i32[sender + END.bits] = bits | END_BITS.timestamps;
}
