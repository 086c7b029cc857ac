import type { Entered, Lifetime } from './lifetimes.ts';
import { ACK, FIN, type Packet, RST, SYN } from './packets.ts';

/** A state that an observer lists, or by `rule` may leave out. The rules' numbers are those of samples/README.md. */
export interface Step {
  readonly state: string;
  readonly rule: string | null;
}

/** Segments this close to a change of state, in milliseconds, may have caused it. */
const CAUSE = 5;
/** A poll finds a minisocket gone at most this late. */
const POLL_LATE = 80;

/**
 * What an observer at the endpoint's own interface should say of it: one or two ways to tell the same life.
 *
 * @param packets the connection's segments at that interface
 * @param start when the capture began
 */
export function expectedSteps(lifetime: Lifetime, packets: readonly Packet[], start: number): Step[][] {
  const sent = packets.filter((packet) => packet.from === lifetime.own);
  const received = packets.filter((packet) => packet.to === lifetime.own);
  const states = sinceCapture(lifetime, start);
  const steps: Step[] = [];
  for (const [i, entered] of states.entries()) {
    const rule = leaveOut(states, i, lifetime, sent, received);
    if (rule === 'N6') steps.push(...beforeLateReset(states[i - 1]?.state, entered.at, sent, received));
    steps.push({ state: entered.state, rule });
    if (entered.state === 'SYN_RECV' && !has(states, 'ESTABLISHED') && received.some(isPlainAck)) {
      steps.push({ state: 'ESTABLISHED', rule: 'N9' });
    }
  }
  if (steps.at(-1)?.state === 'TIME_WAIT') steps.push({ state: 'CLOSED', rule: 'N5' });
  const passive = finTooLate(states, steps, sent);
  return passive === null ? [steps] : [steps, passive];
}

/** What an observer should say of an end that never had a socket (N2), or answered with a SYN cookie (N10). */
export function expectedWithoutSocket(own: string, packets: readonly Packet[]): Step[] {
  const answered = packets.some((packet) => packet.from === own && (packet.flags & (SYN | ACK)) === (SYN | ACK));
  if (!answered) return [];
  const acked = packets.some((packet) => packet.to === own && isPlainAck(packet));
  const steps = acked ? ['SYN_RECV', 'ESTABLISHED', 'CLOSED'] : ['SYN_RECV', 'CLOSED'];
  return steps.map((state) => ({ state, rule: 'N10' }));
}

/** Whether the observed states are a telling of the steps. */
export function tells(steps: readonly Step[], observed: readonly string[]): boolean {
  const pattern = steps.map((step) => (step.rule === null ? `${step.state} ` : `(?:${step.state} )?`)).join('');
  return new RegExp(`^${pattern}$`).test(observed.map((state) => `${state} `).join(''));
}

/** N2: what leads up to the connection is the listener's or nobody's. N1: a repeat is no change. */
export function observedStates(states: readonly { readonly state: string }[]): string[] {
  const names = states.map((entered) => entered.state);
  const first = names.findIndex((name) => name !== 'LISTEN' && name !== 'CLOSED');
  return first < 0 ? [] : names.slice(first).filter((name, i, all) => name !== all[i - 1]);
}

export function show(steps: readonly Step[]): string {
  if (steps.length === 0) return '(no socket)';
  return steps.map((step) => (step.rule === null ? step.state : `[${step.state} ${step.rule}]`)).join(' ');
}

/** N11: the state in which the capture found the endpoint, and those after it. */
function sinceCapture(lifetime: Lifetime, start: number): readonly Entered[] {
  if (lifetime.begin >= start) return lifetime.states;
  return lifetime.states.slice(lifetime.states.findLastIndex((entered) => entered.at <= start));
}

/** The rule by which a state may be missing, or null. */
function leaveOut(
  states: readonly Entered[],
  i: number,
  lifetime: Lifetime,
  sent: readonly Packet[],
  received: readonly Packet[],
): string | null {
  const { state, at } = states[i]!;
  const neverFin = !sent.some((packet) => packet.flags & FIN);
  switch (state) {
    case 'CLOSED':
      if (states[i - 1]?.state === 'TIME_WAIT') return 'N5';
      return closedBySegment(at, lifetime, [...sent, ...received]) ? null : 'N6';
    case 'FIN_WAIT2':
      return states[i + 1]?.state === 'TIME_WAIT' &&
        received.some((packet) => packet.flags & FIN && Math.abs(packet.at - at) < 1)
        ? 'N7'
        : null;
    case 'FIN_WAIT1':
    case 'LAST_ACK':
      return neverFin ? 'N8' : null;
    default:
      return null;
  }
}

function closedBySegment(at: number, lifetime: Lifetime, packets: readonly Packet[]): boolean {
  if (packets.some((packet) => Math.abs(packet.at - at) < CAUSE)) return true;
  return (
    lifetime.polled && packets.some((packet) => packet.flags & RST && at - POLL_LATE < packet.at && packet.at < at)
  );
}

/** N13: a segment for a socket that a timer had ended; until the RST that answers it, it seems to move the socket on. */
function beforeLateReset(
  state: string | undefined,
  at: number,
  sent: readonly Packet[],
  received: readonly Packet[],
): Step[] {
  const late = received.find((packet) => packet.at > at + CAUSE && !(packet.flags & RST));
  if (late === undefined || !sent.some((packet) => packet.flags & RST && packet.at >= late.at)) return [];
  if (state === 'SYN_SENT') return [{ state: 'ESTABLISHED', rule: 'N13' }];
  return state === 'FIN_WAIT2' ? [{ state: 'TIME_WAIT', rule: 'N13' }] : [];
}

/** N8, second half: the FIN left only after the peer's had come, so that on the wire the peer closed first. */
function finTooLate(states: readonly Entered[], steps: readonly Step[], sent: readonly Packet[]): Step[] | null {
  const closing = states.find((entered) => entered.state === 'CLOSING');
  if (closing === undefined) return null;
  const fin = sent.find((packet) => packet.flags & FIN);
  if (fin !== undefined && fin.at <= closing.at) return null;
  const before = steps.slice(
    0,
    Math.max(
      0,
      steps.findIndex((step) => step.state === 'FIN_WAIT1'),
    ),
  );
  return [
    ...before,
    { state: 'CLOSE_WAIT', rule: null },
    { state: 'LAST_ACK', rule: null },
    { state: 'CLOSED', rule: 'N8' },
  ];
}

function has(states: readonly Entered[], state: string): boolean {
  return states.some((entered) => entered.state === state);
}

function isPlainAck(packet: Packet): boolean {
  return (packet.flags & (ACK | SYN | RST)) === ACK;
}
