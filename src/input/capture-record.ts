import type { Analysis } from '../analyze.ts';
import { UtcTimes } from '../bytes/time.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { CaptureFinding, CaptureRecord } from '../record/capture.ts';
import type { CaptureSource } from './capture-source.ts';

/** Flows with late segments that the record names. */
const LATE_FLOWS = 1000;

/** The capture's record, once everything is read. */
export function captureRecord(source: CaptureSource, analysis: Analysis): CaptureRecord {
  return {
    inputs: source.inputs.map(({ path, format, linkTypes, bytes, records, sha256 }) => ({
      path,
      format,
      linkTypes: [...linkTypes],
      bytes,
      records,
      sha256,
    })),
    capture: {
      start: timeText(analysis, analysis.start),
      end: timeText(analysis, analysis.end_),
      records: analysis.records,
      undecoded: analysis.undecoded,
      tcpSegments: analysis.tracker.segments,
      duplicates: analysis.tracker.copies,
      dropped: source.dropped,
      lateSegments: analysis.tracker.lateSegments,
      lateSegmentsByFlow: analysis.tracker.lateFlows(LATE_FLOWS),
      findings: findingsOf(source, analysis),
    },
  };
}

function timeText(analysis: Analysis, nanoseconds: number): string | null {
  if (Number.isNaN(nanoseconds)) return null;
  const out = new ByteWriter(64);
  new UtcTimes().writeSince(out, analysis.baseSeconds, nanoseconds);
  return out.toString();
}

/** What is remarkable about the capture as a whole, the gravest first. */
function findingsOf(source: CaptureSource, analysis: Analysis): CaptureFinding[] {
  const findings: CaptureFinding[] = [];
  for (const problem of source.problems) {
    if (problem.code !== 'damaged-capture') continue;
    const { file, record, offset } = problem.place;
    findings.push({
      code: 'capture-cut',
      severity: 'warning',
      message: problem.message,
      values: { file, record, offset },
    });
  }
  const { dropped } = source;
  if (dropped > 0) {
    findings.push({
      code: 'capture-drops',
      severity: 'warning',
      message: `the capturing program lost ${plural(dropped, 'packet')}: gaps may be its own`,
      values: { dropped },
    });
  }
  for (const [linkType, records] of analysis.wire.undecodedLinkTypes) {
    findings.push({
      code: 'capture-link-type-unknown',
      severity: 'warning',
      message: `${plural(records, 'record')} of link type ${linkType}, which lastack can't decode, were left out`,
      values: { linkType, records },
    });
  }
  const limits = limitsReached(analysis);
  for (const [what, times] of limits) {
    findings.push({
      code: 'analysis-limit',
      severity: 'warning',
      message: `a limit on memory was reached ${plural(times, 'time')}: ${what}`,
      values: { times },
    });
  }
  if (analysis.backwards > 0) {
    findings.push({
      code: 'capture-clock-backwards',
      severity: 'notice',
      message: `${plural(analysis.backwards, 'record')} with a time before that of the record before`,
      values: { records: analysis.backwards },
    });
  }
  if (analysis.tracker.copies > 0) {
    findings.push({
      code: 'capture-duplicate',
      severity: 'notice',
      message: `${plural(analysis.tracker.copies, 'copy', 'copies')} of a mirror port folded (--keep-duplicates counts them)`,
      values: { copies: analysis.tracker.copies },
    });
  }
  if (analysis.tracker.checksumsForgiven > 0) {
    findings.push({
      code: 'capture-checksum-offload',
      severity: 'info',
      message: `${plural(analysis.tracker.checksumsForgiven, 'segment')} with a wrong checksum of hosts that leave checksums to their network card`,
      values: { segments: analysis.tracker.checksumsForgiven },
    });
  }
  return findings;
}

function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** Which bounds on memory were reached, and how often: what was known past them is less than usual. */
function limitsReached(analysis: Analysis): (readonly [string, number])[] {
  const { fragments } = analysis.wire;
  const { rings, islands } = analysis.tracker;
  const limits = [
    ['IP fragments were given up before their datagram was whole', fragments.evicted + fragments.refused],
    ['segments were forgotten before they were acknowledged', rings.overflowed],
    ['holes in a sequence were taken for filled', islands.overflowed],
  ] as const;
  return limits.filter(([, times]) => times > 0);
}
