import type { Analysis } from '../analyze.ts';
import { UtcTimes } from '../bytes/time.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { CaptureFinding, CaptureRecord } from '../record/capture.ts';
import type { CaptureSource } from './capture-source.ts';

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
      findings: findingsOf(source, analysis),
    },
  };
}

function timeText(analysis: Analysis, nanoseconds: number): string | null {
  if (Number.isNaN(nanoseconds)) return null;
  const out = new ByteWriter(64);
  const seconds = Math.floor(nanoseconds / 1e9);
  new UtcTimes().write(out, analysis.baseSeconds + seconds, nanoseconds - seconds * 1e9);
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
