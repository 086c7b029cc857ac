import type { FlowCase } from '../case.ts';
import { kindOf } from '../catalogue.ts';
import type { FindingKind } from '../finding.ts';
import type { Found } from '../found.ts';
import { closesFirst, isClosedByServer } from './closing.ts';
import { TAKEOVER, takenOver, takeoverOf } from './reuse.ts';

/**
 * What `closing` and `reuse` find of an ordinary flow (findings/ordinary.ts): the rest of what they look at can't be
 * there. test/findings/ordinary.test.ts compares them.
 */
export function plain(flow: FlowCase, found: Found): void {
  closesFirst(flow, found);
  takenOver(flow, found);
}

/** Of which kinds that is. */
export function kindsOfOrdinary(flow: FlowCase): readonly FindingKind[] {
  return KINDS[takeoverOf(flow)]![isClosedByServer(flow) ? 1 : 0]!;
}

const FIRST = kindOf('server-closes-first');
const REUSED = kindOf('port-reuse-in-time-wait');
const BY_OWNER = kindOf('time-wait-reused-by-owner');

/** By what was found of the ports, then by whether the server began to close. */
const KINDS: Readonly<Record<number, readonly (readonly FindingKind[])[]>> = {
  [TAKEOVER.none]: [[], [FIRST]],
  [TAKEOVER.accepted]: [[REUSED], [REUSED, FIRST]],
  [TAKEOVER.byOwner]: [[BY_OWNER], [BY_OWNER, FIRST]],
};
