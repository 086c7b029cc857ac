/**
 * The pipeline in one screen: a record becomes a segment, a segment finds its flow, the flow's row holds what it meant.
 * Whoever wants more subscribes: to finished flows, to segments.
 */

import { Across } from './across/across.ts';
import { ClockSteps } from './across/clock-steps.ts';
import type { RecordView } from './capture/record.ts';
import { type RecordChoices, WantedRecords } from './decoding.ts';
import type { Facts } from './findings/case.ts';
import type { FlowRows } from './flow/rows.ts';
import type { FlowContext } from './record/cursor.ts';
import { Tracker } from './tcp/tracker.ts';
import type { Verdict } from './tcp/verdict.ts';
import { SegmentDecoder, type WireChoices } from './wire/decode.ts';
import { SegmentView, WIRE, type WireResult } from './wire/segment.ts';

/** What to analyse and whom to tell. */
export interface AnalysisOptions extends RecordChoices {
  /** How packets are decoded: tunnels, checksums, `--split-by`. */
  readonly wire?: WireChoices;
  /** Maximum segment lifetime in seconds, 30 by default: TIME_WAIT lasts two. */
  readonly msl?: number;
  /** Seconds after which an idle flow is handed on; by default never. */
  readonly idleTimeout?: number;
  /** Count a mirror port's copies as segments of their own. */
  readonly keepDuplicates?: boolean;
  /**
   * Open flows from which on those that have got no further than SYN and SYN+ACK are kept in little memory; 4096 by
   * default. It changes nothing else.
   */
  readonly loneFrom?: number;
  /** Gather what shows across flows and of the capture itself; yes by default. */
  readonly across?: boolean;
  /** Gather what only records of flows tell (TrackerOptions.forRecords); yes by default. */
  readonly forRecords?: boolean;
  /** A flow is finished; its row is valid during the call only. */
  readonly onFlow?: (row: number) => void;
  /** In place of `onFlow` for openings at the end of the capture (TrackerOptions.onAlike). */
  readonly onAlike?: ((place: number) => boolean) | undefined;
  /** A record with TCP was replayed. Both views are overwritten by the next one. */
  readonly onSegment?: (verdict: Verdict, segment: SegmentView, result: WireResult) => void;
}

const NANOSECONDS = 1e9;
const QUEUES = 1e6;
/** So many rows cost little, and flows that go on are spared a second begin. */
const LONE_FROM = 4096;
/** Frames given as evidence. */
const FRAMES_SHOWN = 10;

/** One capture's analysis: give it every record, in order, then `end`. */
export class Analysis {
  readonly tracker: Tracker;
  readonly rows: FlowRows;
  readonly wire: SegmentDecoder;
  /** Maximum segment lifetime, seconds. */
  readonly msl: number;
  /** Whole seconds since the epoch to which all times in rows are relative; the first record's, 0 before it. */
  baseSeconds: number = Number.NaN;
  /** Records given, and how many of them held a link type that cannot be decoded, or a broken TCP header. */
  records = 0;
  undecoded = 0;
  brokenSegments = 0;
  icmpErrors = 0;
  /** Earliest and latest time of a record, nanoseconds since `baseSeconds`; NaN while there is none. */
  start: number = Number.NaN;
  latest: number = Number.NaN;
  /** Records whose time is before their predecessor's, the frames of the first, and the longest way back, nanoseconds. */
  backwards = 0;
  readonly backwardsFrames: number[] = [];
  longestBack = 0;
  /** Records of which the capture kept less than was on the wire, and the frame of the first. */
  cut = 0;
  firstCut = 0;
  /** Which records are analysed; the others are counted. */
  readonly wanted: WantedRecords;
  /** What shows across flows; null when it was not asked for. */
  readonly across: Across | null;

  private readonly facts: Facts;
  /** Looks for places at which the capture's clock was set; null where nobody asks about flows. */
  private readonly clock: ClockSteps | null;
  private readonly segment = new SegmentView();
  private onSegment: AnalysisOptions['onSegment'];
  private readonly loneFrom: number;
  private last = Number.NEGATIVE_INFINITY;
  private watchesClock = false;
  /** Interface and file of the record before. */
  private lastSource = 0;

  constructor(options: AnalysisOptions = {}) {
    this.wire = new SegmentDecoder(options.wire);
    this.onSegment = options.onSegment;
    this.loneFrom = options.loneFrom ?? LONE_FROM;
    this.wanted = new WantedRecords(options);
    this.baseSeconds = 0;
    this.msl = options.msl ?? 30;
    const msl = this.msl * NANOSECONDS;
    const onFlow = options.onFlow ?? (() => {});
    this.tracker = new Tracker({
      msl,
      idleTimeout: (options.idleTimeout ?? Number.POSITIVE_INFINITY) * NANOSECONDS,
      keepDuplicates: options.keepDuplicates ?? false,
      loneFrom: this.loneFrom,
      withVerdicts: options.onSegment !== undefined,
      forRecords: options.forRecords ?? true,
      onFlow:
        options.across === false
          ? onFlow
          : (row) => {
              this.across?.finish(row, this.start, this.latest);
              onFlow(row);
            },
      onAlike:
        options.onAlike === undefined
          ? undefined
          : (place) => {
              if (!options.onAlike!(place)) return false;
              this.across?.finishAlike(place, this.latest);
              return true;
            },
    });
    this.rows = this.tracker.rows;
    const { evidence, eventCounts, oneWays } = this.tracker;
    const clock = new ClockSteps(this.tracker);
    this.clock = options.across === false && options.onFlow === undefined ? null : clock;
    this.facts = {
      rows: this.rows,
      evidence,
      eventCounts,
      services: evidence.services,
      oneWays,
      start: () => this.start,
      now: () => this.last,
      over: () => this.tracker.over,
      clock,
    };
    this.across = options.across === false ? null : new Across(this.tracker, this.facts, clock, 2 * msl);
  }

  take(record: RecordView): void {
    if (this.records++ === 0) this.baseSeconds = record.seconds;
    const time = (record.seconds - this.baseSeconds) * NANOSECONDS + record.nanoseconds;
    if (!this.wanted.has(record)) return;
    const since = time - this.last;
    if (since < 0 || since > NANOSECONDS) this.takeJump(record, time, since);
    this.last = time;
    this.lastSource = (record.file << 16) ^ record.interfaceIndex;
    if (!(time >= this.start)) this.start = time;
    if (!(time <= this.latest)) this.latest = time;
    if (record.end - record.at < record.originalLength && this.cut++ === 0) this.firstCut = record.frame;
    const segment = this.segment;
    const result = this.wire.decode(record, segment);
    segment.time = time;
    if (result === WIRE.segment) {
      this.tracker.take(segment);
      if (this.across !== null) this.across.segment(this.tracker.verdict, segment);
      if (this.onSegment !== undefined) this.onSegment(this.tracker.verdict, segment, result);
      this.tracker.handingOn.rest(time);
    } else if (result !== WIRE.other) this.takeOther(segment, result);
  }

  /**
   * What records of flows are made with.
   *
   * @param files paths of the inputs
   * @param ignored codes of findings that are left out
   */
  flowContext(files: readonly string[], ignored: ReadonlySet<string> = new Set()): FlowContext {
    const { history, roundTrips, timing } = this.tracker;
    return {
      ...this.facts,
      history,
      roundTrips,
      timing,
      layerNames: (layers) => this.wire.layerNames(layers),
      files,
      msl: this.msl,
      ignored,
    };
  }

  /** Time went back, or on by more than a second: the clock may have been set. The segments that follow tell. */
  private takeJump(record: RecordView, time: number, since: number): void {
    if (since < 0) this.takeBackwards(record, -since);
    const { clock } = this;
    if (clock === null || !(Math.abs(since) > NANOSECONDS) || since === Number.POSITIVE_INFINITY) return;
    clock.begin(record.frame, time, since < 0);
    if (!clock.watches || this.watchesClock) return;
    const { onSegment } = this;
    this.watchesClock = true;
    this.tracker.lone.from = Number.POSITIVE_INFINITY;
    this.onSegment = (verdict, segment, result) => {
      if (result === WIRE.segment && !clock.take(verdict, segment)) {
        this.onSegment = onSegment;
        this.watchesClock = false;
        this.tracker.lone.from = this.loneFrom;
      }
      onSegment?.(verdict, segment, result);
    };
  }

  /** Merged queues of several interfaces are out of order by less than a millisecond: that is usual. */
  private takeBackwards(record: RecordView, by: number): void {
    if (by < QUEUES && this.lastSource !== ((record.file << 16) ^ record.interfaceIndex)) return;
    this.backwards++;
    if (by > this.longestBack) this.longestBack = by;
    if (this.backwardsFrames.length < FRAMES_SHOWN) this.backwardsFrames.push(record.frame);
  }

  /** Worth a line, but no segment of a flow. */
  private takeOther(segment: SegmentView, result: WireResult): void {
    if (result === WIRE.unknownLink) {
      this.undecoded++;
      return;
    }
    if (result === WIRE.brokenTcp) this.brokenSegments++;
    else if (result === WIRE.icmpQuote) this.icmpErrors++;
    if (this.onSegment === undefined && result !== WIRE.icmpQuote) return;
    this.tracker.locate(segment);
    const { row, side } = this.tracker.verdict;
    if (result === WIRE.icmpQuote && row >= 0) this.tracker.evidence.takeIcmp(row, side, segment);
    if (this.onSegment !== undefined) this.onSegment(this.tracker.verdict, segment, result);
  }

  /** The capture is over: every flow that is still open is handed on. */
  end(): void {
    this.clock?.settle();
    this.tracker.end();
    this.across?.end(this.latest);
  }
}
