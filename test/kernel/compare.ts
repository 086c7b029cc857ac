import { type Lifetime, lifetimesOf } from './lifetimes.ts';
import { type Packet, RST, SYN } from './packets.ts';
import { milliseconds, type Recording, SIDES, type Side } from './recording.ts';
import { expectedSteps, expectedWithoutSocket, observedStates, type Step, show, tells } from './rules.ts';

/** What the comparison reads of a flow record. */
export interface ObservedFlow {
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly address: string; readonly port: number };
  readonly start: string;
  readonly states: Readonly<Record<Side, readonly { readonly state: string }[]>>;
  readonly close: { readonly reset: { readonly by: string } | null };
  readonly fromClient: { readonly retransmittedSegments: number };
  readonly fromServer: { readonly retransmittedSegments: number };
}

/** One endpoint at its own interface: the segments it saw, what it should be said to be, and what it is said to be. */
interface Endpoint {
  readonly own: string;
  readonly flow: ObservedFlow | undefined;
  readonly tellings: readonly (readonly Step[])[];
  readonly retransmitted: number;
  /** Its kernel sent the reset that ended the connection. */
  readonly resets: boolean;
}

/** Slack in milliseconds for the time of a request socket, which a poll finds late. */
const POLL_LATE = 8;

/**
 * Where the observer and the kernel differ, a message each; none when they agree.
 *
 * @param flowsOf every flow of a capture, in order of their first segments
 */
export async function differences(
  recording: Recording,
  flowsOf: (path: string) => Promise<readonly ObservedFlow[]>,
): Promise<string[]> {
  const lifetimes = lifetimesOf(recording);
  const messages: string[] = [];
  for (const side of SIDES) {
    const flows = await flowsOf(recording.captures[side]);
    const told = new Set<ObservedFlow>();
    for (const endpoint of endpointsAt(side, recording, lifetimes, flows)) {
      if (endpoint.flow !== undefined) told.add(endpoint.flow);
      messages.push(...differencesAt(side, endpoint));
    }
    for (const flow of flows.filter((each) => !told.has(each))) {
      messages.push(`${side}: a flow that is not there, ${nameOf(flow.client)} to ${nameOf(flow.server)}`);
    }
  }
  return messages;
}

function differencesAt(side: Side, { own, flow, tellings, retransmitted, resets }: Endpoint): string[] {
  const kernel = tellings.map(show).join('   or   ');
  if (flow === undefined) return [`${side} ${own}: no flow where the kernel went through ${kernel}`];
  const role = nameOf(flow.client) === own ? 'client' : 'server';
  const messages: string[] = [];
  const observed = observedStates(flow.states[role]);
  if (!tellings.some((steps) => tells(steps, observed))) {
    messages.push(`${side} ${own}: kernel ${kernel}\n  lastack ${observed.join(' ') || '(nothing)'}`);
  }
  const counted = (role === 'client' ? flow.fromClient : flow.fromServer).retransmittedSegments;
  if (counted !== retransmitted) {
    messages.push(`${side} ${own}: kernel sent ${retransmitted} segments again, lastack says ${counted}`);
  }
  const by = flow.close.reset?.by ?? 'nobody';
  if (resets && by !== role) messages.push(`${side} ${own}: kernel sent a reset, lastack says ${by} did`);
  return messages;
}

/** Every endpoint of this side that its own capture shows. */
function endpointsAt(
  side: Side,
  recording: Recording,
  lifetimes: readonly Lifetime[],
  flows: readonly ObservedFlow[],
): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const [pair, packets] of byConnection(recording.packets[side])) {
    const observed = flows.filter((flow) => pairOf(nameOf(flow.client), nameOf(flow.server)) === pair);
    const own = ownEnd(pair, recording.addresses[side]);
    const lives = lifetimes.filter((life) => pairOf(life.own, life.peer) === pair && life.side === side);
    if (own === undefined) {
      for (const flow of observed) endpoints.push(forgedEnd(flow)); // both ends at other hosts: nothing to hold it against
      continue;
    }
    const others = lifetimes.filter((life) => pairOf(life.own, life.peer) === pair && life.side !== side);
    const connections = Math.max(lives.length, others.length, 1);
    for (let i = 0; i < connections; i++) {
      endpoints.push(
        endpointOf(recording, own, lives, others, i, packets, pick(observed, connections, i, lives[i], recording)),
      );
    }
  }
  return endpoints;
}

function endpointOf(
  recording: Recording,
  own: string,
  lives: readonly Lifetime[],
  others: readonly Lifetime[],
  i: number,
  packets: readonly Packet[],
  flow: ObservedFlow | undefined,
): Endpoint {
  const life = lives[i];
  if (life === undefined)
    return { own, flow, tellings: [expectedWithoutSocket(own, packets)], retransmitted: 0, resets: false };
  const [from, until] = span(lives, i);
  const during = packets.filter((packet) => packet.at >= from && packet.at < until);
  const tellings = expectedSteps(life, during, recording.start);
  const resets = sentReset(recording, life, lives.length > 1 ? [life] : [life, ...others], during, from, until);
  return { own, flow, tellings, retransmitted: retransmissions(recording, life, during, from, until), resets };
}

/**
 * Whether this end's kernel sent the reset that ended the connection: it sent one, got none before, and one of the
 * sockets went to CLOSED in another way than by LAST_ACK or TIME_WAIT. The answer to a SYN+ACK in SYN_SENT ends nothing.
 */
function sentReset(
  recording: Recording,
  life: Lifetime,
  ends: readonly Lifetime[],
  packets: readonly Packet[],
  from: number,
  until: number,
): boolean {
  const sent = recording.events.some(
    (event) =>
      event.event === 'tcp_send_reset' &&
      event.own === life.own &&
      event.peer === life.peer &&
      event.oldState !== 'SYN_SENT' &&
      event.at >= Math.max(from, recording.start) &&
      event.at < until,
  );
  const broken = ends.some(
    ({ states }) =>
      states.at(-1)?.state === 'CLOSED' && !['LAST_ACK', 'TIME_WAIT'].includes(states.at(-2)?.state ?? ''),
  );
  return sent && broken && !packets.some((packet) => packet.to === life.own && packet.flags & RST);
}

/** From when until when the segments on a connection's addresses are this lifetime's. */
function span(lives: readonly Lifetime[], i: number): [number, number] {
  const slack = (life: Lifetime): number => (life.states[0]?.state === 'SYN_RECV' ? POLL_LATE : 0);
  const next = lives[i + 1];
  return [lives[i]!.begin - POLL_LATE, next === undefined ? Infinity : next.begin - slack(next)];
}

/** Data and FIN that the kernel sent again; err=0 says that the segment left. */
function retransmissions(
  recording: Recording,
  life: Lifetime,
  packets: readonly Packet[],
  from: number,
  until: number,
): number {
  const begin = Math.max(from, recording.start);
  const isSynAt = (at: number): boolean =>
    packets.some((packet) => packet.from === life.own && packet.flags & SYN && Math.abs(packet.at - at) < 2);
  return recording.events.filter(
    (event) =>
      event.event === 'tcp_retransmit_skb' &&
      event.own === life.own &&
      event.peer === life.peer &&
      event.extra.get('err') === '0' &&
      event.at >= begin &&
      event.at < until &&
      event.oldState !== 'SYN_SENT' &&
      !(event.oldState === 'SYN_RECV' && isSynAt(event.at)),
  ).length;
}

/** The flow for the i-th connection on its addresses: the i-th, or where numbers differ the nearest in time. */
function pick(
  flows: readonly ObservedFlow[],
  connections: number,
  i: number,
  life: Lifetime | undefined,
  recording: Recording,
): ObservedFlow | undefined {
  if (flows.length === connections || life === undefined) return flows[i];
  const distance = (flow: ObservedFlow): number => Math.abs(timeOf(flow.start, recording.base) - life.begin);
  return [...flows].sort((one, other) => distance(one) - distance(other))[0];
}

function timeOf(start: string, base: number): number {
  const whole = Date.parse(`${start.slice(0, 19)}Z`) / 1000;
  return milliseconds(`${whole}${start.slice(19, -1)}`, base);
}

function forgedEnd(flow: ObservedFlow): Endpoint {
  const steps = observedStates(flow.states.client).map((state) => ({ state, rule: null }));
  return {
    own: nameOf(flow.client),
    flow,
    tellings: [steps],
    retransmitted: flow.fromClient.retransmittedSegments,
    resets: false,
  };
}

function byConnection(packets: readonly Packet[]): Map<string, Packet[]> {
  const connections = new Map<string, Packet[]>();
  for (const packet of packets) {
    const pair = pairOf(packet.from, packet.to);
    const known = connections.get(pair);
    if (known === undefined) connections.set(pair, [packet]);
    else known.push(packet);
  }
  return connections;
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one}, ${other}` : `${other}, ${one}`;
}

function ownEnd(pair: string, address: string): string | undefined {
  return pair.split(', ').find((end) => end.startsWith(`${address} `));
}

function nameOf(end: { readonly address: string; readonly port: number }): string {
  return `${end.address} ${end.port}`;
}
