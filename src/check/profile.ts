import { FLOW, SERVER } from '../flow/rows.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { portOf } from '../record/endpoint.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { outcomeOf } from '../record/outcome.ts';
import { CLOSE_PATTERNS, HANDSHAKE_OUTCOMES } from '../tcp/patterns.ts';
import { quantity } from '../where/where.ts';
import { endpointText } from './broken-flow.ts';
import { percentileOf } from './percentile.ts';

/** How the values of a timing are spread: their number, and the quantiles of `QUANTILES`, in milliseconds. */
export interface Spread {
  readonly count: number;
  readonly quantiles: readonly number[];
}

/** The parts of all at which a spread is kept. */
export const QUANTILES: readonly number[] = [0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1];

/** What is known of the flows to one service: counts, and how timings are spread. */
export interface ServiceProfile {
  readonly flows: number;
  /** Flows by how they opened and closed; what never occurred is left out. */
  readonly opened: Readonly<Record<string, number>>;
  readonly closed: Readonly<Record<string, number>>;
  /** How often something occurred: `COUNTS`. */
  readonly counts: Readonly<Record<string, number>>;
  /** By the field's name; a flow's length by its close pattern too: `durationMs of three-way`. */
  readonly timings: Readonly<Record<string, Spread>>;
}

/** Services by name: `port 443`, or `10.0.0.2:443` where addresses are kept. */
export type Profile = Readonly<Record<string, ServiceProfile>>;

/** Gathers the profile of a capture, flow by flow. */
export class Profiler {
  private readonly keepAddresses: boolean;
  private readonly services = new Map<string, GatheredService>();
  private readonly byPort = new Map<number, GatheredService>();
  private readonly counts = COUNTS.map(([name, text]) => [name, quantity(text, FLOW_FIELDS)] as const);
  private readonly timings = TIMINGS.map((text) => [text, quantity(text, FLOW_FIELDS)] as const);
  private readonly duration = quantity('durationMs', FLOW_FIELDS);

  constructor(keepAddresses: boolean) {
    this.keepAddresses = keepAddresses;
  }

  take(flow: FlowCursor): void {
    const service = this.serviceOf(flow);
    service.flows++;
    service.opened[outcomeOf(flow)]!++;
    const pattern = flow.word(FLOW.pattern);
    service.closed[pattern]!++;
    this.counts.forEach(([, get], index) => {
      service.counts[index]! += get(flow) || 0;
    });
    for (const [name, get] of this.timings) service.add(name, get(flow));
    service.add(`durationMs of ${CLOSE_PATTERNS[pattern]}`, this.duration(flow));
  }

  profile(): Profile {
    const names = [...this.services.keys()].sort((a, b) => collate(a, b));
    return Object.fromEntries(names.map((name) => [name, this.services.get(name)!.profile()]));
  }

  private serviceOf(flow: FlowCursor): GatheredService {
    const port = portOf(flow, SERVER);
    if (this.keepAddresses) return this.named(endpointText(flow, SERVER));
    const known = this.byPort.get(port);
    if (known !== undefined) return known;
    const service = this.named(`port ${port}`);
    this.byPort.set(port, service);
    return service;
  }

  private named(name: string): GatheredService {
    const known =
      this.services.get(name) ?? (this.services.size < MOST_SERVICES ? undefined : this.services.get(OTHERS));
    if (known !== undefined) return known;
    const service = new GatheredService();
    this.services.set(this.services.size < MOST_SERVICES ? name : OTHERS, service);
    return service;
  }
}

/** Services told apart; the rest are one. */
const MOST_SERVICES = 100;
const OTHERS = 'others';

const SYNS_AGAIN = 'handshake.synRetransmissions + handshake.synAckRetransmissions';
const SEGMENTS_AGAIN = 'fromClient.retransmittedSegments + fromServer.retransmittedSegments';
/** A hole that the receiver asked to fill: lost before the tap. Without duplicate ACKs it may be the capture's alone. */
const HOLES = ['fromClient', 'fromServer'].map((from) => `${from}.events["lost-segment"] > 0`).join(' || ');
const ASKED = ['fromClient', 'fromServer'].map((from) => `${from}.events["duplicate-ack"] > 0`).join(' || ');

/**
 * What is counted, as expressions on a flow. Flows are counted beside segments, because what is lost once is often lost
 * many times: the repeats of one flow are not as many signs as there are repeats.
 */
const COUNTS: readonly (readonly [name: string, expression: string])[] = [
  ['segments', 'fromClient.packets + fromServer.packets'],
  ['segments sent again', SEGMENTS_AGAIN],
  ['flows with a SYN sent again', `${SYNS_AGAIN} > 0 ? 1 : 0`],
  ['flows with a loss', `${SYNS_AGAIN} + ${SEGMENTS_AGAIN} > 0 || ((${HOLES}) && (${ASKED})) ? 1 : 0`],
  ['keep-alives', 'fromClient.events["keep-alive"] + fromServer.events["keep-alive"]'],
];
const TIMINGS: readonly string[] = [
  'handshake.synToSynAckMs',
  'handshake.synAckToAckMs',
  'fromServer.firstPayloadMs',
  'close.closeMs',
];

class GatheredService {
  flows = 0;
  readonly opened: number[] = HANDSHAKE_OUTCOMES.map(() => 0);
  readonly closed: number[] = CLOSE_PATTERNS.map(() => 0);
  readonly counts: number[] = COUNTS.map(() => 0);
  private readonly values = new Map<string, number[]>();

  add(timing: string, value: number): void {
    if (Number.isNaN(value)) return;
    const values = this.values.get(timing);
    if (values === undefined) this.values.set(timing, [value]);
    else values.push(value);
  }

  profile(): ServiceProfile {
    const timings = [...this.values].sort(([a], [b]) => collate(a, b));
    return {
      flows: this.flows,
      opened: occurred(HANDSHAKE_OUTCOMES, this.opened),
      closed: occurred(CLOSE_PATTERNS, this.closed),
      counts: Object.fromEntries(COUNTS.map(([name], index) => [name, this.counts[index]!])),
      timings: Object.fromEntries(timings.map(([name, values]) => [name, spreadOf(values)])),
    };
  }
}

/** @param values in any order, at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  return { count: sorted.length, quantiles: QUANTILES.map((part) => rounded(percentileOf(sorted, part))) };
}

/** Three significant digits: more would make every update a change of every line. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function occurred(names: readonly string[], counts: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    names.map((name, index) => [name, counts[index]!] as const).filter(([, count]) => count > 0),
  );
}

/** By the words and numbers in them, so that port 80 is before port 443. */
function collate(a: string, b: string): number {
  const [first, second] = [Number(/\d+$/.exec(a)?.[0]), Number(/\d+$/.exec(b)?.[0])];
  if (first !== second && a.startsWith('port ') && b.startsWith('port ')) return first - second;
  return a < b ? -1 : a > b ? 1 : 0;
}
