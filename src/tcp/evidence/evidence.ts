import { END, FLOW, FLOW_BITS, type FlowRows } from '../../flow/rows.ts';
import type { Tombstones } from '../../flow/tombstones.ts';
import { ACK, CHECKSUM, CWR, ECE, FIN, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import { EVENT } from '../events.ts';
import { STATE } from '../machine.ts';
import { NOTE, type Verdict } from '../verdict.ts';
import { AckStorms } from './ack-storms.ts';
import { HeldSegments } from './held-segments.ts';
import { KeptSegments } from './kept-segments.ts';
import { keepPredecessor, type Predecessor, predecessorOf } from './predecessor.ts';
import { ResetCodes } from './reset-codes.ts';
import { SackReneging } from './sack-reneging.ts';
import { LIST, SegmentLists } from './segment-lists.ts';
import { Services } from './services.ts';

/**
 * What findings are told from beyond the rows: the rare segments of each flow, kept when they come, in the order in
 * which they came, with what both ends had sent last before (tcp/evidence/noted.ts). A flow without trouble keeps nothing.
 *
 * What is rare: SYNs and SYN+ACKs that are sent again or are odd, RSTs, repeats, keep-alives and zero windows, what
 * follows a long quiet or comes another way (TTL), bad checksums, ICMP errors, whatever comes to a socket that is
 * gone; and the eight segments after each of these. A flow keeps its first 64 of the segments that change it, and
 * its last 64 of the others.
 */
export class Evidence {
  private readonly rows: FlowRows;
  private readonly verdict: Verdict;
  /** What other connections tell of a listener. */
  readonly services: Services = new Services();
  /** Who writes the reason of a RST into its window. */
  readonly resetCodes: ResetCodes = new ResetCodes();
  /** ACKs that answer each other without end. */
  readonly storms: AckStorms = new AckStorms();
  /** SACKs that were taken back; segments that waited for a delayed ACK. */
  readonly sacks: SackReneging = new SackReneging();
  readonly held: HeldSegments = new HeldSegments();
  private readonly lists: SegmentLists;
  /** The segments that are kept. */
  readonly kept: KeptSegments;

  constructor(rows: FlowRows, verdict: Verdict) {
    this.rows = rows;
    this.verdict = verdict;
    this.lists = new SegmentLists(rows);
    this.kept = new KeptSegments(rows, verdict, this.lists);
  }

  /** After a segment was replayed, before the row forgets what its sender's segment before it was. */
  take(row: number, side: number, sender: number, receiver: number, segment: SegmentView, steady: boolean): void {
    const { rows, verdict, kept } = this;
    const bits = rows.i32[row + FLOW.bits]!;
    if (!steady) this.tellServices(row, side, sender, receiver, segment);
    const matters = steady ? this.mattersInside(row) : this.mattersOutside(row, side, sender, receiver, segment);
    if (!matters) {
      if ((bits & FLOW_BITS.followed) === 0) return;
      const credit = kept.creditOf(row) - 1;
      const at = kept.append(row, LIST.eventful, side, sender, receiver, segment, MOST_FOLLOWING);
      if (at >= 0) kept.setCredit(at, credit);
      if (at < 0 || credit <= 0) rows.i32[row + FLOW.bits] = bits & ~FLOW_BITS.followed;
      return;
    }
    // Loss may be endless and is kept apart, so that it does not crowd out how the connection began and ended.
    if ((steady || isHalfClosedPayload(verdict, segment)) && (verdict.notes & LASTING) === 0) {
      kept.append(row, LIST.troubles, side, sender, receiver, segment, MOST_TROUBLES);
      return;
    }
    if ((segment.flags & RST) !== 0) this.resetCodes.take(rows.i32, row, side, segment.window);
    const most = (segment.flags & RST) !== 0 ? MOST_RESETS : MOST_EVENTFUL;
    const at = kept.append(row, LIST.eventful, side, sender, receiver, segment, most);
    if (at < 0) return;
    kept.setCredit(at, FOLLOWED);
    rows.i32[row + FLOW.bits] = bits | FLOW_BITS.followed;
  }

  /** Handshakes that complete, and resets that tell of the listener rather than of one connection. */
  private tellServices(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const { rows, services } = this;
    const { notes } = this.verdict;
    if ((notes & NOTE.handshakeComplete) !== 0) services.complete(rows.i32, row, segment.time);
    if ((notes & NOTE.resetCounts) === 0 || (rows.i32[row + FLOW.bits]! & FLOW_BITS.ackSeen) === 0) return;
    const active = Math.max(
      rows.f64[sender / 2 + END.eventNextTimeF64]!,
      rows.f64[receiver / 2 + END.eventNextTimeF64]!,
    );
    if (segment.time - active >= QUIET && active > 0) services.idle(rows.i32, row, segment.time - active);
    if (side === 1 && (segment.flags & ACK) !== 0 && segment.seq !== 0 && rows.i32[sender + END.payloadSegments] === 0)
      services.abort(rows.i32, row, segment.time);
  }

  /** Whether a segment within an established connection is worth keeping. */
  private mattersInside(row: number): boolean {
    const { verdict } = this;
    if ((verdict.events & EVENT.windowUpdate) !== 0 && this.endsStall(row)) return true;
    return (verdict.notes & NOTES_INSIDE) !== 0 || (verdict.events & EVENTS_INSIDE) !== 0 || verdict.repeats !== 0;
  }

  /** Whether the flow's last trouble was a closed window, or the probe of one. */
  private endsStall(row: number): boolean {
    return (this.kept.lastTroubleEvents(row) & STALL) !== 0;
  }

  /** Whether a segment at the beginning or the end of a connection is more than any connection has. */
  private mattersOutside(row: number, side: number, sender: number, receiver: number, segment: SegmentView): boolean {
    const { verdict } = this;
    const { flags } = segment;
    const { i32 } = this.rows;
    if ((flags & RST) !== 0 || verdict.repeats !== 0 || (verdict.notes & NOTES_OUTSIDE) !== 0) return true;
    if ((verdict.events & EVENTS_INSIDE) !== 0) return true;
    if ((flags & SYN) !== 0) {
      if ((flags & ACK_OR_FIN) === 0)
        return (
          segment.roomLength > 0 ||
          segment.fastOpenCookie >= 0 ||
          (flags & (ECE | CWR)) === (ECE | CWR) ||
          i32[row + FLOW.synFrame] !== segment.frame
        );
      return (
        i32[row + FLOW.synAckFrame] !== segment.frame ||
        (flags & ACK_OR_FIN) !== ACK ||
        (i32[row + FLOW.bits]! & FLOW_BITS.simultaneousOpen) !== 0
      );
    }
    if ((flags & ACK) === 0) return true;
    const state = i32[row + FLOW.state + side]!;
    const other = i32[row + FLOW.state + (sender === receiver ? side : 1 - side)]!;
    if (side === 1 && i32[row + FLOW.synAckFrame] === 0 && i32[row + FLOW.synFrame] !== 0) return true;
    if (state === STATE.CLOSED || other === STATE.CLOSED) return !closesInOrder(i32, row, segment);
    if (segment.roomLength > 0 && state >= STATE.FIN_WAIT1 && (flags & FIN) === 0) return true;
    return state === STATE.TIME_WAIT && i32[row + FLOW.lastAckFrame] !== segment.frame;
  }

  /** An ICMP error quotes a segment of the flow: the view describes the quoted segment, `side` sent it. */
  takeIcmp(row: number, side: number, segment: SegmentView): void {
    const sender = row + (side === 0 ? FLOW.client : FLOW.server);
    const receiver = row + (side === 0 ? FLOW.server : FLOW.client);
    const at = this.kept.append(row, LIST.eventful, side, sender, receiver, segment, MOST_EVENTFUL);
    if (at >= 0) this.kept.markIcmp(row, at, segment);
  }

  /** A flow begins on the ports of one that was handed on: keeps what is known of that. */
  takePredecessor(row: number, tombstones: Tombstones, entry: number): void {
    keepPredecessor(this.lists, this.rows, row, tombstones, entry);
  }

  /** The flow that held the ports before, by `FLOW.evidence`. */
  before(head: number): Predecessor | undefined {
    return predecessorOf(this.lists, head);
  }

  /** Gives back what the flow kept. */
  forget(row: number): void {
    this.storms.forget(row);
    this.held.forget(row);
    this.sacks.forget(row + FLOW.client);
    this.sacks.forget(row + FLOW.server);
    this.lists.giveAll(row);
  }
}

/** Both ends have said goodbye, and this is the ACK (or the FIN with it) that belongs to it. */
function closesInOrder(i32: Int32Array, row: number, segment: SegmentView): boolean {
  return (
    (i32[row + FLOW.bits]! & (FLOW_BITS.reset | FLOW_BITS.refused | FLOW_BITS.aborted)) === 0 &&
    (i32[row + FLOW.lastAckFrame] === segment.frame || i32[row + FLOW.secondFinFrame] === segment.frame) &&
    segment.checksum !== CHECKSUM.bad
  );
}

/** Payload after the other end's FIN, which may go on for long; not if it comes to a socket that is gone. */
function isHalfClosedPayload(verdict: Verdict, segment: SegmentView): boolean {
  return (
    segment.roomLength > 0 && (segment.flags & (RST | SYN | FIN)) === 0 && (verdict.notes & NOTE.finRepeated) === 0
  );
}

const ACK_OR_FIN = ACK | FIN;
/** Nanoseconds without anything new that are a long quiet: the least of what devices forget connections after. */
export const QUIET = 30e9;
/** Segments kept after one that mattered. */
const FOLLOWED = 8;
/** How long a list may be for one more entry: of what follows, of what matters, of RSTs; and the list of troubles. */
const MOST_FOLLOWING = 40;
const MOST_EVENTFUL = 64;
const MOST_RESETS = 96;
const MOST_TROUBLES = 64;

/** Notes that matter within a connection. */
const NOTES_INSIDE =
  NOTE.checksumBad |
  NOTE.keepAlive |
  NOTE.synInsideConnection |
  NOTE.resetOutOfWindow |
  NOTE.resetChallenged |
  NOTE.aliveAfterReset |
  NOTE.fillsHole |
  NOTE.leavesHole |
  NOTE.anotherWay |
  NOTE.afterQuiet |
  NOTE.windowShrunk;
/** … and while it opens or closes; those of every handshake and close are not among them. */
const NOTES_OUTSIDE = NOTES_INSIDE | NOTE.synRepeated | NOTE.synAckRepeated | NOTE.finRepeated | NOTE.fastOpenData;
/** Notes of segments that are kept for good, as those that open and close the connection. */
const LASTING =
  NOTE.synInsideConnection |
  NOTE.resetOutOfWindow |
  NOTE.resetChallenged |
  NOTE.aliveAfterReset |
  NOTE.afterQuiet |
  NOTE.windowShrunk;
const STALL = EVENT.zeroWindow | EVENT.zeroWindowProbe | EVENT.zeroWindowProbeAck | EVENT.keepAlive;
const EVENTS_INSIDE =
  EVENT.retransmission |
  EVENT.outOfOrder |
  EVENT.keepAlive |
  EVENT.keepAliveAck |
  EVENT.zeroWindow |
  EVENT.zeroWindowProbe |
  EVENT.zeroWindowProbeAck |
  EVENT.ackUnseenSegment;
