import { FLOW } from '../../flow/rows.ts';
import type { FlowCase } from '../case.ts';
import type { Found } from '../found.ts';
import { halfOpen, options, slow, WAIT } from './opening.ts';
import { endedOpen } from './whole.ts';

/**
 * What `whole` and `opening` find of a flow of which nothing but a SYN, and perhaps its SYN+ACK, was captured
 * (findings/ordinary.ts): most of what they look at can't be there. test/tcp/lone-flows.test.ts compares them.
 */
export function onlyOpened(flow: FlowCase, found: Found): void {
  const first = flow.word(FLOW.synFrame);
  if (endedOpen(flow)) found.add('capture-ended-open', { frame: flow.word(FLOW.lastFrame) });
  if (flow.server.packets === 0 && flow.since(flow.double(FLOW.lastSynTimeF64)) >= WAIT)
    found.add('syn-unanswered', { frame: first, frames: [first], values: { syns: 1, overMs: 0 } });
  halfOpen(flow, found);
  options(flow, found);
  slow(flow, found);
}
