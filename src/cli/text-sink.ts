import type { LoneOpenings } from '../flow/lone-openings.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import type { CaptureRecord } from '../record/capture.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { FlowSummary } from '../record/summary.ts';
import { textStyle } from '../render/style.ts';
import { textReport } from '../render/text.ts';
import type { AnalyzeOptions } from './analyze.ts';
import { nameLookup } from './names.ts';
import type { Output } from './output.ts';
import { terminalSize, wantsColour } from './terminal.ts';

/** Gathers what the report for a person tells, and prints it at the end. */
export class TextSink {
  private readonly options: AnalyzeOptions;
  private readonly output: Output;
  private readonly source: CaptureSource;
  private readonly summary: FlowSummary;

  constructor(options: AnalyzeOptions, output: Output, source: CaptureSource) {
    this.options = options;
    this.output = output;
    this.source = source;
    this.summary = new FlowSummary(options.sort ?? 'worst', options.top ?? MOST_SHOWN);
  }

  take(flow: FlowCursor): void {
    this.summary.add(flow);
  }

  takeAlike(openings: LoneOpenings, place: number): boolean {
    return this.summary.addAlike(openings, place);
  }

  end(capture: CaptureRecord): void {
    const { options, output, source } = this;
    const { columns, lines } = terminalSize(output, PAGE_COLUMNS);
    output.out.text(
      textReport(capture, this.summary, {
        columns: Math.max(columns, 40),
        lines,
        chosen: options.flow !== undefined || options.where !== undefined,
        top: options.top,
        sort: options.sort ?? 'worst',
        nameOf: options.names === true ? nameLookup(source.names) : () => undefined,
        style: textStyle(wantsColour(options.color, output)),
      }),
    );
  }

  dispose(): void {}
}

/** Flows kept for as many as fit; no terminal is longer. */
const MOST_SHOWN = 250;
/** Columns of a page that is no terminal. */
const PAGE_COLUMNS = 80;
