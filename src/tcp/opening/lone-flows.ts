import { CLIENT, SERVER, type Side } from '../../flow/rows.ts';
import { ACK, CHECKSUM, SegmentView } from '../../wire/segment.ts';
import { EVENT } from '../events.ts';
import { QUIET } from '../evidence/evidence.ts';
import type { HostSet } from '../hosts.ts';
import { STATE } from '../machine.ts';
import { LATE_ACK } from '../timing.ts';
import type { Tracker } from '../tracker.ts';
import { NOTE } from '../verdict.ts';
import { isUsual, OpeningImages, writeOpening } from './images.ts';
import { isStraightSyn, isStraightSynAck, takeOpeningInStep } from './in-step.ts';

/**
 * Flows that do without a row as long as nothing but their SYN and its SYN+ACK was captured, however often those were sent
 * (flow/lone-openings.ts).
 * When anything else happens, or the flow is finished, its segments are replayed into a row: what they mean is written
 * once, in the tracker. Two things can't wait for that: flows' numbers, and which hosts send good checksums; and where
 * somebody looks at the verdicts, these, which are the same for all that is not odd.
 */
export class LoneFlows {
  /** Open flows with a row from which on others do without; Infinity while somebody needs the rows of all. */
  from: number;
  /** Told when the opening at a place has got a row. */
  onRow: (place: number, row: number) => void = () => {};
  private readonly tracker: Tracker;
  private readonly hosts: HostSet;
  /** TrackerOptions.withVerdicts: what is told of such flows' segments is told here, so nothing may be odd about them. */
  private readonly withVerdicts: boolean;
  private readonly syn = emptySegment();
  private readonly synAck = emptySegment();
  private readonly images = new OpeningImages();
  /** The row made last, at the end of the capture, and its image. */
  private lastRow = -1;
  private lastImage: Int32Array | undefined;
  private lastForms = 0;

  constructor(tracker: Tracker, hosts: HostSet, from: number, withVerdicts: boolean) {
    this.tracker = tracker;
    this.hosts = hosts;
    this.from = from;
    this.withVerdicts = withVerdicts;
  }

  /** The first segment of a flow, whose key was made: answers whether the flow can do without a row. */
  begin(segment: SegmentView): boolean {
    const { table, verdict } = this.tracker;
    if (verdict.notes !== 0 || table.isSelf() || !this.isUndisputed(segment)) return false;
    if (this.withVerdicts && !isStraightSyn(segment)) return false;
    const { openings, rows } = table;
    const place = rows.places.take();
    if (!openings.begin(place, this.tracker.identity.flows + 1, table, segment)) {
      rows.places.give(place);
      return false;
    }
    this.tracker.identity.flows++;
    table.insertOpening(place);
    this.noteChecksum(segment);
    verdict.row = -1;
    if (this.withVerdicts) this.tellSyn(place);
    return true;
  }

  /** Another segment of the opening at a place: answers whether the flow still can do without a row. */
  answer(place: number, segment: SegmentView): boolean {
    const { table, verdict } = this.tracker;
    const { openings } = table;
    if (this.from === Number.POSITIVE_INFINITY || !this.isUndisputed(segment)) return false;
    const isFirst = (segment.flags & ACK) !== 0 && !openings.isAnswered(place);
    // It may be a mirror port's copy, whose checksum is not its host's.
    if (!isFirst && segment.checksum === CHECKSUM.bad) return false;
    const silence = this.withVerdicts ? segment.time - openings.lastTime(place) : 0;
    if (this.withVerdicts && !this.isEasyToTell(place, segment, isFirst, silence)) return false;
    if (!(isFirst ? openings.answer(place, table, segment) : openings.repeat(place, table, segment))) return false;
    this.noteChecksum(segment);
    verdict.row = -1;
    if (!isFirst) {
      if (this.withVerdicts) this.tellRepeat(place, silence);
      return true;
    }
    this.tracker.oneWays.both = true;
    // Who counts half-open flows asks for a change of state.
    verdict.row = -2 - place;
    if (this.withVerdicts) this.tellSynAck(place, segment);
    else verdict.states = 1 << STATE.SYN_RECV;
    return true;
  }

  /**
   * Whether a further segment means no more than the methods below tell: it is the SYN+ACK of a SYN that was sent once, or
   * one of both sent again as timers do, the SYN as long as nobody answers it, that SYN+ACK from then on.
   */
  private isEasyToTell(place: number, segment: SegmentView, isFirst: boolean, silence: number): boolean {
    const { openings } = this.tracker.table;
    if (isFirst) return isStraightSynAck(segment) && !openings.isRepeated(place);
    // What comes after the last number of all is 0, which counts as not known (tcp/events.ts): no event says that it is a repeat.
    if (!(silence >= TIMER) || segment.seq === LAST_NUMBER) return false;
    return openings.isAnswered(place) ? isStraightSynAck(segment) : isStraightSyn(segment);
  }

  /** What the first SYN meant. */
  private tellSyn(place: number): void {
    this.tellStates(place, false);
    this.tracker.verdict.change(CLIENT, STATE.unknown, STATE.SYN_SENT, true);
  }

  /** What the SYN+ACK meant that answers it. */
  private tellSynAck(place: number, segment: SegmentView): void {
    const { verdict, table } = this.tracker;
    const { openings } = table;
    this.tellStates(place, true);
    verdict.change(SERVER, STATE.unknown, STATE.LISTEN, false);
    verdict.change(SERVER, STATE.LISTEN, STATE.SYN_RECV, true);
    verdict.change(CLIENT, STATE.SYN_SENT, STATE.ESTABLISHED, true);
    verdict.acksFrame = openings.frame(place);
    verdict.rtt = segment.time - openings.synTime(place);
  }

  /** What either of them meant, sent again. */
  private tellRepeat(place: number, silence: number): void {
    const { verdict, table } = this.tracker;
    const { openings } = table;
    const isAnswered = openings.isAnswered(place);
    this.tellStates(place, isAnswered);
    verdict.notes |= isAnswered ? NOTE.synAckRepeated : NOTE.synRepeated;
    if (silence >= QUIET) verdict.notes |= NOTE.afterQuiet;
    verdict.events |= EVENT.retransmission;
    verdict.repeats = 1;
    verdict.retransmitsFrame = isAnswered ? openings.answerFrame(place) : openings.frame(place);
  }

  /** The flow, the sender, and what both ends are in then. */
  private tellStates(place: number, isAnswered: boolean): void {
    const { verdict, table } = this.tracker;
    verdict.flow = table.openings.numberAt(place);
    verdict.side = isAnswered ? SERVER : CLIENT;
    verdict.clientState = isAnswered ? STATE.ESTABLISHED : STATE.SYN_SENT;
    verdict.serverState = isAnswered ? STATE.SYN_RECV : STATE.unknown;
  }

  /**
   * Whether what the checksum says of the segment and of its host is the same as where the flow has a row: a good one proves
   * that the host sends good ones, a wrong one is not held against it.
   */
  private isUndisputed(segment: SegmentView): boolean {
    if (segment.checksum === CHECKSUM.good) return this.hosts.believes(segment);
    return segment.checksum !== CHECKSUM.bad || !this.hosts.has(segment);
  }

  private noteChecksum(segment: SegmentView): void {
    if (segment.checksum === CHECKSUM.good) this.hosts.add(segment);
    else if (segment.checksum === CHECKSUM.bad) this.hosts.forgive(segment);
  }

  /**
   * Gives the opening at a place, whose key was made, a row, and replays its segments, or writes what comes of that.
   *
   * @param last the capture is over: nobody looks for the flow again
   */
  moveToRow(place: number, last: boolean): number {
    const { tracker, syn, synAck } = this;
    const { table } = tracker;
    const { openings } = table;
    const forms = openings.formsAt(place);
    const answered = openings.isAnswered(place);
    const usual = isUsual(openings, place);
    const image = usual ? this.images.of(forms) : undefined;
    const row = table.moveOpening(place, last, image, image === this.lastImage ? this.lastRow : -1);
    this.lastRow = last ? row : -1;
    this.lastImage = last ? image : undefined;
    this.lastForms = forms;
    if (image !== undefined) {
      writeOpening(tracker.rows.i32, tracker.rows.f64, row, openings, place);
      this.countSegments(place);
      openings.moveTo(place, row);
    } else {
      const number = openings.numberAt(place);
      const clientIsHigh = openings.clientIsHigh(place);
      openings.readSyn(place, table, syn);
      if (answered) openings.readAnswer(place, table, synAck);
      for (const segment of [syn, synAck]) if (segment.checksum === CHECKSUM.bad) segment.checksum = CHECKSUM.forgiven;
      openings.moveTo(place, row);
      this.replayAll(place, row, number, clientIsHigh, answered);
      if (usual) this.images.keep(forms, tracker.rows.i32, row);
    }
    this.onRow(place, row);
    return row;
  }

  /**
   * Whether the opening at a place is answered and like the one that got the last row, but for its client's IPv4 address
   * and port, frames, times and sequence numbers.
   */
  isAlike(place: number): boolean {
    if (this.lastImage === undefined) return false;
    const { openings } = this.tracker.table;
    if (openings.formsAt(place) !== this.lastForms || !openings.isAnswered(place)) return false;
    return openings.hasServerOf(place, this.tracker.rows.i32, this.lastRow) && isUsual(openings, place);
  }

  /** Counts the segments of an opening that are not replayed. */
  countSegments(place: number): void {
    const { tracker } = this;
    const { openings } = tracker.table;
    tracker.segments += openings.isAnswered(place) ? 2 : 1;
    tracker.checksumsForgiven += openings.wrongChecksums(place);
  }

  /** A row is finished that no opening got. */
  forgetLast(): void {
    this.lastRow = -1;
    this.lastImage = undefined;
  }

  private replayAll(place: number, row: number, number: number, clientIsHigh: number, answered: boolean): void {
    const { tracker, syn, synAck } = this;
    const { table } = tracker;
    const sender = table.senderIsHigh;
    table.senderIsHigh = clientIsHigh;
    this.writeEnds(syn);
    tracker.identity.begin(syn, number, row);
    this.replay(row, CLIENT, syn);
    if (answered) {
      table.senderIsHigh = 1 - clientIsHigh;
      this.writeEnds(synAck);
    }
    table.openings.eachAfterSyn(place, syn, synAck, (segment, side) => {
      table.senderIsHigh = side === CLIENT ? clientIsHigh : 1 - clientIsHigh;
      this.replay(row, side, segment);
    });
    table.openings.forgetRepeats(place);
    table.senderIsHigh = sender;
    tracker.verdict.clear();
  }

  private replay(row: number, side: Side, segment: SegmentView): void {
    const { tracker } = this;
    tracker.verdict.clear();
    if (!takeOpeningInStep(tracker, row, side, segment)) tracker.replay(row, segment);
    if (tracker.verdict.repeats !== 0 || tracker.verdict.rtt >= LATE_ACK) tracker.timing.take(row, segment);
  }

  /** Addresses and ports of the segment, by the key. */
  private writeEnds(segment: SegmentView): void {
    const { keyLow, keyHigh, ports, senderIsHigh, v6, wide } = this.tracker.table;
    const { view, sourceAt, destinationAt } = segment;
    const lowAt = senderIsHigh === 0 ? sourceAt : destinationAt;
    const highAt = senderIsHigh === 0 ? destinationAt : sourceAt;
    segment.sourcePort = senderIsHigh === 0 ? ports >>> 16 : ports & 0xffff;
    segment.destinationPort = senderIsHigh === 0 ? ports & 0xffff : ports >>> 16;
    if (v6 === 0) {
      view.setInt32(lowAt, keyLow);
      view.setInt32(highAt, keyHigh);
      return;
    }
    for (let i = 0; i < 4; i++) {
      view.setInt32(lowAt + 4 * i, wide[i]!);
      view.setInt32(highAt + 4 * i, wide[i + 4]!);
    }
  }
}

/** The last sequence number before 0. */
const LAST_NUMBER = -1;
/** Nanoseconds after which a repeat is a timer's: sooner it may be a copy, or out of order. */
const TIMER = 5e8;

/** A segment with room for a header and its addresses. */
function emptySegment(): SegmentView {
  const segment = new SegmentView();
  segment.bytes = new Uint8Array(TCP_AT + TCP_MOST);
  segment.view = new DataView(segment.bytes.buffer);
  segment.destinationAt = ADDRESS_OCTETS;
  // Of what was kept only `time` tells when it was; but it was not at the epoch (isAtEpoch).
  segment.seconds = 1;
  segment.tcpAt = TCP_AT;
  return segment;
}

/** How the view of a segment that is replayed is laid out: source address, destination address, TCP header. */
const ADDRESS_OCTETS = 16;
const TCP_AT = 2 * ADDRESS_OCTETS;
const TCP_MOST = 60;
