import { gravityOf } from '../findings/finding.ts';
import { END, FLOW } from '../flow/rows.ts';
import { OUTCOME, PATTERN } from '../tcp/patterns.ts';
import type { FlowCursor } from './cursor.ts';
import { duration, handshakeTime } from './flow.ts';
import { outcomeOf } from './outcome.ts';

/** What flows can be sorted by; all but `flow` and `start` put the largest, or the worst, first. */
export type SortKey = 'flow' | 'worst' | 'start' | 'duration' | 'bytes' | 'packets' | 'handshake' | 'retransmissions';

/** A number by which a flow is put in order, the smallest first. Ties are for the flow's number to break. */
export function sortKey(flow: FlowCursor, key: SortKey): number {
  switch (key) {
    case 'flow':
      return flow.word(FLOW.number);
    case 'start':
      return flow.double(FLOW.firstTimeF64);
    case 'duration':
      return -duration(flow);
    case 'bytes':
      return -(bytesOf(flow, FLOW.client) + bytesOf(flow, FLOW.server));
    case 'packets':
      return -(flow.word(FLOW.client + END.packets) + flow.word(FLOW.server + END.packets));
    case 'handshake': {
      const time = handshakeTime(flow);
      return Number.isNaN(time) ? 1 : -time;
    }
    case 'retransmissions':
      return -retransmissions(flow);
    case 'worst':
      return -gravity(flow, outcomeOf(flow), retransmissions(flow), handshakeTime(flow));
  }
}

/**
 * How badly a flow went: by its gravest finding, then failed and half-open before resets, before retransmissions and slow
 * handshakes.
 *
 * @param outcome `outcomeOf` the flow
 * @param again its `retransmissions`
 * @param handshake its `handshakeTime`
 */
export function gravity(flow: FlowCursor, outcome: number, again: number, handshake: number): number {
  const gravest = flow.judgement.kinds[0];
  const severity = gravest === undefined ? 0 : gravityOf(gravest.severity);
  const trouble = troubleOf(again, handshake);
  return severity * 1e9 + WORST_OUTCOME[outcome]! + WORST_PATTERN[flow.word(FLOW.pattern)]! + trouble;
}

/** Everything that was sent again: SYNs, SYN+ACKs, data and FINs. */
export function retransmissions(flow: FlowCursor): number {
  const { i32, row } = flow;
  return (
    i32[row + FLOW.synRetransmissions]! +
    i32[row + FLOW.synAckRetransmissions]! +
    i32[row + FLOW.client + END.retransmittedSegments]! +
    i32[row + FLOW.server + END.retransmittedSegments]!
  );
}

const WORST_OUTCOME: Readonly<Record<number, number>> = {
  [OUTCOME.notCaptured]: 0,
  [OUTCOME.complete]: 0,
  [OUTCOME.aborted]: 7e6,
  [OUTCOME.refused]: 8e6,
  [OUTCOME.halfOpen]: 9e6,
  [OUTCOME.unanswered]: 10e6,
};
const WORST_PATTERN: Readonly<Record<number, number>> = {
  [PATTERN.open]: 0,
  [PATTERN.halfClosed]: 2e6,
  [PATTERN.fourWay]: 0,
  [PATTERN.threeWay]: 0,
  [PATTERN.simultaneous]: 0,
  [PATTERN.reset]: 4e6,
  [PATTERN.resetAfterFin]: 3e6,
  [PATTERN.refused]: 0,
};

/** Below 1,000,000: what was sent again, then how slow the handshake was. */
function troubleOf(again: number, handshake: number): number {
  const slow = Number.isNaN(handshake) ? 0 : Math.min(handshake / 1e9, 99);
  return Math.min(again, 9000) * 100 + slow;
}

function bytesOf(flow: FlowCursor, end: number): number {
  return flow.double(end / 2 + END.bytesF64);
}
