import { ENDPOINT_WORDS, ENDS, type Ends } from '../flow/endpoints.ts';
import { CLIENT, END, FLOW, FLOW_BITS, SERVER, type Side } from '../flow/rows.ts';
import { PATTERN, RESET_FORM, RESET_PACK } from '../tcp/patterns.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { Minutes } from './minutes.ts';

/** What a source tries, by the flags of its first segments. */
export const PROBE = { syn: 0, fin: 1, null: 2, xmas: 3, ack: 4 } as const;
export type Probe = (typeof PROBE)[keyof typeof PROBE];
/** How: many ports of one host, or one port of many hosts. */
export const PORTS = 0;
export const HOSTS = 8;

/** The period of `probes` and `ports`. */
export const MINUTE = 60e9;
/** That of `resets`: ten of these in a row are a second. */
export const TENTH = 1e8;
const WHOLE = Number.MAX_VALUE;
/** A SYN that waits less than this when it was seen last may still be answered. */
const PATIENCE = 3e9;
/** So long after the capture began an answer without a question is unsolicited. */
const LATE = 60e9;

/** What flows have in common: sources that try many targets, servers that reset many at once, ports that run out. */
export class Crowds {
  /** Failed attempts by source, and host or port, a minute. */
  readonly probes: Minutes = new Minutes(MINUTE);
  /** Flows by client and server's port, a minute: the targets are the client's ports. */
  readonly ports: Minutes = new Minutes(MINUTE);
  /** Connections that a server reset: in a tenth of a second, and in all. */
  readonly resets: Minutes = new Minutes(TENTH);
  readonly allResets: Minutes = new Minutes(WHOLE);
  /** Answers to questions that were not asked, by who sent them. */
  readonly unsolicited: Minutes = new Minutes(WHOLE);
  private readonly tracker: Tracker;
  /** Of the flow in question. */
  private readonly ends: Ends;

  /** @param ends of the flow that each call is about, read by the caller */
  constructor(tracker: Tracker, ends: Ends) {
    this.tracker = tracker;
    this.ends = ends;
  }

  /**
   * A flow is finished.
   *
   * @param start of the capture
   * @param now the time of the last record
   */
  take(row: number, start: number, now: number): void {
    const { i32, f64 } = this.tracker.rows;
    const bits = i32[row + FLOW.bits]!;
    if ((bits & FLOW_BITS.selfConnect) !== 0 || (bits & ENDED) === HALF_OPEN) return;
    const time = f64[row / 2 + FLOW.firstTimeF64]!;
    if ((bits & FLOW_BITS.synSeen) !== 0) this.takeAttempt(row, bits, time, now);
    else {
      if (time - start >= LATE) this.takeUnsolicited(row, bits, time);
      if ((bits & FLOW_BITS.midstream) !== 0) this.takeAckProbe(row, bits, time);
    }
    const pattern = i32[row + FLOW.pattern]!;
    if (pattern !== PATTERN.reset && pattern !== PATTERN.resetAfterFin) return;
    if (((i32[row + FLOW.reset]! >> RESET_PACK.side) & 1) !== SERVER) return;
    const frame = i32[row + FLOW.resetFrame]!;
    const number = i32[row + FLOW.number]!;
    this.resets.fail(0, this.ends, ENDS.server, ENDS.none, number, f64[row / 2 + FLOW.resetTimeF64]!, frame);
    this.allResets.fail(0, this.ends, ENDS.server, ENDS.none, number, 0, frame);
  }

  /** A segment with flags that no stack sends: it begins nothing, whatever its flow is. */
  takeProbe(probe: Probe, side: Side, time: number, frame: number): void {
    this.fail(probe, side, time, frame, true);
  }

  private takeAttempt(row: number, bits: number, time: number, now: number): void {
    const { i32, f64 } = this.tracker.rows;
    const frame = i32[row + FLOW.firstFrame]!;
    const answered = (bits & FLOW_BITS.synAckSeen) !== 0;
    if ((bits & (FLOW_BITS.refused | FLOW_BITS.aborted)) !== 0) {
      const byClient = ((i32[row + FLOW.reset]! >> RESET_PACK.side) & 1) === CLIENT;
      if (!answered || (byClient && (i32[row + FLOW.reset]! & RESET_PACK.formMask) === RESET_FORM.reply))
        this.fail(PROBE.syn, CLIENT, time, frame, true);
    } else if (!answered) {
      // A client that repeats its SYN wants that one service: it tries no hosts, but it may try ports.
      const patient = now - f64[row / 2 + FLOW.lastSynTimeF64]! >= PATIENCE;
      const alone = i32[row + FLOW.server + END.packets] === 0;
      if (patient && alone) this.fail(PROBE.syn, CLIENT, time, frame, i32[row + FLOW.synRetransmissions] === 0);
    } else if ((bits & FLOW_BITS.ackSeen) !== 0) {
      const { ends } = this;
      ends.choosePort(ends.serverPort);
      this.probes.fine(PROBE.syn + PORTS, ends, ENDS.client, ENDS.server, time);
      this.probes.fine(PROBE.syn + HOSTS, ends, ENDS.client, ENDS.port, time);
      this.ports.fail(0, ends, ENDS.client, ENDS.service, ends.clientPort, time, frame);
    }
  }

  private fail(probe: Probe, side: Side, time: number, frame: number, hosts: boolean): void {
    const { ends } = this;
    const source = side === CLIENT ? ENDS.client : ENDS.server;
    const target = side === CLIENT ? ENDS.server : ENDS.client;
    const port = side === CLIENT ? ends.serverPort : ends.clientPort;
    ends.choosePort(port);
    this.probes.fail(probe + PORTS, ends, source, target, port, time, frame);
    if (hosts) this.probes.fail(probe + HOSTS, ends, source, ENDS.port, addressNumber(ends, target), time, frame);
  }

  /** A SYN+ACK that nobody asked for, or a RST that answers a SYN that nobody sent. */
  private takeUnsolicited(row: number, bits: number, time: number): void {
    const { ends } = this;
    const { i32, f64 } = this.tracker.rows;
    const server = i32[row + FLOW.server + END.packets]!;
    const client = i32[row + FLOW.client + END.packets]!;
    const completeness = i32[row + FLOW.completeness]!;
    const segments = (completeness | (completeness >> 8)) & 0x3f;
    if (f64[(row + FLOW.server) / 2 + END.bytesF64]! > 0 || f64[(row + FLOW.client) / 2 + END.bytesF64]! > 0) return;
    const form = i32[row + FLOW.reset]! & 3;
    const isReset = (bits & FLOW_BITS.reset) !== 0;
    const by = (i32[row + FLOW.reset]! >> RESET_PACK.side) & 1;
    const frame = i32[row + FLOW.firstFrame]!;
    if ((bits & FLOW_BITS.synAckSeen) !== 0) {
      // Nothing but SYN+ACKs, and perhaps the RST of the host that did not ask.
      const alone = client === 0 ? (segments & ~2) === 0 : isReset && by === CLIENT && (segments & ~(2 | 32)) === 0;
      if (alone) this.unsolicited.fail(0, ends, ENDS.server, ENDS.none, addressNumber(ends, ENDS.client), time, frame);
    } else if (isReset && form === RESET_FORM.replyToSyn && (client === 0 || server === 0)) {
      const source = by === SERVER ? ENDS.server : ENDS.client;
      const target = by === SERVER ? ENDS.client : ENDS.server;
      this.unsolicited.fail(0, ends, source, ENDS.none, addressNumber(ends, target), time, frame);
    }
  }

  /** One bare ACK to a host that answers it with RST, and nothing else. */
  private takeAckProbe(row: number, bits: number, time: number): void {
    const { i32, f64 } = this.tracker.rows;
    if ((bits & FLOW_BITS.reset) === 0 || (i32[row + FLOW.reset]! & RESET_PACK.formMask) !== RESET_FORM.reply) return;
    const by = ((i32[row + FLOW.reset]! >> RESET_PACK.side) & 1) as Side;
    const side = (1 - by) as Side;
    const replier = row + (by === CLIENT ? FLOW.client : FLOW.server);
    const sender = row + (side === CLIENT ? FLOW.client : FLOW.server);
    if (i32[replier + END.packets] !== 1 || i32[sender + END.packets]! > 2) return;
    if (f64[sender / 2 + END.bytesF64]! > 0 || (i32[row + FLOW.completeness]! & 0x3f & ~(4 | 32)) !== 0) return;
    if (i32[row + FLOW.firstFrame] === i32[row + FLOW.resetFrame]) return;
    this.fail(PROBE.ack, side, time, i32[row + FLOW.firstFrame]!, true);
  }
}

/** A flow that was answered and came no further: it tells nothing here, and of a flood there are very many. */
const HALF_OPEN = FLOW_BITS.synSeen | FLOW_BITS.synAckSeen;
const ENDED =
  HALF_OPEN |
  FLOW_BITS.ackSeen |
  FLOW_BITS.midstream |
  FLOW_BITS.refused |
  FLOW_BITS.aborted |
  FLOW_BITS.reset |
  FLOW_BITS.closed;

/** A number for an address: IPv4's own. */
function addressNumber({ words }: Ends, place: number): number {
  const at = place * ENDPOINT_WORDS;
  return words[at + 1]! ^ words[at + 2]! ^ Math.imul(words[at + 3]!, 31) ^ Math.imul(words[at + 4]!, 17);
}
