import { FLOW_BITS } from '../flow/rows.ts';
import { OUTCOME } from '../tcp/patterns.ts';
import type { FlowCursor } from './cursor.ts';

/** What came of the handshake: an index into HANDSHAKE_OUTCOMES. A handshake that is captured in part is not captured. */
export function outcomeOf(flow: FlowCursor): number {
  const bits = flow.bits();
  if ((bits & FLOW_BITS.refused) !== 0) return OUTCOME.refused;
  if ((bits & FLOW_BITS.aborted) !== 0) return OUTCOME.aborted;
  if ((bits & FLOW_BITS.synSeen) === 0) return OUTCOME.notCaptured;
  if ((bits & FLOW_BITS.synAckSeen) === 0) {
    return (bits & FLOW_BITS.ackSeen) === 0 ? OUTCOME.unanswered : OUTCOME.notCaptured;
  }
  return (bits & FLOW_BITS.ackSeen) === 0 ? OUTCOME.halfOpen : OUTCOME.complete;
}
