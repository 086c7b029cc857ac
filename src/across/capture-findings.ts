import { countText, plural } from '../bytes/counts.ts';
import type { CaptureFinding } from '../record/capture.ts';
import type { Across } from './across.ts';
import { captureFinding, type Said, spanText } from './finding.ts';

/** What the finished flows say of the capture itself: it bounds what may be believed. */
export function captureFindings(across: Across): CaptureFinding[] {
  return RULES.flatMap((rule) => rule(across)).map(captureFinding);
}

/** In the order in which they are told where they are equally grave. */
const RULES: readonly ((across: Across) => readonly Said[])[] = [
  synsOnly,
  oneWay,
  gaps,
  reordered,
  clockSteps,
  twoVantages,
  natPairs,
  offload,
  midstream,
  endedOpen,
];

/** Flows of which nothing but SYNs is known that are too many for chance. */
const SYNS_LEAST = 20;

function synsOnly({ census }: Across): readonly Said[] {
  const { flows } = census;
  if (census.synsOnly < SYNS_LEAST || census.synsOnly !== flows) return [];
  return [
    {
      code: 'capture-syns-only',
      severity: 'notice',
      values: { flows },
      message:
        'nothing but SYNs was captured: whether nobody went on, or a capture filter left the rest out, can not be told',
    },
  ];
}

function oneWay({ census }: Across): readonly Said[] {
  if (census.oneWay === 0) return [];
  const most = census.oneWay > census.bothWays;
  return [
    {
      code: 'capture-one-way',
      severity: 'notice',
      confidence: census.oneWay >= 3 ? 'certain' : 'likely',
      frames: census.oneWayFrames.numbers,
      flows: census.oneWayFlows.numbers,
      values: { flows: census.oneWay, bothWays: census.bothWays },
      message: `${plural(census.oneWay, 'flow')} of ${countText(census.flows)} with one direction only, though the other end must have answered: ${most ? 'the capture, or a filter, sees one side of the traffic' : 'asymmetric routing, or a filter'}; nothing is said about answers there`,
    },
  ];
}

function gaps({ census }: Across): readonly Said[] {
  if (census.gaps === 0) return [];
  return [
    {
      code: 'capture-gap',
      severity: 'notice',
      confidence: census.gapsCertain ? 'certain' : 'likely',
      values: { flows: census.gaps, octets: census.gapOctets },
      flows: census.gapFlows.numbers,
      message: `${plural(census.gapOctets, 'octet')} in ${plural(census.gaps, 'flow')} (${flowList(census.gapFlows.numbers, census.gaps)}) were acknowledged but never captured: the capture lost them, not the network`,
      filter: 'tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment',
    },
  ];
}

function reordered({ census }: Across): readonly Said[] {
  if (census.reordered === 0) return [];
  return [
    {
      code: 'capture-reordered',
      severity: 'notice',
      confidence: 'likely',
      values: { flows: census.reordered },
      flows: census.reorderedFlows.numbers,
      message: `${plural(census.reordered, 'flow')} (${flowList(census.reorderedFlows.numbers, census.reordered)}) with an acknowledgment before what it acknowledges: several taps or queues were merged, and the order of close records is not to be trusted`,
      filter: 'tcp.analysis.ack_lost_segment',
    },
  ];
}

function clockSteps({ clock }: Across): readonly Said[] {
  return clock.steps.map(({ frame, step, flows }) => ({
    code: 'capture-clock-step',
    severity: 'warning',
    confidence: 'likely',
    frames: [frame],
    flows,
    values: { stepMs: step / 1e6, flows: flows.length },
    message: `the clock of the capture was set ${step < 0 ? 'back' : 'forward'} by some ${spanText(Math.abs(step))} before frame ${frame}: the timestamps of ${plural(flows.length, 'flow')} say that no such time passed; intervals across that place are void`,
  }));
}

function twoVantages({ verdicts }: Across): readonly Said[] {
  const { twoVantages: flows, twoVantagesFlows } = verdicts;
  if (flows === 0) return [];
  return [
    {
      code: 'capture-two-vantages',
      severity: 'notice',
      confidence: 'likely',
      flows: twoVantagesFlows.numbers,
      values: { flows },
      message: `${plural(flows, 'flow')} (${flowList(twoVantagesFlows.numbers, flows)}) captured on both sides of a device that rewrites sequence numbers: what is said of these flows mixes the two`,
    },
  ];
}

function natPairs({ census }: Across): readonly Said[] {
  const { first, count } = census.pairs;
  if (first === null) return [];
  return [
    {
      code: 'capture-nat-pair',
      severity: 'notice',
      confidence: count > 1 ? 'certain' : 'likely',
      flows: first,
      values: { pairs: count },
      message: `${plural(count, 'connection')} captured on both sides of a device that rewrites addresses (flows ${first[0]} and ${first[1]}): counts are doubled`,
    },
  ];
}

function offload({ oversize }: Across): readonly Said[] {
  if (oversize === null) return [];
  const { frame, flow, octets } = oversize;
  const mss = oversize.mss < 0 ? null : oversize.mss;
  return [
    {
      code: 'capture-offload',
      severity: 'info',
      frames: [frame],
      flows: [flow],
      values: { octets, mss },
      message: `segments larger than their receiver takes (frame ${frame}: ${countText(octets)} octets${mss === null ? '' : `, MSS ${countText(mss)}`}): the network card cuts or joins them, and one may be several on the wire`,
      filter: `tcp.len > ${mss ?? octets - 1}`,
    },
  ];
}

function midstream({ census }: Across): readonly Said[] {
  if (census.midstream === 0) return [];
  return [
    {
      code: 'capture-midstream',
      severity: 'info',
      frames: census.midstreamFrames.numbers,
      flows: census.midstreamFlows.numbers,
      values: { flows: census.midstream },
      message: `${plural(census.midstream, 'flow')} of ${countText(census.flows)} began before the capture, or without the SYN that began ${census.midstream === 1 ? 'it' : 'them'}`,
    },
  ];
}

function endedOpen({ census }: Across): readonly Said[] {
  if (census.endedOpen === 0) return [];
  return [
    {
      code: 'capture-ended-open',
      severity: 'info',
      flows: census.openFlows.numbers,
      values: { flows: census.endedOpen },
      message: `${plural(census.endedOpen, 'flow')} still open when the capture ended`,
    },
  ];
}

/** `flows 3, 8 and 12 more`. */
function flowList(numbers: readonly number[], count: number): string {
  const shown = numbers.slice(0, 5);
  const more = count - shown.length;
  return `${plural(count, 'flow').replace(/^[\d,]+ /, '')} ${shown.join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`;
}
