import { captureFindings } from '../across/capture-findings.ts';
import { captureFinding, spanText, timeText } from '../across/finding.ts';
import { acrossFindings } from '../across/findings.ts';
import type { Analysis } from '../analyze.ts';
import { countText, plural } from '../bytes/counts.ts';
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
      end: timeText(analysis, analysis.latest),
      records: recordsOf(source, analysis),
      outsideTime: analysis.wanted.outsideTime,
      undecoded: analysis.undecoded,
      tcpSegments: analysis.tracker.segments,
      duplicates: analysis.tracker.copies,
      dropped: source.dropped,
      lateSegments: analysis.tracker.identity.lateSegments,
      lateSegmentsByFlow: analysis.tracker.tombstones.late(LATE_FLOWS),
      findings: findingsOf(source, analysis),
    },
  };
}

/** How many records there were, as frames are numbered: those that hold no packet count, which the analysis never sees. */
function recordsOf(source: CaptureSource, analysis: Analysis): number {
  return Math.max(analysis.records, recordsRead(source));
}

/** Records of all inputs so far, with those that hold no packet. */
export function recordsRead({ inputs }: CaptureSource): number {
  return inputs.reduce((sum, { records }) => sum + records, 0);
}

/** What is remarkable about the capture as a whole: the capture itself first, since it bounds what may be believed. */
function findingsOf(source: CaptureSource, analysis: Analysis): CaptureFinding[] {
  const { across } = analysis;
  const itself = [...damage(source, analysis), ...(across === null ? [] : captureFindings(across))];
  if (analysis.wanted.filteredOut > 0) itself.push(filtered(analysis));
  if (across === null) return gravestFirst(itself);
  const { baseSeconds } = analysis;
  return [...gravestFirst(itself), ...gravestFirst(acrossFindings(across, { baseSeconds, wait: 2 * analysis.msl }))];
}

/** A filter of ours is as good as a capture filter: what it leaves out is missing. */
function filtered({ wanted: { filter, filteredOut }, records, across }: Analysis): CaptureFinding {
  const expression = filter?.text ?? '';
  const oneWay = across?.census.oneWay ?? 0;
  const bothWays = across?.census.bothWays ?? 0;
  const left = `--filter ${expression} left out ${plural(filteredOut, 'record')} of ${countText(records)}`;
  return captureFinding({
    code: 'capture-filtered',
    severity: oneWay > 0 ? 'notice' : 'info',
    flows: oneWay > 0 ? across!.census.oneWayFlows.numbers : [],
    values: { filter: expression, leftOut: filteredOut, records, oneWay, bothWays },
    message:
      oneWay > 0
        ? `${left}, and ${plural(oneWay, 'flow')} of ${countText(oneWay + bothWays)} ${oneWay === 1 ? 'has' : 'have'} one side only: the filter may be why, and nothing is said about answers there`
        : `${left}: nothing is known of these`,
  });
}

const GRAVEST_FIRST = ['alert', 'warning', 'notice', 'info'];

function gravestFirst(findings: readonly CaptureFinding[]): CaptureFinding[] {
  return [...findings].sort((a, b) => GRAVEST_FIRST.indexOf(a.severity) - GRAVEST_FIRST.indexOf(b.severity));
}

/** What the reading of records tells. */
function damage(source: CaptureSource, analysis: Analysis): CaptureFinding[] {
  const findings: CaptureFinding[] = [];
  const { tracker } = analysis;
  for (const problem of source.problems) {
    if (problem.code !== 'damaged-capture') continue;
    const { file, record, offset } = problem.place;
    findings.push(
      captureFinding({
        code: 'capture-cut',
        severity: 'warning',
        values: { file, record, offset },
        message: problem.message,
      }),
    );
  }
  const { dropped } = source;
  if (dropped > 0) {
    findings.push(
      captureFinding({
        code: 'capture-drops',
        severity: 'warning',
        values: { dropped },
        message: `the capturing program lost ${plural(dropped, 'packet')}: gaps may be its own`,
      }),
    );
  }
  for (const [linkType, records] of analysis.wire.undecodedLinkTypes) {
    findings.push(
      captureFinding({
        code: 'capture-link-type-unknown',
        severity: 'warning',
        values: { linkType, records },
        message: `left out ${plural(records, 'record')} of link type ${linkType}, which lastack can't decode`,
      }),
    );
  }
  for (const [what, times] of limitsReached(analysis)) {
    findings.push(
      captureFinding({
        code: 'analysis-limit',
        severity: 'warning',
        values: { times },
        message: `a limit was reached ${plural(times, 'time')}: ${what}`,
      }),
    );
  }
  if (analysis.backwards > 0) {
    findings.push(
      captureFinding({
        code: 'capture-clock-backwards',
        severity: 'notice',
        frames: analysis.backwardsFrames,
        values: { records: analysis.backwards, longestMs: analysis.longestBack / 1e6 },
        message: `${plural(analysis.backwards, 'record')} with a time before that of the record before, by up to ${spanText(analysis.longestBack)}: intervals there are not to be trusted`,
      }),
    );
  }
  if (tracker.copies > 0) {
    findings.push(
      captureFinding({
        code: 'capture-duplicate',
        severity: 'notice',
        values: { copies: tracker.copies },
        message: `${plural(tracker.copies, 'copy', 'copies')} of a mirror port folded (--keep-duplicates counts them)`,
      }),
    );
  }
  if (tracker.checksumsForgiven > 0) {
    findings.push(
      captureFinding({
        code: 'capture-checksum-offload',
        severity: 'info',
        values: { segments: tracker.checksumsForgiven },
        message: `${plural(tracker.checksumsForgiven, 'segment')} with a wrong checksum of hosts that leave checksums to their network card, or whose packets were rewritten`,
      }),
    );
  }
  if (analysis.cut > 0) {
    findings.push(
      captureFinding({
        code: 'capture-snapped',
        severity: 'info',
        frames: [analysis.firstCut],
        values: { records: analysis.cut },
        message: `${plural(analysis.cut, 'record')} cut short by the snapshot length: lengths are those of the IP headers, contents and checksums unknown`,
        filter: 'frame.cap_len < frame.len',
      }),
    );
  }
  return findings;
}

/** Which bounds on memory and time were reached, and how often: what was known past them is less than usual. */
function limitsReached(analysis: Analysis): (readonly [string, number])[] {
  const { fragments, unfollowed } = analysis.wire;
  const { rings, islands } = analysis.tracker;
  const limits = [
    ['IP fragments were given up before their datagram was whole', fragments.evicted + fragments.refused],
    ['segments were forgotten before they were acknowledged', rings.overflowed],
    ['holes in a sequence were taken for filled', islands.overflowed],
    ['packets have more headers than are followed', unfollowed],
  ] as const;
  return limits.filter(([, times]) => times > 0);
}
