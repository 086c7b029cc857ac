/**
 * lastack as a library: open captures, then read their flows or their segments as objects.
 *
 * ```ts
 * import { openCapture } from 'lastack';
 *
 * const capture = await openCapture('web.pcap');
 * for await (const flow of capture.flows()) console.log(flow.flow, flow.handshake.outcome, flow.close.pattern);
 * ```
 */

import { Analysis, type AnalysisOptions } from './analyze.ts';
import { RecordView } from './capture/record.ts';
import type { LastackError } from './errors.ts';
import { captureRecord } from './input/capture-record.ts';
import type { CaptureSource } from './input/capture-source.ts';
import { openCaptures } from './input/captures.ts';
import type { CaptureRecord } from './record/capture.ts';
import { FlowCursor } from './record/cursor.ts';
import { FLOW_FIELDS, type FlowRecord } from './record/flow.ts';
import { recordObject } from './record/object.ts';
import { SEGMENT_FIELDS, SegmentCursor, type SegmentRecord } from './record/segment.ts';
import { TcpdumpLine } from './render/tcpdump.ts';
import { SegmentView, WIRE } from './wire/segment.ts';

export type { AnalysisOptions } from './analyze.ts';
export type { Instant } from './decoding.ts';
export {
  type CapturePlace,
  DamagedCaptureError,
  type LastackError,
  UnreadableInputError,
  UsageError,
} from './errors.ts';
export { FilterError } from './filter/filter-error.ts';
export { PacketFilter } from './filter/packet-filter.ts';
export type { Confidence, Finding, Severity, Values } from './findings/finding.ts';
export type { CaptureFinding, CaptureRecord, CaptureSummary, InputRecord } from './record/capture.ts';
export type {
  Close,
  Direction,
  Endpoint,
  FlowRecord,
  Handshake,
  Reset,
  RoundTrips,
  StateEntry,
  States,
  TimeWait,
} from './record/flow-record.ts';
export type { SegmentRecord, SegmentStates } from './record/segment-record.ts';

/** How a capture is analysed. */
export interface OpenOptions extends Omit<AnalysisOptions, 'onFlow' | 'onSegment'> {
  /** Count the SHA-256 of each file, for `record().inputs`. Default no. */
  readonly digest?: boolean;
}

/**
 * Opens one capture or several as one: paths of files or directories, `-` for standard input. Inputs that can't be read
 * are in `problems`; throws UnreadableInputError when none can.
 */
export async function openCapture(paths: string | readonly string[], options: OpenOptions = {}): Promise<Capture> {
  const source = await openCaptures(typeof paths === 'string' ? [paths] : paths, { digest: options.digest ?? false });
  const [problem] = source.problems;
  if (source.inputs.length === 0 && problem !== undefined) throw problem;
  return new Capture(source, options);
}

/** An open capture. It is read once, by `flows` or by `segments`, in constant memory. */
export class Capture {
  private readonly source: CaptureSource;
  private readonly options: OpenOptions;
  private analysis: Analysis | null = null;

  /** Use `openCapture`. */
  constructor(source: CaptureSource, options: OpenOptions) {
    this.source = source;
    this.options = options;
  }

  /** What could not be read, and where captures were damaged or cut short; complete after the last flow or segment. */
  get problems(): readonly LastackError[] {
    return this.source.problems;
  }

  /** Every flow, each as soon as it is finished; their numbers count first segments. */
  async *flows(): AsyncGenerator<FlowRecord, void, undefined> {
    const finished: FlowRecord[] = [];
    const analysis = this.begin({
      onFlow: (row) => {
        cursor.move(row);
        cursor.baseSeconds = analysis.baseSeconds;
        analysis.across?.verdicts.take(row, cursor.judgement);
        finished.push(recordObject(FLOW_FIELDS, cursor) as unknown as FlowRecord);
      },
    });
    const cursor = this.cursorOf(analysis);
    yield* this.pull(analysis, finished);
  }

  /** Every TCP segment, in order, with what it did to its flow. Lines are tcpdump's, with times in UTC. */
  async *segments(): AsyncGenerator<SegmentRecord, void, undefined> {
    const seen: SegmentRecord[] = [];
    const lines = new TcpdumpLine();
    const analysis = this.begin({
      onSegment: (verdict, segment, result) => {
        cursor.move(verdict, segment, result);
        const record = recordObject(SEGMENT_FIELDS, cursor) as unknown as SegmentRecord;
        if (result !== WIRE.icmpQuote) seen.push(record);
      },
    });
    const cursor = new SegmentCursor(
      this.cursorOf(analysis),
      analysis.tracker.verdict,
      new SegmentView(),
      (out, segment, result) => lines.write(out, segment, result),
    );
    yield* this.pull(analysis, seen);
  }

  /** The capture's own record: complete after the last flow or segment. */
  record(): CaptureRecord {
    return captureRecord(this.source, this.analysis ?? new Analysis());
  }

  /** Closes the files. Reading to the end does so by itself. */
  close(): void {
    this.source.close();
  }

  private begin(listeners: Pick<AnalysisOptions, 'onFlow' | 'onSegment'>): Analysis {
    if (this.analysis !== null) throw new Error('a capture is read once: open it again');
    this.analysis = new Analysis({ ...this.options, ...listeners });
    return this.analysis;
  }

  private cursorOf(analysis: Analysis): FlowCursor {
    return new FlowCursor(analysis.flowContext(this.source.inputs.map((input) => input.path)));
  }

  /** Reads on whenever the caller has had all of `ready`, which the analysis' listeners fill. */
  private async *pull<Item>(analysis: Analysis, ready: Item[]): AsyncGenerator<Item, void, undefined> {
    const record = new RecordView();
    try {
      for (;;) {
        while (this.source.next(record)) {
          analysis.take(record);
          if (ready.length >= BATCH) {
            yield* ready;
            ready.length = 0;
          }
        }
        if (!(await this.source.fill())) break;
      }
      analysis.end();
      yield* ready;
    } finally {
      this.source.close();
    }
  }
}

/** Objects made before the caller is given them. */
const BATCH = 256;
