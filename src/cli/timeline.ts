import { Analysis } from '../analyze.ts';
import { ASCII } from '../bytes/ascii.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { Decoding } from '../decoding.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import { openCaptures } from '../input/captures.ts';
import { StoredInputs } from '../input/stored.ts';
import { FlowCursor } from '../record/cursor.ts';
import { SEGMENT_FIELDS, SegmentCursor } from '../record/segment.ts';
import { Annotations } from '../render/annotation.ts';
import type { LineOptions, LineWriter } from '../render/line.ts';
import { JsonRecord } from '../render/record-json.ts';
import { textStyle } from '../render/style.ts';
import { TcpdumpLine } from '../render/tcpdump.ts';
import { hasLine, SegmentView, WIRE } from '../wire/segment.ts';
import { analysisOptions, type CaptureOptions } from './capture-options.ts';
import { EXIT, exitStatus } from './exit.ts';
import { interfaceName } from './interface-names.ts';
import { missingFlows } from './missing-flows.ts';
import { Output } from './output.ts';
import { reportProblems } from './problems.ts';
import { Interruption, type RecordTaker, readAll } from './reading.ts';
import { terminalSize, wantsColour } from './terminal.ts';
import { localOffset } from './zone.ts';

export interface TimelineOptions extends CaptureOptions {
  readonly format: 'text' | 'ndjson';
  readonly style: 'tcpdump' | 'windump';
  readonly annotate: boolean;
  /** How often -t was given. */
  readonly t: number;
  readonly absolute?: boolean;
}

/** `lastack timeline`: answers the exit status. With `--where`, the captures are read twice: first to know the flows. */
export async function timeline(captures: readonly string[], options: TimelineOptions): Promise<number> {
  const { where } = options;
  if (where === undefined) return await print(captures, options, undefined, false);
  const { flowsWhere } = await import('./where.ts');
  const stored = new StoredInputs();
  const interruption = new Interruption();
  try {
    await stored.store(captures, interruption);
    interruption.forget();
    const { flow, interrupted } = await flowsWhere(captures, { ...options, where }, stored);
    return await print(captures, { ...options, flow }, stored, interrupted || interruption.happened);
  } finally {
    interruption.forget();
    stored.close();
  }
}

async function print(
  captures: readonly string[],
  options: TimelineOptions,
  stored: StoredInputs | undefined,
  interruptedBefore: boolean,
): Promise<number> {
  const source = await openCaptures(captures, stored === undefined ? {} : { stored: stored.files });
  if (source.inputs.length === 0) {
    reportProblems(stored?.ownOf(source.problems) ?? source.problems);
    return interruptedBefore ? EXIT.interrupted : exitStatus(source.problems);
  }
  const output = new Output(options.output, [...captures, ...source.inputs.map((input) => input.path)]);
  const lines = await lineWriter(options, source);
  const isBare = options.format === 'text' && !options.annotate && options.flow === undefined;
  const analysis = isBare ? null : withVerdicts(options, source, output, lines);
  const taker = analysis ?? bareLines(options, output, lines);
  const interrupted = (await readAll(source, taker, options.progress)) || interruptedBefore;
  output.close();
  const missing =
    interrupted || source.inputs.length === 0 ? [] : missingFlows(options.flow, analysis?.tracker.identity.flows ?? 0);
  reportProblems([...(stored?.ownOf(source.problems) ?? source.problems), ...missing]);
  return interrupted ? EXIT.interrupted : exitStatus([...source.problems, ...missing]);
}

/** Lines alone, which depend on nothing but what is in the packets: nobody has to know what the segments meant. */
function bareLines(options: TimelineOptions, output: Output, lines: LineWriter): RecordTaker {
  return new Decoding({
    ...analysisOptions(options),
    onSegment: (segment, result) => {
      if (!hasLine(segment, result)) return;
      lines.write(output.out, segment, result);
      output.out.byte(ASCII.newline);
      output.flushIfFull();
    },
  });
}

/** Lines of some flows only, or with what the segments meant; or records. */
function withVerdicts(options: TimelineOptions, source: CaptureSource, output: Output, lines: LineWriter): Analysis {
  const wanted = options.flow === undefined ? null : new Set(options.flow);
  const analysis: Analysis = new Analysis({
    ...analysisOptions(options),
    across: false,
    forRecords: false,
    onSegment: (verdict, segment, result) => {
      if (wanted !== null && !wanted.has(verdict.flow)) {
        // Relative sequence numbers and -ttt depend on every line before, printed or not.
        if (hasLine(segment, result)) lines.write(output.out, segment, result);
        output.out.length = printed;
        return;
      }
      if (printer === null) {
        if (!hasLine(segment, result)) return;
        lines.write(output.out, segment, result);
        output.out.byte(ASCII.newline);
      } else {
        cursor.move(verdict, segment, result);
        printer(output.out, cursor);
      }
      output.flushIfFull();
      printed = output.out.length;
    },
  });
  let printed = 0;
  const flow = new FlowCursor(analysis.flowContext(source.inputs.map((input) => input.path)));
  const cursor = new SegmentCursor(flow, analysis.tracker.verdict, new SegmentView(), (out, segment, result) =>
    lines.write(out, segment, result),
  );
  const printer = printerOf(options, output);
  return analysis;
}

/** What prints a segment beside its bare line; null when the bare line is all. */
function printerOf(options: TimelineOptions, output: Output): ((out: ByteWriter, at: SegmentCursor) => void) | null {
  if (options.format === 'ndjson') {
    const record = new JsonRecord(SEGMENT_FIELDS);
    return (out, at) => {
      // An ICMP error is no segment: it has a line in the text only.
      if (at.result === WIRE.icmpQuote) {
        const start = out.length;
        at.line(out);
        out.length = start;
        return;
      }
      record.write(at, out);
      out.byte(ASCII.newline);
    };
  }
  if (!options.annotate) return null;
  const annotations = new Annotations(
    textStyle(wantsColour(options.color, output)),
    terminalSize(output, Number.POSITIVE_INFINITY).columns,
    options.style === 'tcpdump' ? 136 : 96,
  );
  return (out, at) => {
    const start = out.length;
    at.line(out);
    annotations.write(out, at, out.length - start);
  };
}

async function lineWriter(options: TimelineOptions, source: CaptureSource): Promise<LineWriter> {
  const lineOptions: LineOptions = {
    timeStyle: Math.min(options.t, 5) as 0 | 1 | 2 | 3 | 4 | 5,
    absoluteSequence: options.absolute === true,
    zoneOffset: localOffset,
    interfaceName,
    ...(options.names === true
      ? { names: { name: (bytes, at, length) => source.names.nameOf(bytes, at, length) } }
      : {}),
  };
  if (options.style === 'tcpdump') return new TcpdumpLine(lineOptions);
  const { WindumpLine } = await import('../render/windump.ts');
  return new WindumpLine(lineOptions);
}
