import { CATALOGUE } from '../findings/catalogue.ts';
import { CONFIDENCES, SEVERITIES } from '../findings/finding.ts';
import { writeFindings } from '../findings/json.ts';
import { RESET_CAUSES } from '../findings/rules/reset-causes.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, LOG, SERVER } from '../flow/rows.ts';
import { EVENT_NAMES, roundTripOfOpening } from '../tcp/events.ts';
import { CONN_STATES, connStateOf, historyOf } from '../tcp/history/conn-state.ts';
import { STATE, STATES } from '../tcp/machine.ts';
import {
  CLIENT_BY,
  CLOSE_PATTERNS,
  HANDSHAKE_OUTCOMES,
  PATTERN,
  RESET_FORMS,
  RESET_PACK,
  RESET_STAGES,
} from '../tcp/patterns.ts';
import { writeCommunityId } from './community-id.ts';
import type { FlowCursor } from './cursor.ts';
import { portOf, writeAddress } from './endpoint.ts';
import {
  ascii,
  boolean,
  type Field,
  type Fields,
  integer,
  json,
  list,
  milliseconds,
  object,
  objectOrNull,
  optional,
  orNull,
  text,
  time,
  word,
} from './field.ts';
import { outcomeOf } from './outcome.ts';
import { VANTAGES, vantageOf } from './vantage.ts';

const SIDES = ['client', 'server'] as const;
const TIME_WAIT_SIDES = ['client', 'server', 'both'] as const;

export type { FlowRecord } from './flow-record.ts';

const FINDINGS_SCHEMA = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      code: { enum: [...CATALOGUE.keys()] },
      severity: { enum: SEVERITIES },
      confidence: { enum: CONFIDENCES },
      frame: { type: 'integer', description: 'The deciding frame' },
      frames: { type: 'array', items: { type: 'integer' }, description: 'All the evidence, in ascending order' },
      values: { type: 'object', description: 'What was measured and compared' },
      message: { type: 'string', description: 'What was seen, what it means, and what to look at next' },
      filter: { type: 'string', description: 'A Wireshark display filter that shows the frames' },
    },
    required: ['code', 'severity', 'confidence', 'frame', 'frames', 'values', 'message', 'filter'],
  },
};

/** A flow's record: the contract's fields, in its order. The interface `FlowRecord` is made from this table. */
export const FLOW_FIELDS: Fields<FlowCursor> = {
  flow: count("1-based, in order of each flow's first segment, whatever the order of printing", FLOW.number),
  client: endpoint('The end that opened the connection', CLIENT),
  server: endpoint('The end that was connected to', SERVER),
  clientBy: word(
    "How the roles were told: by a SYN, a SYN+ACK, the only port below 1024 (the server's), or the first segment's sender",
    CLIENT_BY,
    (flow) => (flow.bits() & FLOW_BITS.clientByMask) >> FLOW_BITS.clientByShift,
  ),
  layers: list(
    'What the first segment was wrapped in, outermost first',
    nextLayer,
    enterItem,
    ascii('A protocol, with its identifier where it has one', (flow, out) => out.ascii(flow.layers[flow.item]!)),
  ),
  firstFrame: count('1-based number of the first record of the flow', FLOW.firstFrame),
  lastFrame: count('1-based number of the last record of the flow', FLOW.lastFrame),
  file: optional(
    text('Capture that holds the first record, where there are several captures', (flow) =>
      flow.context.files.length > 1 ? (flow.context.files[flow.word(FLOW.firstFile)] ?? null) : null,
    ),
  ),
  fileFrame: optional(
    integer('1-based number of the first record in `file`', (flow) =>
      flow.context.files.length > 1 ? flow.word(FLOW.firstFileFrame) : Number.NaN,
    ),
  ),
  start: moment('Time of the first record', FLOW.firstTimeF64),
  end: moment('Time of the last record', FLOW.lastTimeF64),
  durationMs: { ...milliseconds('From start to end', duration), nullable: false },
  longestIdleMs: milliseconds(
    "The longest time between two of its segments; null when there is one alone, or the capture's clock was set meanwhile",
    longestIdle,
  ),
  vantage: orNull(
    word(
      'Which end the capture was likely taken near, or between them; null where its times do not tell',
      VANTAGES,
      vantageOf,
    ),
  ),
  handshake: object('Handshake', 'How the connection was opened', {
    outcome: word('What came of the handshake, as far as it was captured', HANDSHAKE_OUTCOMES, outcomeOf),
    synFrame: frame('The first SYN', FLOW.synFrame),
    synAckFrame: frame('The SYN+ACK', FLOW.synAckFrame),
    ackFrame: frame('The ACK that completed the handshake', FLOW.ackFrame),
    synToSynAckMs: milliseconds('From the last SYN to the SYN+ACK', (flow) =>
      between(flow, FLOW.synFrame, FLOW.lastSynTimeF64, FLOW.synAckFrame, FLOW.synAckTimeF64),
    ),
    synAckToAckMs: milliseconds('From the SYN+ACK to the ACK of it', (flow) =>
      between(flow, FLOW.synAckFrame, FLOW.synAckTimeF64, FLOW.ackFrame, FLOW.ackTimeF64),
    ),
    totalMs: milliseconds(
      'From the last SYN to the ACK that completed the handshake, or to the RST that ended it',
      openingTime,
    ),
    synRetransmissions: count('How often the SYN was sent again', FLOW.synRetransmissions),
    synAckRetransmissions: count('How often the SYN+ACK was sent again', FLOW.synAckRetransmissions),
    synAckRetransmissionsAfterAck: orNull(
      integer(
        'How often the SYN+ACK was sent again although the ACK of it had been captured: it was lost behind the tap, or the server threw it away (a full accept queue)',
        (flow) => (flow.word(FLOW.ackFrame) === 0 ? Number.NaN : flow.context.timing.synAcksAfterAck(flow.row)),
      ),
    ),
    simultaneousOpen: boolean('Both ends sent a SYN before they saw the other one', (flow) =>
      bit(flow, FLOW_BITS.simultaneousOpen),
    ),
    fastOpen: boolean('TCP Fast Open was used (RFC 7413)', (flow) => bit(flow, FLOW_BITS.fastOpen)),
    dataInSyn: count('Octets of payload in the SYN', FLOW.dataInSyn),
  }),
  close: object('Close', 'How the connection was closed', {
    pattern: word('The way of closing, fixed at the second FIN or the RST', CLOSE_PATTERNS, (flow) =>
      flow.word(FLOW.pattern),
    ),
    initiator: orNull(word('Who sent the first FIN, or the RST of an abort; null while open', SIDES, closeInitiator)),
    firstFinFrame: frame('The first FIN', FLOW.firstFinFrame),
    secondFinFrame: frame("The other end's FIN", FLOW.secondFinFrame),
    lastAckFrame: frame('The last ACK of a FIN', FLOW.lastAckFrame),
    resetFrame: frame('The RST that closed the connection', FLOW.resetFrame),
    reset: objectOrNull('Reset', 'The RST that closed the connection: who sent it, and as what', hasReset, {
      by: word('Who sent it', SIDES, (flow) => (flow.word(FLOW.reset) >> RESET_PACK.side) & 1),
      form: word(
        'A socket killed, no socket for a segment, or no socket for a SYN',
        RESET_FORMS,
        (flow) => flow.word(FLOW.reset) & RESET_PACK.formMask,
      ),
      state: orNull(
        word("The sender's state before it", STATES, (flow) => (flow.word(FLOW.reset) >> RESET_PACK.state) & 15),
      ),
      stage: word(
        'How far the connection was',
        RESET_STAGES,
        (flow) => (flow.word(FLOW.reset) >> RESET_PACK.stage) & 3,
      ),
      cause: orNull(
        word('Why: one code, which `lastack explain` describes', RESET_CAUSES, (flow) =>
          CAUSES.indexOf(flow.judgement.cause),
        ),
      ),
      confidence: orNull(word('How sure the cause is', CONFIDENCES, (flow) => confidenceOf(flow))),
    }),
    finWithData: boolean("The first FIN's segment carried payload", (flow) => bit(flow, FLOW_BITS.finWithData)),
    halfCloseMs: milliseconds('From the first FIN to the second', (flow) =>
      between(flow, FLOW.firstFinFrame, FLOW.firstFinTimeF64, FLOW.secondFinFrame, FLOW.secondFinTimeF64),
    ),
    closeMs: milliseconds('From the first FIN to the last ACK of a FIN; null after a reset', closeTime),
    timeWait: objectOrNull('TimeWait', 'Who holds TIME_WAIT, and how long', holdsTimeWait, {
      side: word(
        'The end that waits',
        TIME_WAIT_SIDES,
        (flow) => (flow.bits() & TIME_WAIT) / FLOW_BITS.timeWaitClient - 1,
      ),
      since: moment('When the wait began', FLOW.timeWaitF64),
      until: time(
        'since + 2 MSL (--msl)',
        (flow) => flow.double(FLOW.timeWaitF64) + 2 * flow.context.msl * NANOSECONDS,
      ),
    }),
  }),
  states: object('States', 'Every state each endpoint went through, as far as the capture shows it', {
    client: states('The states of the client, in order', CLIENT),
    server: states('The states of the server, in order', SERVER),
  }),
  completeness: integer(
    "Bits of Wireshark's tcp.completeness: 1 SYN, 2 SYN+ACK, 4 ACK, 8 data, 16 FIN, 32 RST",
    (flow) => flow.word(FLOW.completeness) & 0x3f,
  ),
  connState: word(
    "Zeek's conn_state; as in Zeek, who is the originator may be guessed otherwise than `client`",
    CONN_STATES,
    (flow) => connStateOf(flow.context.history, flow.context.rows, flow.row),
  ),
  history: ascii("Zeek's history: a letter for each kind of segment, the originator's in upper case", (flow, out) =>
    out.ascii(historyOf(flow.context.history, flow.context.rows, flow.row)),
  ),
  fromClient: direction('What the client sent', FLOW.client),
  fromServer: direction('What the server sent', FLOW.server),
  findings: json(
    'What is remarkable about the flow, the gravest first; `lastack explain CODE` tells what a code means',
    { type: 'readonly Finding[]', from: '../findings/finding.ts', name: 'Finding' },
    FINDINGS_SCHEMA,
    (flow) => flow.judgement.findings,
    (flow, out) => writeFindings(out, flow.judgement.findings),
    (flow) => flow.judgement.findings.map((finding) => finding.code).join(' '),
  ),
  communityId: ascii('Community ID, version 1, seed 0', writeCommunityId),
};

const NANOSECONDS = 1e9;

function confidenceOf(flow: FlowCursor): number {
  const { confidence } = flow.judgement;
  return confidence === null ? -1 : CONFIDENCES.indexOf(confidence);
}
const CAUSES: readonly (string | null)[] = RESET_CAUSES;
const TIME_WAIT = FLOW_BITS.timeWaitClient | FLOW_BITS.timeWaitServer;

function endpoint(doc: string, side: number): Field<FlowCursor> {
  return object('Endpoint', doc, {
    address: ascii('IPv4 address, or IPv6 address as in RFC 5952', (flow, out) => writeAddress(flow, side, out)),
    port: integer('TCP port', (flow) => portOf(flow, side)),
  });
}

/** A word of the row. */
function count(doc: string, field: number): Field<FlowCursor> {
  return { ...integer<FlowCursor>(doc, (flow) => flow.word(field)), place: { in: 'words', at: field } };
}

/** A double of the row that counts octets. */
function octetsIn(doc: string, field: number): Field<FlowCursor> {
  return { ...integer<FlowCursor>(doc, (flow) => flow.double(field)), place: { in: 'doubles', at: field } };
}

/** A double of the row that is a time. */
function moment(doc: string, field: number): Field<FlowCursor> {
  return { ...time<FlowCursor>(doc, (flow) => flow.double(field)), place: { in: 'doubles', at: field } };
}

/** A frame number of the row, where 0 says that there is none. */
function frame(doc: string, field: number): Field<FlowCursor> {
  return {
    ...orNull(integer<FlowCursor>(`${doc}: its frame`, (flow) => flow.word(field) || Number.NaN)),
    place: { in: 'words', at: field, unlessZero: true },
  };
}

function bit(flow: FlowCursor, mask: number): number {
  return (flow.bits() & mask) !== 0 ? 1 : 0;
}

/** Nanoseconds between two moments of the row, whose times are valid when their frames are known. */
function between(flow: FlowCursor, fromFrame: number, from: number, toFrame: number, to: number): number {
  if (flow.word(fromFrame) === 0 || flow.word(toFrame) === 0) return Number.NaN;
  if (flow.context.clock.spans(flow.word(fromFrame), flow.word(toFrame))) return Number.NaN;
  return flow.double(to) - flow.double(from);
}

/** How long the flow lasts, in nanoseconds. */
export function duration(flow: FlowCursor): number {
  return flow.double(FLOW.lastTimeF64) - flow.double(FLOW.firstTimeF64);
}

function longestIdle(flow: FlowCursor): number {
  const segments = flow.word(FLOW.client + END.packets) + flow.word(FLOW.server + END.packets);
  return segments < 2 || flow.isTimeVoid ? Number.NaN : flow.double(FLOW.longestSilenceF64);
}

function firstPayload(flow: FlowCursor, side: number): number {
  if (bit(flow, FLOW_BITS.midstream) !== 0 || flow.isTimeVoid) return Number.NaN;
  return flow.context.timing.firstPayload(flow.row, side) - flow.double(FLOW.firstTimeF64);
}

/** From the last SYN to the ACK that completed the handshake, in nanoseconds; NaN when either was not captured. */
export function handshakeTime(flow: FlowCursor): number {
  return between(flow, FLOW.synFrame, FLOW.lastSynTimeF64, FLOW.ackFrame, FLOW.ackTimeF64);
}

/**
 * How long the opening took, whatever came of it: as `handshakeTime`, or to the RST that refused or aborted it. Where the
 * SYN+ACK was not captured, the first ACK shows that there was one.
 */
function openingTime(flow: FlowCursor): number {
  const time = handshakeTime(flow);
  if (!Number.isNaN(time)) return time;
  const bits = flow.word(FLOW.bits);
  if ((bits & (FLOW_BITS.refused | FLOW_BITS.aborted)) !== 0) {
    const refusal = between(flow, FLOW.synFrame, FLOW.lastSynTimeF64, FLOW.resetFrame, FLOW.resetTimeF64);
    // A client that goes on asking after the RST has moved the last SYN past it.
    if (!(refusal < 0)) return refusal;
  } else if ((bits & (FLOW_BITS.synSeen | FLOW_BITS.synAckSeen)) !== FLOW_BITS.synSeen) return Number.NaN;
  if (flow.isTimeVoid) return Number.NaN;
  const { i32, f64 } = flow.context.rows;
  return roundTripOfOpening(i32, f64, flow.row) || Number.NaN;
}

/** The side that began to close; -1 while the flow is open. */
export function closeInitiator(flow: FlowCursor): number {
  if (flow.word(FLOW.firstFinFrame) !== 0) return bit(flow, FLOW_BITS.serverFinFirst);
  return hasReset(flow) ? (flow.word(FLOW.reset) >> RESET_PACK.side) & 1 : -1;
}

/** Whether a RST closed the flow, or answered its SYN. */
export function hasReset(flow: FlowCursor): boolean {
  const mask = FLOW_BITS.reset | FLOW_BITS.refused | FLOW_BITS.aborted;
  return (flow.bits() & mask) !== 0 && flow.word(FLOW.resetFrame) !== 0;
}

function closeTime(flow: FlowCursor): number {
  if (flow.word(FLOW.pattern) === PATTERN.resetAfterFin) return Number.NaN;
  return between(flow, FLOW.firstFinFrame, FLOW.firstFinTimeF64, FLOW.lastAckFrame, FLOW.lastAckTimeF64);
}

function holdsTimeWait(flow: FlowCursor): boolean {
  return (flow.bits() & TIME_WAIT) !== 0;
}

function nextLayer(flow: FlowCursor, after: number): number {
  if (after < 0) flow.layers = flow.context.layerNames(flow.word(FLOW.layers));
  return after + 1 < flow.layers.length ? after + 1 : -1;
}

function enterItem(flow: FlowCursor, item: number): void {
  flow.item = item;
}

function states(doc: string, side: number): Field<FlowCursor> {
  return list(
    doc,
    (flow, after) => nextState(flow, side, after),
    enterItem,
    object('StateEntry', 'A state and the segment that made the endpoint enter it', {
      state: word("netstat's name of the state", STATES, (flow) => flow.word(flow.item + LOG.what) & 15),
      frame: orNull(
        integer(
          'Frame of the segment; null before the capture shows',
          (flow) => flow.word(flow.item + LOG.frame) || Number.NaN,
        ),
      ),
      at: orNull(
        time('Time of the segment', (flow) =>
          flow.word(flow.item + LOG.frame) === 0 ? Number.NaN : flow.double(flow.item / 2 + LOG.timeF64),
        ),
      ),
    }),
    'state',
  );
}

/** The names of the states that a side went through. */
export function stateNames(flow: FlowCursor, side: number): readonly string[] {
  const names: string[] = [];
  for (let at = nextState(flow, side, -1); at >= 0; at = nextState(flow, side, at)) {
    names.push(STATES[flow.word(at + LOG.what) & 15] ?? '?');
  }
  return names;
}

/** The next entry of a side in the state log, as an offset from the row's start. */
function nextState(flow: FlowCursor, side: number, after: number): number {
  const end = FLOW.log + flow.word(FLOW.logCount) * LOG.words;
  for (let at = after < 0 ? FLOW.log : after + LOG.words; at < end; at += LOG.words) {
    const what = flow.word(at + LOG.what);
    if (what >> 4 === side && (what & 15) !== STATE.unknown) return at;
  }
  return -1;
}

/** What one end sent; `end` is `FLOW.client` or `FLOW.server`. */
function direction(doc: string, end: number): Field<FlowCursor> {
  const half = end / 2;
  const side = end === FLOW.client ? CLIENT : SERVER;
  const other = end === FLOW.client ? FLOW.server : FLOW.client;
  const answered = (flow: FlowCursor): boolean => flow.word(other + END.packets) > 0 && !flow.isTimeVoid;
  const known = (flow: FlowCursor, mask: number): boolean => (flow.word(end + END.bits) & mask) !== 0;
  const ofSyn = (flow: FlowCursor, mask: number): number =>
    known(flow, END_BITS.synSent) ? (known(flow, mask) ? 1 : 0) : Number.NaN;
  const window = (flow: FlowCursor, field: number): number =>
    known(flow, END_BITS.windowKnown) ? flow.word(end + field) >>> 0 : Number.NaN;
  const samples = (flow: FlowCursor): number => flow.word(end + END.rttSamples);
  const roundTrip = (flow: FlowCursor, field: number): number =>
    samples(flow) === 0 || flow.isTimeVoid ? Number.NaN : flow.double(half + field);
  return object('Direction', doc, {
    packets: count('Segments', end + END.packets),
    bytes: octetsIn('Octets of payload as sent, repeats included', half + END.bytesF64),
    ipBytes: octetsIn('Octets of IP packets, headers included', half + END.ipBytesF64),
    uniqueBytes: octetsIn('Octets of payload without repeats', half + END.uniqueBytesF64),
    retransmittedSegments: count("Data and FINs sent again, in lastack's judgement", end + END.retransmittedSegments),
    retransmittedBytes: octetsIn('Octets of payload in them', half + END.retransmittedBytesF64),
    firstPayloadMs: milliseconds(
      "From the flow's start to this end's first payload; null when there is none, or the start was not captured",
      (flow) => firstPayload(flow, side),
    ),
    timeouts: orNull(
      integer(
        'Segments sent again by a timer (retransmission timeout or tail loss probe), as far as the capture can tell; null when it holds nothing of the other end, or its clock was set meanwhile',
        (flow) => (answered(flow) ? flow.context.timing.timeouts(flow.row, side) : Number.NaN),
      ),
    ),
    timeoutsInARow: orNull(
      integer(
        'The most timeouts of the same octets, one after the other: back-off doubles the wait each time',
        (flow) => (answered(flow) ? flow.context.timing.timeoutsInARow(flow.row, side) : Number.NaN),
      ),
    ),
    longestTimeoutMs: milliseconds('The longest of these waits; null when there was none', (flow) =>
      answered(flow) ? flow.context.timing.longestTimeout(flow.row, side) : Number.NaN,
    ),
    delayedAcks: orNull(
      integer(
        'Pure ACKs that came 35 to 510 ms later than the fastest, with nothing else to acknowledge: consistent with a delayed-ACK timer; null when none was timed',
        (flow) =>
          flow.word(other + END.rttSamples) === 0 || flow.isTimeVoid
            ? Number.NaN
            : flow.context.timing.delayedAcks(flow.row, side),
      ),
    ),
    isn: orNull(
      integer('Initial sequence number', (flow) =>
        known(flow, END_BITS.isnKnown) ? flow.word(end + END.isn) >>> 0 : Number.NaN,
      ),
    ),
    mss: orNull(integer('Maximum segment size it announced', (flow) => option(flow, end, END.mss))),
    windowScale: orNull(integer('Window scale shift it announced', (flow) => option(flow, end, END.windowScale))),
    sackPermitted: orNull(boolean('Its SYN permitted SACK', (flow) => ofSyn(flow, END_BITS.sackPermitted))),
    timestamps: orNull(boolean('Its SYN carried timestamps', (flow) => ofSyn(flow, END_BITS.timestamps))),
    minWindow: orNull(integer('Smallest window it announced, scaled', (flow) => window(flow, END.minWindow))),
    maxWindow: orNull(integer('Largest window it announced, scaled', (flow) => window(flow, END.maxWindow))),
    rtt: object(
      'RoundTrips',
      "Round-trip times of its segments: from a segment to its acknowledgment, at the place of capture; null when the capture's clock was set while the flow went on",
      {
        samples: count('How many were measured', end + END.rttSamples),
        minMs: milliseconds('The shortest', (flow) => roundTrip(flow, END.rttMinF64)),
        meanMs: milliseconds('Their mean', (flow) => Math.round(roundTrip(flow, END.rttSumF64) / samples(flow))),
        maxMs: milliseconds('The longest', (flow) => roundTrip(flow, END.rttMaxF64)),
        p50Ms: milliseconds('Their median: exact up to 64 samples, then within 2%', (flow) =>
          percentile(flow, end, 0.5),
        ),
        p99Ms: milliseconds('Their 99th percentile, as exact', (flow) => percentile(flow, end, 0.99)),
      },
    ),
    events: {
      ...object('EventCounts', 'How often each event of the timeline occurred', eventCounts(end)),
      next: (flow, after) => nextEvent(flow, end, after),
    },
  });
}

function percentile(flow: FlowCursor, end: number, part: number): number {
  if (flow.isTimeVoid) return Number.NaN;
  return flow.context.roundTrips.percentile(flow.i32, flow.f64, flow.row + end, part);
}

/** A field for each event, absent where it never occurred. */
function eventCounts(end: number): Fields<FlowCursor> {
  const fields: Record<string, Field<FlowCursor>> = {};
  EVENT_NAMES.forEach((name, event) => {
    fields[name] = optional(integer(`How often ${name} occurred`, (flow) => eventCount(flow, end, event)));
  });
  return fields;
}

function eventCount(flow: FlowCursor, end: number, event: number): number {
  const counts = flow.word(end + END.eventCounts);
  return counts === 0 ? Number.NaN : flow.context.eventCounts.of(counts - 1, event) || Number.NaN;
}

function nextEvent(flow: FlowCursor, end: number, after: number): number {
  const counts = flow.word(end + END.eventCounts);
  return counts === 0 ? -1 : flow.context.eventCounts.next(counts - 1, after);
}

/** An option of the SYN, where -1 says that it was absent and a SYN not captured says nothing. */
function option(flow: FlowCursor, end: number, field: number): number {
  if ((flow.word(end + END.bits) & END_BITS.synSent) === 0) return Number.NaN;
  const value = flow.word(end + field);
  return value < 0 ? Number.NaN : value;
}
