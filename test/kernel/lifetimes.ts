import type { KernelEvent, Recording, Side } from './recording.ts';

/** A state and when it was entered, in milliseconds since the recording's first whole second. */
export interface Entered {
  readonly state: string;
  readonly at: number;
}

/** The life of one endpoint in its kernel: a socket, with the request before it and the minisocket after it. */
export interface Lifetime {
  readonly side: Side;
  readonly own: string;
  readonly peer: string;
  readonly begin: number;
  readonly states: readonly Entered[];
  /** Its end is known from a poll of sock_diag: some milliseconds late. */
  readonly polled: boolean;
}

interface Draft {
  side: Side;
  own: string;
  peer: string;
  begin: number;
  states: Entered[];
  polled: boolean;
}

/** A minisocket that a poll finds later than this after its socket's end was there all the time, unchanged. */
const POLLS = 20;
/** How far a poll's time may lie from the moment it tells of. */
const POLL_ERROR = 5;
const MINISOCKET_AFTER = ['FIN_WAIT1', 'FIN_WAIT2', 'CLOSING'];
const MINISOCKETS = ['FIN_WAIT2', 'TIME_WAIT'];

/** Every endpoint's life, in order of time; listeners are none (N2). */
export function lifetimesOf(recording: Recording): Lifetime[] {
  const sockets = socketLifetimes(recording.events);
  const polls = new Map<string, KernelEvent[]>();
  for (const event of recording.events) {
    if (event.event !== 'diag') continue;
    const key = keyOf(event);
    polls.set(key, [...(polls.get(key) ?? []), event]);
  }
  const requests: Draft[] = [];
  for (const [key, changes] of polls) {
    const same = sockets.filter((socket) => keyOf(socket) === key);
    requests.push(...requestsIn(changes, same));
    for (const [i, socket] of same.entries()) addMinisocket(socket, changes, same[i + 1]?.begin ?? Infinity);
  }
  return [...sockets, ...requests].sort((one, other) => one.begin - other.begin);
}

/** What the tracepoint tells: a socket lives from CLOSE or LISTEN to CLOSE. */
function socketLifetimes(events: readonly KernelEvent[]): Draft[] {
  const open = new Map<string, Draft>();
  const all: Draft[] = [];
  for (const event of events) {
    if (event.event !== 'inet_sock_set_state') continue;
    const socket = event.extra.get('sk') ?? '';
    const begins = event.oldState === 'CLOSED' || event.oldState === 'LISTEN';
    if (event.newState === 'LISTEN' || (event.oldState === 'LISTEN' && event.newState === 'CLOSED')) continue;
    if (begins) {
      const draft: Draft = { ...ends(event), begin: event.at, states: [], polled: false };
      open.set(socket, draft);
      all.push(draft);
    }
    const draft = open.get(socket);
    if (draft === undefined) continue;
    // a connecting socket has no port of its own before its first event is over
    if (!event.own.endsWith(' 0') && !event.peer.endsWith(' 0')) Object.assign(draft, ends(event));
    enter(draft, event.newState, event.at);
    if (event.newState === 'CLOSED') open.delete(socket);
  }
  return all;
}

/** N3: requests, which no tracepoint tells of. One that became a socket lengthens that socket's life. */
function requestsIn(changes: readonly KernelEvent[], sockets: readonly Draft[]): Draft[] {
  const requests: Draft[] = [];
  for (const [i, change] of changes.entries()) {
    if (change.newState !== 'SYN_RECV' || change.oldState === 'SYN_RECV') continue;
    const passed = (socket: Draft): boolean => socket.states.some((entered) => entered.state === 'SYN_RECV');
    const itself = sockets.some(
      (socket) => passed(socket) && socket.begin - 1 <= change.at && change.at <= lastOf(socket).at + POLL_ERROR,
    );
    if (itself) continue;
    const next = changes.slice(i + 1).find((later) => later.newState !== 'SYN_RECV');
    const child = sockets.find((socket) => socket.begin > change.at && socket.states[0]?.state === 'SYN_RECV');
    if (child !== undefined && (next === undefined || next.at >= child.begin - 1)) {
      child.begin = change.at;
      child.states[0] = { state: 'SYN_RECV', at: change.at };
      continue;
    }
    const request: Draft = { ...ends(change), begin: change.at, states: [], polled: true };
    enter(request, 'SYN_RECV', change.at);
    if (next?.newState === '-') enter(request, 'CLOSED', next.at);
    requests.push(request);
  }
  return requests;
}

/** N4: the tracepoint's CLOSE of a socket that a minisocket replaces is not its end. */
function addMinisocket(socket: Draft, changes: readonly KernelEvent[], until: number): void {
  const closed = lastOf(socket);
  const before = socket.states.at(-2)?.state ?? '';
  if (closed.state !== 'CLOSED' || !MINISOCKET_AFTER.includes(before)) return;
  const known = changes.findLast((change) => change.at <= closed.at)?.newState ?? '-';
  const later = changes.filter((change) => change.at > closed.at && change.at < until + 1);
  // a poll's answer may be older than its time: the socket as it was just before
  while (later[0] !== undefined && later[0].at - closed.at < POLL_ERROR && isFullSocket(later[0].newState))
    later.shift();
  const first = later[0];
  const livesOn = MINISOCKETS.includes(known) && (first === undefined || first.at - closed.at > POLLS);
  if (!livesOn && !(first !== undefined && MINISOCKETS.includes(first.newState))) return;
  socket.states.pop();
  socket.polled = true;
  if (livesOn) enter(socket, known, closed.at);
  for (const change of later) {
    const lives = MINISOCKETS.includes(change.newState);
    // CLOSING ends in TIME_WAIT by the segment that the tracepoint saw
    enter(socket, lives ? change.newState : 'CLOSED', before === 'CLOSING' && lives ? closed.at : change.at);
    if (!lives) return;
  }
}

function isFullSocket(state: string): boolean {
  return state !== '-' && !MINISOCKETS.includes(state);
}

/** N1: a state that is entered again at once is one. */
function enter(draft: Draft, state: string, at: number): void {
  if (draft.states.at(-1)?.state !== state) draft.states.push({ state, at });
}

function lastOf(draft: Draft): Entered {
  return draft.states.at(-1) ?? { state: '', at: draft.begin };
}

function ends(event: KernelEvent): { side: Side; own: string; peer: string } {
  return { side: event.side, own: event.own, peer: event.peer };
}

function keyOf(of: { readonly own: string; readonly peer: string }): string {
  return `${of.own} ${of.peer}`;
}
