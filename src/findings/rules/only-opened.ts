import { FLOW, FLOW_BITS } from '../../flow/rows.ts';
import type { FlowCase } from '../case.ts';
import { kindOf } from '../catalogue.ts';
import type { FindingKind } from '../finding.ts';
import type { Found } from '../found.ts';
import {
  confidenceInSilence,
  halfOpen,
  hasTinyMss,
  isHalfOpen,
  isSlow,
  isStripped,
  options,
  slow,
  WAIT,
} from './opening.ts';

/**
 * What `whole` and `opening` find of a flow of which nothing but a SYN, and perhaps its SYN+ACK, was captured
 * (findings/ordinary.ts): most of what they look at can't be there. test/tcp/lone-flows.test.ts compares them.
 */
export function onlyOpened(flow: FlowCase, found: Found): void {
  const first = flow.word(FLOW.synFrame);
  const confidence = isUnanswered(flow) ? confidenceInSilence(flow) : null;
  if (confidence !== null)
    found.add('syn-unanswered', { frame: first, frames: [first], confidence, values: { syns: 1, overMs: 0 } });
  halfOpen(flow, found);
  options(flow, found);
  slow(flow, found);
}

function isUnanswered(flow: FlowCase): boolean {
  return (
    flow.server.packets === 0 && flow.since(flow.double(FLOW.lastSynTimeF64), flow.word(FLOW.lastSynFrame)) >= WAIT
  );
}

/** Of which kinds that is; null where something rarer was found. */
export function kindsOfOpening(flow: FlowCase): readonly FindingKind[] | null {
  if (hasTinyMss(flow, FLOW.client) || hasTinyMss(flow, FLOW.server) || isStripped(flow)) return null;
  const { i32, f64, row } = flow;
  if ((i32[row + FLOW.bits]! & FLOW_BITS.synAckSeen) !== 0) {
    const half = row / 2;
    if (isSlow(f64[half + FLOW.synAckTimeF64]! - f64[half + FLOW.lastSynTimeF64]!)) return null;
  }
  if (isHalfOpen(flow)) return HALF_OPEN;
  return isUnanswered(flow) && confidenceInSilence(flow) !== null ? UNANSWERED : NOTHING;
}

const HALF_OPEN = [kindOf('handshake-half-open')];
const UNANSWERED = [kindOf('syn-unanswered')];
const NOTHING: readonly FindingKind[] = [];

/** Whether those are what `kindsOfOpening` says of a half-open flow. */
export function isHalfOpenAlone(kinds: readonly FindingKind[]): boolean {
  return kinds === HALF_OPEN;
}
