import type { Facts } from '../findings/case.ts';
import { Ends } from '../flow/endpoints.ts';
import { CLIENT, END, FLOW, SERVER } from '../flow/rows.ts';
import { EVENT } from '../tcp/events.ts';
import { STATE } from '../tcp/machine.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { NOTE, type Verdict } from '../tcp/verdict.ts';
import { ACK, FIN, PSH, RST, type SegmentView, SYN, URG } from '../wire/segment.ts';
import { Backlog } from './backlog.ts';
import { Census } from './census.ts';
import type { ClockSteps } from './clock-steps.ts';
import { Crowds, PROBE } from './crowds.ts';
import { TimeWaits } from './time-wait.ts';
import { Vanished } from './vanished.ts';
import { FlowVerdicts } from './verdicts.ts';

/** Octets of payload that no Ethernet segment has more of, unless the card cut or joined it. */
const LARGEST = 1460;
/** What is taken for too large where the receiver's MSS is not known: jumbo frames end there. */
const UNKNOWN_MSS = 9216;

/** States, as bits: those that are looked at when an end comes into one, or leaves it. */
const BACKLOG = 1 << STATE.SYN_RECV;
const TIME_WAIT = 1 << STATE.TIME_WAIT;
const WATCHED = BACKLOG | TIME_WAIT;

/** A segment larger than its receiver takes. */
export interface Oversize {
  readonly frame: number;
  readonly flow: number;
  readonly octets: number;
  /** -1 where it is not known. */
  readonly mss: number;
}

/**
 * What shows across flows, and of the capture itself: gathered at rare segments and when flows finish, in bounded
 * memory. `across/findings.ts` and `across/capture-findings.ts` say what it comes to.
 */
export class Across {
  readonly backlog: Backlog;
  readonly timeWaits: TimeWaits;
  readonly census: Census;
  readonly crowds: Crowds;
  readonly vanished: Vanished;
  readonly clock: ClockSteps;
  /** Filled by whoever judges the finished flows. */
  readonly verdicts: FlowVerdicts;
  oversize: Oversize | null = null;
  private readonly tracker: Tracker;
  private readonly ends = new Ends();
  /** Payload above this is looked at. */
  private largest = LARGEST;

  /** @param wait two MSL, nanoseconds */
  constructor(tracker: Tracker, facts: Facts, clock: ClockSteps, wait: number) {
    this.tracker = tracker;
    this.backlog = new Backlog(tracker);
    this.timeWaits = new TimeWaits(tracker, wait);
    this.census = new Census(tracker, facts);
    this.crowds = new Crowds(tracker, this.ends);
    this.vanished = new Vanished(tracker);
    this.clock = clock;
    this.verdicts = new FlowVerdicts(tracker, this.vanished);
  }

  /** A segment was replayed. Most need no look. */
  segment(verdict: Verdict, segment: SegmentView): void {
    if (
      (verdict.states & WATCHED) !== 0 ||
      (verdict.notes & NOTE.synAckRepeated) !== 0 ||
      (verdict.events & EVENT.ackUnseenSegment) !== 0 ||
      segment.roomLength > this.largest ||
      (segment.flags & (SYN | ACK | RST)) === 0
    )
      this.look(verdict, segment);
  }

  private look(verdict: Verdict, segment: SegmentView): void {
    const { row } = verdict;
    if (row < -1) this.backlog.takeOpening(-2 - row, segment.frame, segment.time);
    if (row < 0 || verdict.duplicateOf !== 0) return;
    if ((verdict.states & BACKLOG) !== 0 || (verdict.notes & NOTE.synAckRepeated) !== 0)
      this.backlog.take(row, segment.frame, segment.time);
    if ((verdict.states & TIME_WAIT) !== 0) this.timeWaits.take(verdict, row, segment.time);
    if ((verdict.events & EVENT.ackUnseenSegment) !== 0) this.census.takeUnseen(verdict, segment);
    if (segment.roomLength > this.largest) this.takeSize(verdict, segment);
    if ((segment.flags & (SYN | ACK | RST)) === 0) this.takeFlags(verdict, segment);
  }

  /** A flow is finished; its row is still whole. */
  finish(row: number, start: number, now: number): void {
    this.backlog.finish(row, now);
    this.census.take(row);
    this.ends.read(this.tracker.rows.i32, row);
    this.crowds.take(row, start, now);
    this.vanished.finish(row, this.ends);
  }

  /** The answered opening at a place is finished: it is like the flow before (TrackerOptions.onAlike). */
  finishAlike(place: number, now: number): void {
    const { openings } = this.tracker.table;
    this.backlog.finishOpening(place, now);
    this.census.takeOpening();
    this.vanished.finishOpening(
      openings.clientAddress(place),
      openings.synTime(place),
      openings.answerTime(place),
      this.ends,
    );
  }

  end(now: number): void {
    this.backlog.end(now);
  }

  private takeSize(verdict: Verdict, segment: SegmentView): void {
    const receiver = verdict.row + (verdict.side === CLIENT ? FLOW.server : FLOW.client);
    const mss = this.tracker.rows.i32[receiver + END.mss]!;
    if (segment.roomLength <= (mss < 0 ? UNKNOWN_MSS : mss)) {
      this.largest = segment.roomLength;
      return;
    }
    this.largest = Number.POSITIVE_INFINITY;
    this.oversize = { frame: segment.frame, flow: verdict.flow, octets: segment.roomLength, mss };
  }

  /** Segments without SYN, ACK and RST, which no stack sends (RFC 9293 3.10.7.4: they are dropped). */
  private takeFlags({ row, side }: Verdict, { flags, frame, time, roomLength }: SegmentView): void {
    const shape = flags & (FIN | PSH | URG);
    const probe =
      flags === 0 ? PROBE.null : shape === (FIN | PSH | URG) ? PROBE.xmas : shape === FIN ? PROBE.fin : undefined;
    if (probe === undefined || roomLength > 0) return;
    this.ends.read(this.tracker.rows.i32, row);
    this.crowds.takeProbe(probe, side === CLIENT ? CLIENT : SERVER, time, frame);
  }
}
