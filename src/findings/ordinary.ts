import { SECOND } from '../bytes/time.ts';
import { END, END_BITS, FLOW, FLOW_BITS } from '../flow/rows.ts';
import { EVENT } from '../tcp/events.ts';
import type { EndCase, FlowCase } from './case.ts';

const WHOLE = FLOW_BITS.synSeen | FLOW_BITS.synAckSeen | FLOW_BITS.ackSeen | FLOW_BITS.closed;
const UNUSUAL =
  FLOW_BITS.midstream |
  FLOW_BITS.reset |
  FLOW_BITS.refused |
  FLOW_BITS.aborted |
  FLOW_BITS.simultaneousOpen |
  FLOW_BITS.fastOpen |
  FLOW_BITS.selfConnect |
  FLOW_BITS.held |
  FLOW_BITS.finWithData;

/**
 * Whether nothing can be found but which end closed first (rules/closing.ts) and whose ports it took over
 * (rules/reuse.ts): it opened at once, payload went over, it closed, nothing was noted on the way. Most flows are like
 * this, and are spared the other rules. A new rule that could find something here has to say so.
 */
export function isOrdinary(flow: FlowCase): boolean {
  return (
    !flow.hasEvidence &&
    (flow.word(FLOW.bits) & (WHOLE | UNUSUAL)) === WHOLE &&
    flow.word(FLOW.synRetransmissions) + flow.word(FLOW.synAckRetransmissions) === 0 &&
    flow.double(FLOW.synAckTimeF64) - flow.double(FLOW.synTimeF64) < SECOND &&
    flow.double(FLOW.ackTimeF64) - flow.double(FLOW.synAckTimeF64) < SECOND &&
    flow.double(FLOW.lastAckTimeF64) - flow.double(FLOW.firstFinTimeF64) < 5 * SECOND &&
    flow.client.bytes + flow.server.bytes > 0 &&
    isPlain(flow.client) &&
    isPlain(flow.server) &&
    (flow.client.word(END.windowScale) < 0 || flow.server.word(END.windowScale) >= 0)
  );
}

/**
 * Whether nothing but a SYN, and perhaps its SYN+ACK, was captured, and nothing was odd about them: only rules that tell
 * what the capture holds (rules/whole.ts) and how connections open (rules/opening.ts) find anything then. A flood has
 * millions of such flows.
 */
export function isOnlyOpened(flow: FlowCase): boolean {
  const { i32, row } = flow;
  const client = row + FLOW.client;
  const server = row + FLOW.server;
  return (
    (i32[row + FLOW.bits]! & BEYOND_OPENING) === FLOW_BITS.synSeen &&
    i32[row + FLOW.evidence] === 0 &&
    i32[client + END.packets] === 1 &&
    i32[server + END.packets]! <= 1 &&
    (i32[client + END.payloadSegments]! | i32[server + END.payloadSegments]!) === 0 &&
    i32[row + FLOW.firstFinFrame] === 0 &&
    (i32[client + END.eventCounts]! | i32[server + END.eventCounts]!) === 0
  );
}

const BEYOND_OPENING = FLOW_BITS.synSeen | FLOW_BITS.ackSeen | UNUSUAL;

/** No event but that its ports were used before, no hole, no tiny segments, everything acknowledged. */
function isPlain(end: EndCase): boolean {
  const mss = end.word(END.mss);
  return (
    end.hasOnly(EVENT.portReused) &&
    end.word(END.retransmittedSegments) === 0 &&
    end.has(END_BITS.finAcked) &&
    end.word(END.seenNxt) === end.word(END.sndNxt) &&
    end.word(END.sndUna) === end.word(END.sndNxt) &&
    (mss < 0 || mss >= 1220)
  );
}
