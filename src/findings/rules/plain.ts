import type { FlowCase } from '../case.ts';
import type { Found } from '../found.ts';
import { closesFirst } from './closing.ts';
import { takenOver } from './reuse.ts';

/**
 * What `closing` and `reuse` find of an ordinary flow (findings/ordinary.ts): the rest of what they look at can't be
 * there. test/findings/ordinary.test.ts compares them.
 */
export function plain(flow: FlowCase, found: Found): void {
  closesFirst(flow, found);
  takenOver(flow, found);
}
