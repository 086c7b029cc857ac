import { STATE, STATES } from '../tcp/machine.ts';
import { NOTE } from '../tcp/verdict.ts';
import { FIN, SYN, WIRE } from '../wire/segment.ts';
import { handshakeTime } from './flow.ts';
import type { SegmentCursor } from './segment.ts';

/** What a segment did, in words: what was noticed, then each end's way through its states. Mostly nothing. */
export function notesOf(at: SegmentCursor): readonly string[] {
  const { verdict } = at;
  if (verdict.notes === 0 && verdict.transitionCount === 0 && verdict.late === 0 && at.result === WIRE.segment) {
    return verdict.duplicateOf === 0 && verdict.repeats === 0 ? NONE : copyNotes(at);
  }
  const notes = remarks(at);
  notes.push(...copyNotes(at));
  if (verdict.transitionCount > 0) notes.push(...waysOf(at));
  if (entersTimeWait(at)) notes.push(timeWaitNote(at));
  return notes;
}

/** The notes of NOTE, the most telling first. */
// biome-ignore format: a table is read by its columns
const REMARKS: readonly (readonly [bit: number, text: string])[] = [
  [NOTE.portsReused,          'ports used again: a new flow'],
  [NOTE.reusedInTimeWait,     'the flow before was still in TIME_WAIT'],
  [NOTE.synRepeated,          'SYN sent again'],
  [NOTE.synAckRepeated,       'SYN+ACK sent again'],
  [NOTE.fastOpenData,         'Fast Open: data in the SYN'],
  [NOTE.ackAndFinMerged,      'ACK and FIN merged: three-way close'],
  [NOTE.finsCross,            'the FINs cross: simultaneous close'],
  [NOTE.finRepeated,          'FIN sent again'],
  [NOTE.resetCounts,          'reset'],
  [NOTE.resetOutOfWindow,     'RST outside the window: not taken'],
  [NOTE.resetChallenged,      'RST not at the expected sequence number: to be challenged (RFC 5961), not taken'],
  [NOTE.synInsideConnection,  'SYN inside a connection that is open'],
  [NOTE.checksumBad,          'wrong checksum: changes nothing'],
  [NOTE.aliveAfterReset,      'alive after the reset, which was not what it seemed'],
  [NOTE.keepAlive,            'keep-alive'],
  [NOTE.fillsHole,            'fills a hole'],
  [NOTE.leavesHole,           'octets before it are missing'],
  [NOTE.closeComplete,        'both FINs acknowledged'],
];

const NONE: readonly string[] = [];
/** Bits of the notes that have a text of their own. */
const REMARKED = REMARKS.reduce((bits, [bit]) => bits | bit, 0);
const SIDE_NAMES = ['client', 'server'] as const;

function remarks(at: SegmentCursor): string[] {
  const { verdict, segment } = at;
  const found: string[] = [];
  if (at.result === WIRE.brokenTcp) found.push('TCP header cut short or of an impossible length: changes nothing');
  else if (at.result === WIRE.firstFragment) found.push('first fragment: its segment counts at the last one');
  else if (at.result === WIRE.icmpQuote)
    found.push(verdict.flow === 0 ? 'quotes no known flow' : `about flow ${verdict.flow}`);
  if (verdict.late === 1) found.push('its flow was handed on already');
  if ((verdict.notes & NOTE.handshakeComplete) !== 0) {
    const time = verdict.row < 0 ? Number.NaN : handshakeTime(at.flow);
    found.push(Number.isNaN(time) ? 'handshake complete' : `handshake complete in ${millisecondsText(time)}`);
  }
  if (segment.payloadLength > 0 && (segment.flags & FIN) !== 0 && verdict.duplicateOf === 0)
    found.push('FIN with data');
  if ((verdict.notes & REMARKED) === 0) return found;
  for (const [bit, text] of REMARKS) if ((verdict.notes & bit) !== 0) found.push(text);
  return found;
}

function copyNotes(at: SegmentCursor): string[] {
  const { verdict, segment } = at;
  if (verdict.duplicateOf !== 0) return [`a mirror port's copy of frame ${verdict.duplicateOf}`];
  if (verdict.repeats === 0 || (segment.flags & SYN) !== 0) return [];
  return [verdict.retransmitsFrame === 0 ? 'retransmission' : `retransmission of frame ${verdict.retransmitsFrame}`];
}

/** Each end's way, the sender's first. There are few ways that segments take: each is put into words once. */
function waysOf(at: SegmentCursor): readonly string[] {
  const { transitions, transitionCount, side } = at.verdict;
  if (transitionCount > MOST_KNOWN) return ways(at);
  let key = side === 1 ? 1 : 0;
  for (let i = 0; i < transitionCount; i++) key = (key << 9) | transitions[i]!;
  key = (key << 2) | transitionCount;
  let known = KNOWN_WAYS.get(key);
  if (known === undefined) {
    known = ways(at);
    KNOWN_WAYS.set(key, known);
  }
  return known;
}

/** A transition has nine bits; side and count fit beside three of them. */
const MOST_KNOWN = 3;
const KNOWN_WAYS = new Map<number, readonly string[]>();

function ways(at: SegmentCursor): readonly string[] {
  const sender = at.verdict.side === 1 ? 1 : 0;
  return [transitionsOf(at, sender), transitionsOf(at, 1 - sender)].filter((way) => way !== '');
}

/** `server: CLOSE_WAIT → LAST_ACK`, every state that the endpoint went through at this segment; empty when none. */
function transitionsOf(at: SegmentCursor, side: number): string {
  const { verdict } = at;
  let way = '';
  for (let i = 0; i < verdict.transitionCount; i++) {
    const transition = verdict.transitions[i]!;
    if (transition >> 8 !== side) continue;
    const from = (transition >> 4) & 15;
    const to = STATES[transition & 15] ?? '?';
    if (way === '')
      way = from === STATE.unknown ? `${SIDE_NAMES[side]}: ${to}` : `${SIDE_NAMES[side]}: ${STATES[from]} → ${to}`;
    else way += ` → ${to}`;
  }
  return way;
}

function entersTimeWait(at: SegmentCursor): boolean {
  const { verdict } = at;
  for (let i = 0; i < verdict.transitionCount; i++) {
    if ((verdict.transitions[i]! & 15) === STATE.TIME_WAIT) return verdict.row >= 0;
  }
  return false;
}

/** Until when TIME_WAIT is held, counted from this segment, as a time of day in UTC. */
function timeWaitNote(at: SegmentCursor): string {
  const wait = 2 * at.flow.context.msl;
  const { segment } = at;
  const until = segment.nanoseconds + wait * 1e9;
  const seconds = segment.seconds + Math.floor(until / 1e9);
  const inDay = ((seconds % 86_400) + 86_400) % 86_400;
  const clock = `${twoDigits(inDay / 3600)}:${twoDigits((inDay / 60) % 60)}:${twoDigits(inDay % 60)}`;
  const micro = String(1e6 + Math.floor((until % 1e9) / 1000)).slice(1);
  return `TIME_WAIT until ${clock}.${micro}Z (2 MSL = ${wait} s)`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${Math.floor(value)}` : `${Math.floor(value)}`;
}

/** Nanoseconds as milliseconds, to the microsecond. */
function millisecondsText(nanoseconds: number): string {
  return `${(nanoseconds / 1e6).toFixed(3)} ms`;
}
