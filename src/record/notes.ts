import { STATE, STATES } from '../tcp/machine.ts';
import { NOTE } from '../tcp/verdict.ts';
import { FIN, SYN, WIRE } from '../wire/segment.ts';
import { handshakeTime } from './flow.ts';
import type { SegmentCursor } from './segment.ts';

/** What stands between the words of a note and those that close it. */
export const NOTE_VALUE = {
  none: 0,
  number: 1,
  /** Nanoseconds, told as milliseconds to the microsecond. */
  milliseconds: 2,
  /** Microseconds of a day, told as a time of day. */
  clock: 3,
} as const;

/** The words of a note. There are few, so that whoever writes them can keep their octets by `id`. */
export class NoteWords {
  /** 0, 1, …; -1 of words that are made for one note. */
  readonly id: number;
  readonly text: string;
  /** One of NOTE_VALUE, and the words after it. */
  readonly value: number;
  readonly closing: string;

  constructor(text: string, value: number = NOTE_VALUE.none, closing = '', isKept = true) {
    this.id = isKept ? ids++ : -1;
    this.text = text;
    this.value = value;
    this.closing = closing;
  }
}

let ids = 0;

/** What a segment did, in words: what was noticed, then each end's way through its states. Mostly nothing. */
export class SegmentNotes {
  count = 0;
  readonly words: NoteWords[] = [];
  /** The value that stands in each. */
  readonly values: number[] = [];
  private timeWait: NoteWords | null = null;

  /** Takes the notes of the segment that `at` stands on. */
  take(at: SegmentCursor): void {
    const { verdict } = at;
    this.count = 0;
    if (verdict.notes === 0 && verdict.transitionCount === 0 && verdict.late === 0 && at.result === WIRE.segment) {
      if (verdict.duplicateOf !== 0 || verdict.repeats !== 0) this.takeCopy(at);
      return;
    }
    this.takeRemarks(at);
    this.takeCopy(at);
    if (verdict.transitionCount > 0) for (const way of waysOf(at)) this.add(way, 0);
    if (entersTimeWait(at)) this.takeTimeWait(at);
  }

  /** The note at a place, 0 to `count` - 1. */
  text(place: number): string {
    const { text, value, closing } = this.words[place]!;
    return text + valueText(value, this.values[place]!) + closing;
  }

  texts(): string[] {
    return Array.from({ length: this.count }, (_, place) => this.text(place));
  }

  private add(words: NoteWords, value: number): void {
    this.words[this.count] = words;
    this.values[this.count++] = value;
  }

  private takeRemarks(at: SegmentCursor): void {
    const { verdict, segment } = at;
    if (at.result === WIRE.brokenTcp) this.add(BROKEN, 0);
    else if (at.result === WIRE.firstFragment) this.add(FIRST_FRAGMENT, 0);
    else if (at.result === WIRE.icmpQuote) this.add(verdict.flow === 0 ? QUOTES_NO_FLOW : QUOTES_FLOW, verdict.flow);
    if (verdict.late === 1) this.add(LATE, 0);
    if ((verdict.notes & NOTE.handshakeComplete) !== 0) {
      const time = verdict.row < 0 ? Number.NaN : handshakeTime(at.flow);
      this.add(Number.isNaN(time) ? HANDSHAKE : HANDSHAKE_IN, time);
    }
    if (segment.payloadLength > 0 && (segment.flags & FIN) !== 0 && verdict.duplicateOf === 0)
      this.add(FIN_WITH_DATA, 0);
    if ((verdict.notes & REMARKED) === 0) return;
    for (let i = 0; i < REMARKS.length; i++) {
      const remark = REMARKS[i]!;
      if ((verdict.notes & remark.bit) !== 0) this.add(remark.words, 0);
    }
  }

  private takeCopy(at: SegmentCursor): void {
    const { verdict, segment } = at;
    if (verdict.duplicateOf !== 0) this.add(COPY, verdict.duplicateOf);
    else if (verdict.repeats !== 0 && (segment.flags & SYN) === 0)
      this.add(verdict.retransmitsFrame === 0 ? RETRANSMISSION : RETRANSMISSION_OF, verdict.retransmitsFrame);
  }

  /** Until when TIME_WAIT is held, counted from this segment, as a time of day in UTC. */
  private takeTimeWait(at: SegmentCursor): void {
    const wait = 2 * at.flow.context.msl;
    const { segment } = at;
    const until = segment.nanoseconds + wait * 1e9;
    const seconds = segment.seconds + Math.floor(until / 1e9);
    const inDay = ((seconds % 86_400) + 86_400) % 86_400;
    this.timeWait ??= new NoteWords('TIME_WAIT until ', NOTE_VALUE.clock, `Z (2 MSL = ${wait} s)`);
    this.add(this.timeWait, inDay * 1e6 + Math.floor((until % 1e9) / 1000));
  }
}

const BROKEN = new NoteWords('TCP header cut short or of an impossible length: changes nothing');
const FIRST_FRAGMENT = new NoteWords('first fragment: its segment counts at the last one');
const QUOTES_NO_FLOW = new NoteWords('quotes no known flow');
const QUOTES_FLOW = new NoteWords('about flow ', NOTE_VALUE.number);
const LATE = new NoteWords('its flow was handed on already');
const HANDSHAKE = new NoteWords('handshake complete');
const HANDSHAKE_IN = new NoteWords('handshake complete in ', NOTE_VALUE.milliseconds, ' ms');
const FIN_WITH_DATA = new NoteWords('FIN with data');
const COPY = new NoteWords("a mirror port's copy of frame ", NOTE_VALUE.number);
const RETRANSMISSION = new NoteWords('retransmission');
const RETRANSMISSION_OF = new NoteWords('retransmission of frame ', NOTE_VALUE.number);

/** The notes of NOTE, the most telling first. */
// biome-ignore format: a table is read by its columns
const REMARKS = ([
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
] as const).map(([bit, text]) => ({ bit, words: new NoteWords(text) }));

/** Bits of the notes that have a text of their own. */
const REMARKED = REMARKS.reduce((bits, { bit }) => bits | bit, 0);
const SIDE_NAMES = ['client', 'server'] as const;

/** Each end's way, the sender's first. There are few ways that segments take: each is put into words once. */
function waysOf(at: SegmentCursor): readonly NoteWords[] {
  const { transitions, transitionCount, side } = at.verdict;
  if (transitionCount > MOST_KNOWN) return ways(at, false);
  let key = side === 1 ? 1 : 0;
  for (let i = 0; i < transitionCount; i++) key = (key << 9) | transitions[i]!;
  key = (key << 2) | transitionCount;
  let known = KNOWN_WAYS.get(key);
  if (known === undefined) {
    known = ways(at, true);
    KNOWN_WAYS.set(key, known);
  }
  return known;
}

/** A transition has nine bits; side and count fit beside three of them. */
const MOST_KNOWN = 3;
const KNOWN_WAYS = new Map<number, readonly NoteWords[]>();

function ways(at: SegmentCursor, isKept: boolean): readonly NoteWords[] {
  const sender = at.verdict.side === 1 ? 1 : 0;
  const texts = [transitionsOf(at, sender), transitionsOf(at, 1 - sender)].filter((way) => way !== '');
  return texts.map((text) => new NoteWords(text, NOTE_VALUE.none, '', isKept));
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

function valueText(kind: number, value: number): string {
  switch (kind) {
    case NOTE_VALUE.number:
      return String(value);
    case NOTE_VALUE.milliseconds:
      return (value / 1e6).toFixed(3);
    case NOTE_VALUE.clock:
      return new Date(Math.floor(value / 1000)).toISOString().slice(11, 23) + String(1000 + (value % 1000)).slice(1);
    default:
      return '';
  }
}
