import { Analysis } from '../analyze.ts';
import type { RecordView } from '../capture/record.ts';
import { type ChosenEnd, ChosenFlows } from '../extract/chosen-flows.ts';
import { FLOW } from '../flow/rows.ts';
import { captureRecord } from '../input/capture-record.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import type { CaptureFinding } from '../record/capture.ts';
import { FlowCursor } from '../record/cursor.ts';
import { analysisOptions, type ReadingOptions } from './capture-options.ts';
import { addressOctets } from './names.ts';
import type { RecordTaker } from './reading.ts';

/** A reading of the captures for findings of some codes: which flows they are about, and what they say of which frame. */
export class FindingSearch implements RecordTaker {
  /** What is said of a frame that is evidence. */
  readonly evidence: Map<number, string[]> = new Map();
  /** Findings of the capture, or across flows. */
  captureFindings: readonly CaptureFinding[] = [];
  private readonly flows: number[] = [];
  private readonly codes: ReadonlySet<string>;
  private readonly source: CaptureSource;
  private readonly analysis: Analysis;

  constructor(source: CaptureSource, codes: ReadonlySet<string>, options: ReadingOptions) {
    this.source = source;
    this.codes = codes;
    const analysis: Analysis = new Analysis({
      ...analysisOptions(options),
      onFlow: (row) => {
        cursor.move(row);
        cursor.baseSeconds = analysis.baseSeconds;
        analysis.across?.verdicts.take(row, cursor.judgement);
        this.takeFlow(cursor);
      },
    });
    this.analysis = analysis;
    const cursor = new FlowCursor(analysis.flowContext(source.inputs.map((input) => input.path)));
  }

  get records(): number {
    return this.analysis.records;
  }

  take(record: RecordView): void {
    this.analysis.take(record);
  }

  end(): void {
    this.analysis.end();
    const { findings } = captureRecord(this.source, this.analysis).capture;
    this.captureFindings = findings.filter(({ code }) => this.codes.has(code));
    for (const { code, message, frames } of this.captureFindings)
      for (const frame of frames) this.note(frame, `${code}: ${message}`);
  }

  /** The flows that the findings are about. */
  chosen(): ChosenFlows {
    const { captureFindings } = this;
    return new ChosenFlows(
      [...this.flows, ...captureFindings.flatMap(({ flows }) => flows)],
      captureFindings.map(endsOf).filter((ends) => ends.length > 0),
    );
  }

  private takeFlow(flow: FlowCursor): void {
    const found = flow.judgement.findings.filter(({ code }) => this.codes.has(code));
    if (found.length === 0) return;
    this.flows.push(flow.word(FLOW.number));
    for (const { code, message, frame, frames } of found)
      for (const one of frames)
        this.note(one, one === frame ? `${code}: ${message}` : `${code}: evidence, as frame ${frame} says`);
  }

  private note(frame: number, text: string): void {
    const known = this.evidence.get(frame);
    if (known !== undefined) known.push(text);
    else if (this.evidence.size < MOST_NOTED) this.evidence.set(frame, [text]);
  }
}

/** Frames whose part in a finding is remembered; those past it are written without. */
const MOST_NOTED = 100_000;
/** Values of findings that name an end: what is said of the capture is about flows that have all of them. */
const END_VALUES = ['server', 'source', 'client', 'address'] as const;

function endsOf({ values }: CaptureFinding): ChosenEnd[] {
  return END_VALUES.flatMap((name) => {
    const value = values[name];
    return typeof value === 'string' ? [endOf(value)] : [];
  });
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function endOf(text: string): ChosenEnd {
  const match = /^\[(.*)\]:(\d+)$/.exec(text) ?? /^([\d.]+):(\d+)$/.exec(text);
  return match === null
    ? { octets: addressOctets(text), port: 0 }
    : { octets: addressOctets(match[1]!), port: Number(match[2]) };
}
