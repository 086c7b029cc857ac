import type { UtcTimes } from '../bytes/time.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { EVENT_NAMES, isHeaderCut } from '../tcp/events.ts';
import { STATES } from '../tcp/machine.ts';
import type { Verdict } from '../tcp/verdict.ts';
import { hasLine, type SegmentView, WIRE, type WireResult } from '../wire/segment.ts';
import type { FlowCursor } from './cursor.ts';
import {
  type Fields,
  integer,
  list,
  milliseconds,
  object,
  octets,
  optional,
  orNull,
  text,
  time,
  word,
} from './field.ts';
import { SegmentNotes } from './notes.ts';

export type { SegmentRecord } from './segment-record.ts';

/** Stands on a segment and what the tracker made of it. */
export class SegmentCursor {
  readonly flow: FlowCursor;
  readonly times: UtcTimes;
  /** The segment's own second, so that its time is exact. */
  baseSeconds = 0;
  private readonly writeLine: (out: ByteWriter, segment: SegmentView, result: WireResult) => void;
  verdict: Verdict;
  segment: SegmentView;
  result: WireResult = WIRE.segment;
  /** The note that a list's accessor reads, and all of them. */
  item = 0;
  readonly notes: SegmentNotes = new SegmentNotes();

  /** @param writeLine appends a segment's line; called once for each segment that has one, in order */
  constructor(
    flow: FlowCursor,
    verdict: Verdict,
    segment: SegmentView,
    writeLine: (out: ByteWriter, segment: SegmentView, result: WireResult) => void,
  ) {
    this.flow = flow;
    this.times = flow.times;
    this.verdict = verdict;
    this.segment = segment;
    this.writeLine = writeLine;
  }

  move(verdict: Verdict, segment: SegmentView, result: WireResult): void {
    this.verdict = verdict;
    this.segment = segment;
    this.result = result;
    this.baseSeconds = segment.seconds;
    if (verdict.row >= 0) this.flow.move(verdict.row);
    this.notes.take(this);
  }

  /** Appends the segment's line; false when it has none, since its first fragment had it. */
  line(out: ByteWriter): boolean {
    if (!hasLine(this.segment, this.result)) return false;
    this.writeLine(out, this.segment, this.result);
    return true;
  }
}

const SIDES = ['client', 'server'] as const;

/** A segment's record: the contract's fields, in its order. The interface `SegmentRecord` is made from this table. */
export const SEGMENT_FIELDS: Fields<SegmentCursor> = {
  frame: integer(
    '1-based number of the record; of a fragmented segment, that of its last fragment',
    (at) => at.segment.frame,
  ),
  file: optional(
    text('Capture that holds the record, where there are several captures', (at) =>
      at.flow.context.files.length > 1 ? (at.flow.context.files[at.segment.file] ?? null) : null,
    ),
  ),
  fileFrame: optional(
    integer('1-based number of the record in `file`', (at) =>
      at.flow.context.files.length > 1 ? at.segment.fileFrame : Number.NaN,
    ),
  ),
  flow: orNull(integer('Number of its flow; null where it has none', (at) => at.verdict.flow || Number.NaN)),
  at: time('Time of the record', (at) => at.segment.nanoseconds),
  from: orNull(word('Who sent it; null where nobody can tell', SIDES, (at) => at.verdict.side)),
  line: orNull(
    octets("The line that tcpdump or WinDump prints; null where the first fragment's record has it", (at, out) =>
      at.line(out),
    ),
  ),
  events: list(
    "Events, each in Wireshark's meaning",
    (at, after) => nextEvent(at.verdict.events, after),
    (at, item) => {
      at.item = item;
    },
    word('Name of an event', EVENT_NAMES, (at) => at.item),
  ),
  states: object('SegmentStates', 'States after both endpoints have handled this segment', {
    client: orNull(word("The client's; null while unknown", STATES, (at) => at.verdict.clientState)),
    server: orNull(word("The server's; null while unknown", STATES, (at) => at.verdict.serverState)),
  }),
  notes: list(
    'What the segment did, in words',
    (at, after) => (after + 1 < at.notes.count ? after + 1 : -1),
    (at, item) => {
      at.item = item;
    },
    text('A note', (at) => at.notes.text(at.item)),
  ),
  acks: orNull(integer('The frame that this one acknowledges', (at) => shown(at, at.verdict.acksFrame))),
  rttMs: milliseconds("Time since that frame; null where the capture's clock did not move", (at) =>
    shown(at, at.verdict.rtt),
  ),
  retransmits: orNull(
    integer(
      "The frame that this one repeats, in lastack's own judgement",
      (at) => at.verdict.retransmitsFrame || Number.NaN,
    ),
  ),
  duplicateOf: orNull(
    integer('The frame of which a mirror port made this copy', (at) => at.verdict.duplicateOf || Number.NaN),
  ),
};

/** A round trip, or its frame: not known when 0, nor (as in Wireshark) of a segment whose TCP header was not wholly kept. */
function shown(at: SegmentCursor, value: number): number {
  return value === 0 || isHeaderCut(at.segment) ? Number.NaN : value;
}

/** The next event after the one at `after` in EVENT_NAMES, or -1. */
function nextEvent(events: number, after: number): number {
  for (let i = after + 1; i < EVENT_NAMES.length; i++) if ((events & (1 << i)) !== 0) return i;
  return -1;
}
