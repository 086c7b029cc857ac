/**
 * The TCP state machine (RFC 9293 3.3.2 and figure 5), with netstat's names.
 */

/** Every state, in the order of a connection's life; a state's number is its place here. */
export const STATES = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
] as const;
export type State = (typeof STATES)[number];

/** What can happen to an endpoint. One segment is several events, in the order of RFC 9293 3.10.7.4: RST, SYN, ACK, FIN. */
export const EVENTS = [
  'sends SYN',
  'gets SYN',
  'gets SYN+ACK',
  'gets ACK of SYN',
  'sends FIN',
  'gets ACK of FIN',
  'gets FIN',
  'RST',
] as const;
export type Event = (typeof EVENTS)[number];

type Edge = readonly [from: State | 'any', on: Event, to: State, source: string];

/** TCP as one endpoint lives it: the whole machine. A pair not listed changes nothing. */
// biome-ignore format: a table is read by its columns
export const EDGES: readonly Edge[] = [
  ['CLOSED',      'sends SYN',       'SYN_SENT',    '3.5: active open'],
  ['LISTEN',      'sends SYN',       'SYN_SENT',    '3.10.1: a passive open made active'],
  ['LISTEN',      'gets SYN',        'SYN_RECV',    '3.10.7.2 third: passive open'],
  ['SYN_SENT',    'gets SYN+ACK',    'ESTABLISHED', '3.10.7.3'],
  ['SYN_SENT',    'gets SYN',        'SYN_RECV',    '3.5 figure 7: simultaneous open'],
  ['SYN_RECV',    'gets ACK of SYN', 'ESTABLISHED', '3.10.7.4 fifth check'],
  ['SYN_RECV',    'sends FIN',       'FIN_WAIT1',   '3.10.4: CLOSE in SYN_RECV (Fast Open answers early)'],
  ['SYN_RECV',    'gets FIN',        'CLOSE_WAIT',  '3.10.7.4 eighth check'],
  ['ESTABLISHED', 'sends FIN',       'FIN_WAIT1',   '3.6 case 1: active close'],
  ['ESTABLISHED', 'gets FIN',        'CLOSE_WAIT',  '3.6 case 2: passive close'],
  ['FIN_WAIT1',   'gets ACK of FIN', 'FIN_WAIT2',   '3.6 case 1'],
  ['FIN_WAIT1',   'gets FIN',        'CLOSING',     '3.6 case 3: simultaneous close'],
  ['FIN_WAIT2',   'gets FIN',        'TIME_WAIT',   '3.6 case 1'],
  ['CLOSING',     'gets ACK of FIN', 'TIME_WAIT',   '3.6 case 3'],
  ['CLOSE_WAIT',  'sends FIN',       'LAST_ACK',    '3.6 case 2'],
  ['LAST_ACK',    'gets ACK of FIN', 'CLOSED',      '3.6 case 2'],
  ['any',         'RST',             'CLOSED',      '3.5.3'],
];

/** Numbers of the states. */
export const STATE = {
  CLOSED: 0,
  LISTEN: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  ESTABLISHED: 4,
  FIN_WAIT1: 5,
  FIN_WAIT2: 6,
  CLOSE_WAIT: 7,
  CLOSING: 8,
  LAST_ACK: 9,
  TIME_WAIT: 10,
  /** No state: the capture has shown nothing of this endpoint yet. */
  unknown: 15,
} as const;

/** Numbers of the events. */
export const ON = {
  sendsSyn: 0,
  getsSyn: 1,
  getsSynAck: 2,
  getsAckOfSyn: 3,
  sendsFin: 4,
  getsAckOfFin: 5,
  getsFin: 6,
  rst: 7,
} as const;

const NEXT: Uint8Array = compile(EDGES);

/** The state that follows `state` when `event` happens: the same one where nothing changes. */
export function nextState(state: number, event: number): number {
  return NEXT[state * 8 + event]!;
}

/** States x events; the tracker reads one element. */
function compile(edges: readonly Edge[]): Uint8Array {
  const next = Uint8Array.from({ length: 16 * 8 }, (_, i) => i >> 3);
  for (const [from, on, to] of edges) {
    const states = from === 'any' ? STATES : [from];
    for (const state of states) next[STATES.indexOf(state) * 8 + EVENTS.indexOf(on)] = STATES.indexOf(to);
  }
  return next;
}
