import { Analysis, type AnalysisOptions } from '../analyze.ts';
import { plural } from '../bytes/counts.ts';
import type { InterfaceDescription } from '../capture/interface.ts';
import type { RecordView } from '../capture/record.ts';
import { UsageError } from '../errors.ts';
import { ChosenFlows } from '../extract/chosen-flows.ts';
import { FlowFrames } from '../extract/flow-frames.ts';
import type { FrameSet } from '../extract/frame-set.ts';
import { FLOW } from '../flow/rows.ts';
import type { InputSummary } from '../input/capture-file.ts';
import { recordsRead } from '../input/capture-record.ts';
import type { CaptureSource } from '../input/capture-source.ts';
import { openCaptures } from '../input/captures.ts';
import { StoredInputs } from '../input/stored.ts';
import { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS, type FlowRecord } from '../record/flow.ts';
import { recordObject } from '../record/object.ts';
import { SegmentCursor } from '../record/segment.ts';
import { commonSnapshotLength, PcapngWriter } from '../render/pcapng.ts';
import { SegmentView } from '../wire/segment.ts';
import { analysisOptions, type FrameRanges, type ReadingOptions } from './capture-options.ts';
import { EXIT, exitStatus } from './exit.ts';
import { findingCodes } from './finding-codes.ts';
import { FindingSearch } from './finding-search.ts';
import { missingFlows, thereAre } from './missing-flows.ts';
import { Output } from './output.ts';
import { printable, reportProblems } from './problems.ts';
import { Interruption, type RecordTaker, readAll } from './reading.ts';
import { isTerminal, STDOUT, say } from './standard.ts';
import { VERSION } from './version.ts';

export interface ExtractOptions extends ReadingOptions {
  readonly frames?: FrameRanges;
  /** Codes of findings. */
  readonly finding?: readonly string[];
  readonly annotate: boolean;
}

/**
 * `lastack extract`: answers the exit status. The captures are read twice: first to know which records belong to what
 * was asked for, then to write them.
 */
export async function extract(captures: readonly string[], options: ExtractOptions): Promise<number> {
  const byFlow = options.flow !== undefined ? '--flow' : options.where !== undefined ? '--where' : null;
  if (byFlow !== null && options.frames !== undefined)
    throw new UsageError(`${byFlow} and --frames exclude each other`);
  if (options.finding !== undefined && (byFlow !== null || options.frames !== undefined))
    throw new UsageError(`--finding and ${byFlow ?? '--frames'} exclude each other`);
  const codes = findingCodes(options.finding);
  if ((options.output === undefined || options.output === '-') && isTerminal(STDOUT))
    throw new UsageError('a capture is not written to a terminal: name a file with --output');
  const stored = new StoredInputs();
  const interruption = new Interruption();
  try {
    await stored.store(captures, interruption);
    interruption.forget();
    const { where } = options;
    if (where === undefined) return await extractFrom(captures, options, codes, stored, interruption.happened);
    const { flowsWhere } = await import('./where.ts');
    const { flow, interrupted } = await flowsWhere(captures, { ...options, where }, stored);
    return await extractFrom(captures, { ...options, flow }, codes, stored, interrupted || interruption.happened);
  } finally {
    interruption.forget();
    stored.close();
  }
}

async function extractFrom(
  captures: readonly string[],
  options: ExtractOptions,
  codes: ReadonlySet<string>,
  stored: StoredInputs,
  interruptedBefore: boolean,
): Promise<number> {
  const source = await openCaptures(captures, { digest: true, stored: stored.files });
  if (source.inputs.length === 0) {
    reportProblems(stored.ownOf(source.problems));
    return interruptedBefore ? EXIT.interrupted : exitStatus(source.problems);
  }
  const paths = source.inputs.map((input) => input.path);
  const search = codes.size === 0 ? null : new FindingSearch(source, codes, options);
  let interrupted = search === null ? false : await readAll(source, search, options.progress);
  const surveyed = search === null ? source : await openCaptures(paths, { digest: true, stored: stored.files });
  const survey = new Survey(surveyed, options, search);
  interrupted = (await readAll(surveyed, survey, options.progress)) || interrupted;
  const problems = stored.ownOf(surveyed.problems);
  if (surveyed.inputs.length === 0) {
    reportProblems(problems);
    return interrupted || interruptedBefore ? EXIT.interrupted : exitStatus(problems);
  }
  const nothing = survey.nothing(options, interrupted || interruptedBefore);
  const output = new Output(options.output, [...captures, ...paths]);
  const again = await openCaptures(paths, { stored: stored.files });
  const writing = new Writing(again, options, survey, output);
  interrupted = (await readAll(again, writing, options.progress)) || interrupted || interruptedBefore;
  output.close();
  reportProblems(problems);
  if (nothing !== null) say(`lastack: ${nothing}: no packet was written\n`);
  return interrupted ? EXIT.interrupted : exitStatus(problems);
}

/** The first reading: which records are wanted, and what is to be said about them all. */
class Survey implements RecordTaker {
  /** Null when the records' own numbers decide. */
  readonly frames: FrameSet | null;
  readonly flows: FlowRecord[] = [];
  readonly snapshotLengths: Set<number> = new Set();
  /** Records that are wanted, where their own numbers decide. */
  private chosen = 0;
  private readonly ranges: FrameRanges;
  private readonly source: CaptureSource;
  private readonly analysis: Analysis;
  private readonly flowFrames: FlowFrames | null;
  readonly search: FindingSearch | null;
  /** Null when the records' own numbers decide. */
  readonly wanted: ChosenFlows | null;

  constructor(source: CaptureSource, options: ExtractOptions, search: FindingSearch | null) {
    this.source = source;
    this.search = search;
    this.ranges = options.frames ?? ALL;
    const wanted = search?.chosen() ?? (options.flow === undefined ? null : new ChosenFlows(options.flow));
    this.wanted = wanted;
    this.analysis = new Analysis({
      ...analysisOptions(options),
      across: false,
      ...(wanted === null
        ? {}
        : {
            onFlow: (row) => {
              cursor.move(row);
              cursor.baseSeconds = this.analysis.baseSeconds;
              if (wanted.has(cursor.word(FLOW.number)) && this.flows.length < MOST_TOLD)
                this.flows.push(recordObject(FLOW_FIELDS, cursor) as unknown as FlowRecord);
            },
            onSegment: (verdict, segment, result) => this.flowFrames?.take(verdict, segment, result),
          }),
    });
    const cursor = flowCursor(this.analysis, source);
    this.flowFrames = wanted === null ? null : new FlowFrames(wanted, this.analysis.tracker, this.analysis.wire);
    this.frames = this.flowFrames?.frames ?? null;
  }

  get records(): number {
    return this.analysis.records;
  }

  /** What the survey was made of. */
  get inputs(): readonly InputSummary[] {
    return this.source.inputs;
  }

  take(record: RecordView): void {
    this.snapshotLengths.add(this.source.interfaceOf(record).snapshotLength);
    this.analysis.take(record);
    if (this.frames === null && inRanges(this.ranges, record.frame) && this.analysis.wanted.has(record)) this.chosen++;
  }

  end(): void {
    this.analysis.end();
    this.flowFrames?.end();
  }

  /**
   * Why there is nothing to write, or null. Throws UsageError for numbers of flows and frames that are not there, unless the
   * reading was interrupted before they could come.
   */
  nothing(options: ExtractOptions, interrupted: boolean): string | null {
    const [missing] = missingFlows(options.flow, this.analysis.tracker.identity.flows);
    if (missing !== undefined && !interrupted) throw missing;
    if ((this.frames?.size ?? this.chosen) > 0) return null;
    const records = recordsRead(this.source);
    if (options.frames?.every(([first]) => first > records) && !interrupted)
      throw new UsageError(`there is no frame ${options.frames.map(rangeText).join(', ')}: ${thereAre(records)}`);
    if (options.finding !== undefined) return `nothing was found of ${options.finding.join(', ')}`;
    return 'no record is what was asked for';
  }
}

/** The second reading: the records are written, with what the timeline says of them. */
class Writing implements RecordTaker {
  private readonly source: CaptureSource;
  private readonly output: Output;
  private readonly writer: PcapngWriter;
  private readonly analysis: Analysis;
  private readonly frames: FrameSet | null;
  private readonly ranges: FrameRanges;
  private readonly evidence: ReadonlyMap<number, readonly string[]>;
  /** Records that the first reading took: an interrupted one saw no more. */
  private readonly most: number;
  /** What is said of the record that is being taken. */
  private comments: string[] = [];
  /** The interface of the first record: a file without packets describes it. */
  private first: InterfaceDescription | null = null;
  private written = 0;

  constructor(source: CaptureSource, options: ExtractOptions, survey: Survey, output: Output) {
    this.source = source;
    this.output = output;
    this.frames = survey.frames;
    this.ranges = options.frames ?? ALL;
    this.most = survey.records;
    this.evidence = survey.search?.evidence ?? new Map();
    this.writer = new PcapngWriter(`lastack ${VERSION}`, commonSnapshotLength(survey.snapshotLengths));
    const analysis: Analysis = new Analysis({
      ...analysisOptions(options),
      across: false,
      ...(options.annotate
        ? {
            onSegment: (verdict, segment, result) => {
              if (this.frames !== null && !this.frames.has(segment.frame)) return;
              cursor.move(verdict, segment, result);
              if (cursor.notes.count > 0) this.comments.push(noteText(cursor, source.inputs));
            },
          }
        : {}),
    } satisfies AnalysisOptions);
    this.analysis = analysis;
    const flow = flowCursor(analysis, source);
    const cursor = new SegmentCursor(flow, analysis.tracker.verdict, new SegmentView(), () => {});
    this.writer.section(output.out, sectionText(survey, options));
  }

  get records(): number {
    return this.analysis.records;
  }

  take(record: RecordView): void {
    if (this.records >= this.most) return;
    this.first ??= this.source.interfaceOf(record);
    this.comments = [];
    this.analysis.take(record);
    if (!(this.frames === null ? inRanges(this.ranges, record.frame) : this.frames.has(record.frame))) return;
    if (!this.analysis.wanted.has(record)) return;
    const { source, output } = this;
    for (const text of this.evidence.get(record.frame) ?? [])
      this.comments.push(`lastack: frame ${record.frame}: ${text}`);
    const format = source.inputs[record.file]!.format;
    this.writer.packet(output.out, record, source.interfaceOf(record), format, this.comments);
    this.written++;
    output.flushIfFull();
  }

  end(): void {
    if (this.written === 0 && this.first !== null) this.writer.idle(this.output.out, this.first);
    this.writer.end(this.output.out);
  }
}

/** Flows that the section's comment tells of. */
const MOST_TOLD = 50;
const ALL: FrameRanges = [[1, Number.POSITIVE_INFINITY]];

function inRanges(ranges: FrameRanges, frame: number): boolean {
  for (const [first, last] of ranges) if (frame >= first && frame <= last) return true;
  return false;
}

function flowCursor(analysis: Analysis, source: CaptureSource): FlowCursor {
  return new FlowCursor(analysis.flowContext(source.inputs.map((input) => input.path)));
}

/** `lastack: frame 9, flow 1: …`: the number that the record had, since it gets another one. */
function noteText(at: SegmentCursor, inputs: readonly InputSummary[]): string {
  const { segment, verdict } = at;
  const place = inputs.length > 1 ? ` (${printable(inputs[segment.file]!.path)}, record ${segment.fileFrame})` : '';
  const flow = verdict.flow === 0 ? '' : `, flow ${verdict.flow}`;
  return `lastack: frame ${segment.frame}${place}${flow}: ${at.notes.texts().join('; ')}`;
}

/** What was extracted, from what. */
function sectionText(survey: Survey, options: ExtractOptions): string {
  const what =
    options.flow !== undefined
      ? `flow ${options.flow.join(', ')}`
      : options.finding !== undefined
        ? `${plural(survey.wanted?.size ?? 0, 'flow')} with ${options.finding.join(', ')}`
        : options.frames !== undefined
          ? `frames ${options.frames.map(rangeText).join(', ')}`
          : 'all records';
  const filter = options.filter === undefined ? '' : ` that the filter "${printable(options.filter.text)}" accepts`;
  const lines = [`Extracted by lastack ${VERSION}: ${what}${filter}, from`];
  for (const { path, sha256 } of survey.inputs)
    lines.push(`  ${printable(path)}${sha256 === null ? '' : `, SHA-256 ${sha256}`}`);
  for (const { code, message } of survey.search?.captureFindings ?? []) lines.push(`${code}: ${message}`);
  for (const flow of survey.flows.sort((a, b) => a.flow - b.flow)) lines.push(flowText(flow));
  const untold = (survey.wanted?.size ?? 0) - survey.flows.length;
  if (survey.flows.length === MOST_TOLD && untold > 0) lines.push(`and ${untold} more flows`);
  return lines.join('\n');
}

function rangeText([first, last]: readonly [number, number]): string {
  return first === last ? `${first}` : `${first}-${last === Number.POSITIVE_INFINITY ? '' : last}`;
}

function flowText({ flow, client, server, handshake, close, firstFrame, lastFrame, start }: FlowRecord): string {
  const initiator = close.initiator === null ? '' : ` by ${close.initiator}`;
  return (
    `flow ${flow}: ${client.address}:${client.port} → ${server.address}:${server.port}, ` +
    `handshake ${handshake.outcome}, ${close.pattern}${initiator}, frames ${firstFrame} to ${lastFrame}, from ${start}`
  );
}
