import { Analysis } from '../analyze.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { LoneOpenings } from '../flow/lone-openings.ts';
import { FLOW } from '../flow/rows.ts';
import { captureRecord } from '../input/capture-record.ts';
import { openCaptures } from '../input/captures.ts';
import type { CaptureRecord } from '../record/capture.ts';
import { FlowCursor } from '../record/cursor.ts';
import { type SortKey, sortKey } from '../record/sort.ts';
import type { FlowRenderer } from '../render/flow-renderer.ts';
import { analysisOptions, type CaptureOptions } from './capture-options.ts';
import { EXIT, exitStatus } from './exit.ts';
import { findingCodes } from './finding-codes.ts';
import { reportIgnored, withoutIgnored } from './ignored.ts';
import { missingFlows } from './missing-flows.ts';
import { Output } from './output.ts';
import { reportProblems } from './problems.ts';
import { readAll } from './reading.ts';
import { Spool } from './spool.ts';
import { VERSION } from './version.ts';

export interface AnalyzeOptions extends CaptureOptions {
  readonly format: 'text' | 'json' | 'ndjson' | 'csv' | 'zeek';
  readonly sort?: SortKey;
  readonly top?: number;
  readonly captureRecord?: boolean;
  /** Codes of findings that are left out. */
  readonly ignore?: readonly string[];
}

/** `lastack analyze`: answers the exit status. */
export async function analyze(captures: readonly string[], options: AnalyzeOptions): Promise<number> {
  const ignored = findingCodes(options.ignore);
  const holds = options.where === undefined ? null : await (await import('./where.ts')).whereOf(options.where);
  const source = await openCaptures(captures, { digest: options.format === 'json' || options.captureRecord === true });
  if (source.inputs.length === 0) {
    reportProblems(source.problems);
    return exitStatus(source.problems);
  }
  const output = new Output(options.output, [...captures, ...source.inputs.map((input) => input.path)]);
  const wanted = options.flow === undefined ? null : new Set(options.flow);
  const analysis: Analysis = new Analysis({
    ...analysisOptions(options),
    forRecords: options.format !== 'text' || holds !== null,
    across: options.format === 'text' || options.format === 'json' || options.captureRecord === true,
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      analysis.across?.verdicts.take(row, cursor.judgement);
      if (wanted !== null && !wanted.has(cursor.word(FLOW.number))) return;
      if (holds === null || holds(cursor)) sink.take(cursor);
    },
    onAlike: (place) => {
      const { openings } = analysis.tracker.table;
      if (wanted !== null || holds !== null || !cursor.judge.isAlike(openings, place)) return false;
      return sink.takeAlike?.(openings, place) === true;
    },
  });
  const cursor = new FlowCursor(
    analysis.flowContext(
      source.inputs.map((input) => input.path),
      ignored,
    ),
  );
  const sink = await sinkOf(options, output, source);
  try {
    const interrupted = await readAll(source, analysis, options.progress);
    if (source.inputs.length === 0) {
      reportProblems(source.problems);
      return exitStatus(source.problems);
    }
    const { suppressed } = cursor.judge;
    sink.end(withoutIgnored(captureRecord(source, analysis), ignored, suppressed));
    output.close();
    const missing = interrupted ? [] : missingFlows(options.flow, analysis.tracker.identity.flows);
    const problems = [...source.problems, ...missing];
    reportProblems(problems);
    reportIgnored(suppressed);
    return interrupted ? EXIT.interrupted : exitStatus(problems);
  } finally {
    sink.dispose();
  }
}

/** Where finished flows go. */
interface FlowSink {
  take(flow: FlowCursor): void;
  /** TrackerOptions.onAlike, of the flow that `take` took last. */
  takeAlike?(openings: LoneOpenings, place: number): boolean;
  end(capture: CaptureRecord): void;
  dispose(): void;
}

async function sinkOf(
  options: AnalyzeOptions,
  output: Output,
  source: Awaited<ReturnType<typeof openCaptures>>,
): Promise<FlowSink> {
  switch (options.format) {
    case 'text': {
      const { TextSink } = await import('./text-sink.ts');
      return new TextSink(options, output, source);
    }
    case 'json': {
      const { JsonDocument } = await import('../render/json-document.ts');
      return new SpooledSink(new JsonDocument(VERSION), output, options.sort ?? 'flow', options.top);
    }
    case 'csv': {
      const { CsvFlows } = await import('../render/csv.ts');
      return streamed(new CsvFlows(), options, output);
    }
    case 'zeek': {
      const { ZeekLog } = await import('../render/zeek.ts');
      return streamed(new ZeekLog(), options, output);
    }
    case 'ndjson': {
      const { NdjsonFlows } = await import('../render/ndjson.ts');
      return streamed(new NdjsonFlows(options.captureRecord === true), options, output);
    }
  }
}

function streamed(renderer: FlowRenderer, options: AnalyzeOptions, output: Output): FlowSink {
  if (options.sort === undefined && options.top === undefined) return new StreamedSink(renderer, output);
  return new SpooledSink(renderer, output, options.sort ?? 'flow', options.top);
}

/** Prints each flow when it is finished. */
class StreamedSink implements FlowSink {
  private readonly renderer: FlowRenderer;
  private readonly output: Output;

  constructor(renderer: FlowRenderer, output: Output) {
    this.renderer = renderer;
    this.output = output;
    renderer.head(output.out, null);
  }

  take(flow: FlowCursor): void {
    this.renderer.flow(this.output.out, flow);
    this.output.flushIfFull();
  }

  end(capture: CaptureRecord): void {
    this.renderer.tail(this.output.out, capture);
  }

  dispose(): void {}
}

/** Prints flows in an order of its own, once all are known. */
class SpooledSink implements FlowSink {
  private readonly renderer: FlowRenderer;
  private readonly output: Output;
  private readonly key: SortKey;
  private readonly top: number | undefined;
  private readonly spool = new Spool();
  private readonly piece = new ByteWriter();

  constructor(renderer: FlowRenderer, output: Output, key: SortKey, top: number | undefined) {
    this.renderer = renderer;
    this.output = output;
    this.key = key;
    this.top = top;
  }

  take(flow: FlowCursor): void {
    this.piece.length = 0;
    this.renderer.flow(this.piece, flow);
    this.spool.add(sortKey(flow, this.key), flow.word(FLOW.number), this.piece);
  }

  end(capture: CaptureRecord): void {
    const { renderer, output } = this;
    renderer.head(output.out, capture);
    let first = true;
    this.spool.forEach((octets) => {
      if (!first) output.out.text(renderer.separator);
      first = false;
      output.out.copy(octets);
      output.flushIfFull();
    }, this.top);
    renderer.tail(output.out, capture);
  }

  dispose(): void {
    this.spool.close();
  }
}
