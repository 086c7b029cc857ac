import { END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { STATE } from '../tcp/machine.ts';
import { OUTCOME, PATTERN } from '../tcp/patterns.ts';
import type { FlowCursor } from './cursor.ts';

/** What came of the handshake: an index into HANDSHAKE_OUTCOMES. A handshake that is captured in part is not captured. */
export function outcomeOf(flow: FlowCursor): number {
  const bits = flow.bits();
  if ((bits & FLOW_BITS.refused) !== 0) return OUTCOME.refused;
  if ((bits & FLOW_BITS.aborted) !== 0) return OUTCOME.aborted;
  if ((bits & FLOW_BITS.synSeen) === 0) return OUTCOME.notCaptured;
  if ((bits & FLOW_BITS.synAckSeen) === 0)
    return (bits & FLOW_BITS.ackSeen) === 0 && !wentOn(flow) ? OUTCOME.unanswered : OUTCOME.notCaptured;
  if ((bits & FLOW_BITS.ackSeen) !== 0) return OUTCOME.complete;
  // What shows that the client was connected came before its SYN, in a capture whose records are in disorder.
  return (bits & FLOW_BITS.midstream) !== 0 && wentOn(flow) ? OUTCOME.notCaptured : OUTCOME.halfOpen;
}

/**
 * Whether an end sent payload (not in a SYN) or a FIN, or the client an ACK: it was connected, so a SYN+ACK came that was
 * not captured.
 */
function wentOn(flow: FlowCursor): boolean {
  const inSyns = flow.word(FLOW.dataInSyn) > 0 ? 1 + flow.word(FLOW.synRetransmissions) : 0;
  return (
    flow.word(FLOW.state + SERVER) === STATE.ESTABLISHED ||
    flow.word(FLOW.pattern) === PATTERN.reset ||
    flow.word(FLOW.client + END.payloadSegments) > inSyns ||
    flow.word(FLOW.server + END.payloadSegments) > 0 ||
    ((flow.word(FLOW.client + END.bits) | flow.word(FLOW.server + END.bits)) & END_BITS.finSent) !== 0
  );
}
