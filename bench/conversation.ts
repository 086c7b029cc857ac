import { ACK, FIN, OPTIONS, type OutgoingSegment, PSH, RST, SYN } from './frame.ts';
import type { Random } from './random.ts';
import { countFlow, type Truth } from './truth.ts';

const CLIENT = 0;
const SERVER = 1;
type Side = typeof CLIENT | typeof SERVER;

/** How a step of a plan takes its sequence and acknowledgment numbers. */
const FRESH = 0;
/** The side's last segment is sent again. */
const AGAIN = 1;
/** Sent before the other side's last segment arrived: acknowledges what the side's last segment did. */
const CROSSED = 2;

const STEP_FIELDS = 4;
const MAX_STEPS = 64;
const FULL_SEGMENT = 1448;

/** Where a connection runs, and when it begins. */
export interface Place {
  client: number;
  clientPort: number;
  server: number;
  serverPort: number;
}

/**
 * One short connection: planned as a whole when it begins, then written a segment at a time, in turns with the others.
 *
 * The object is reused for the next connection.
 */
export class Conversation {
  readonly place: Place = { client: 0, clientPort: 0, server: 0, serverPort: 0 };
  readonly #random: Random;
  /** Steps of STEP_FIELDS numbers: flags with the side in bit 8, payload octets, microseconds since the last step, how. */
  readonly #plan = new Int32Array(MAX_STEPS * STEP_FIELDS);
  #steps = 0;
  #step = 0;
  /** The next sequence number of each side, that of its last segment, and the acknowledgment in it. */
  readonly #next = new Int32Array(2);
  readonly #last = new Int32Array(2);
  readonly #lastAck = new Int32Array(2);
  readonly #tsVal = new Int32Array(2);
  readonly #clock = new Int32Array(2);
  readonly #ipId = new Int32Array(2);

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * Plans a new connection at `place`.
   *
   * @param mayStayOpen whether nobody will use the same addresses and ports again
   */
  begin(microseconds: number, mayStayOpen: boolean, truth: Truth): void {
    const random = this.#random;
    this.#steps = 0;
    this.#step = 0;
    // RFC 6528: a clock and a number that depends on the four addresses, so that a port's next ISN is a later one.
    const place = Math.imul(this.place.client ^ (this.place.clientPort << 8), 0x9e3779b1) ^ this.place.server;
    const ticks = (microseconds * 16) | 0;
    this.#next[CLIENT] = (place + ticks) | 0;
    this.#next[SERVER] = (Math.imul(place, 0x85ebca6b) + ticks) | 0;
    this.#clock[CLIENT] = Math.imul(this.place.client, 0x27d4eb2f);
    this.#clock[SERVER] = Math.imul(this.place.server, 0x27d4eb2f);
    this.#ipId[CLIENT] = random.below(65_536);
    this.#ipId[SERVER] = random.below(65_536);
    const roundTrip = random.between(1_000, 30_000);
    this.#add(CLIENT, SYN, 0, 0);
    const draw = random.below(1000);
    if (draw < 4) this.#stayUnanswered(truth);
    else if (draw < 9) this.#beRefused(roundTrip, truth);
    else this.#complete(roundTrip, mayStayOpen, truth);
  }

  /** Microseconds until the next segment; -1 when the connection is over. */
  delay(): number {
    return this.#step < this.#steps ? this.#plan[this.#step * STEP_FIELDS + 2]! : -1;
  }

  /** Fills in the next segment, at the time that `delay` led to. */
  fill(microseconds: number, segment: OutgoingSegment): void {
    const at = this.#step++ * STEP_FIELDS;
    const side = (this.#plan[at]! >> 8) as Side;
    const other = (1 - side) as Side;
    const flags = this.#plan[at]! & 0xff;
    const payload = this.#plan[at + 1]!;
    const how = this.#plan[at + 3]!;
    const place = this.place;
    segment.source = side === CLIENT ? place.client : place.server;
    segment.destination = side === CLIENT ? place.server : place.client;
    segment.sourcePort = side === CLIENT ? place.clientPort : place.serverPort;
    segment.destinationPort = side === CLIENT ? place.serverPort : place.clientPort;
    segment.towardsServer = other;
    segment.seq = how === AGAIN ? this.#last[side]! : this.#next[side]!;
    segment.ack = flags & ACK ? (how === CROSSED ? this.#lastAck[side]! : this.#next[other]!) : 0;
    segment.flags = flags;
    segment.payloadLength = payload;
    segment.options = flags & SYN ? OPTIONS.opening : flags & RST ? OPTIONS.none : OPTIONS.timestamps;
    segment.window = flags & SYN ? 64_240 : flags & RST ? 0 : 501 + side;
    segment.tsVal = (this.#clock[side]! + microseconds / 1000) | 0;
    segment.tsEcr = flags & ACK ? this.#tsVal[other]! : 0;
    segment.ipId = (flags & (SYN | ACK)) === (SYN | ACK) ? 0 : this.#ipId[side]! & 0xffff;
    this.#ipId[side]!++;
    this.#tsVal[side] = segment.tsVal;
    this.#last[side] = segment.seq;
    this.#lastAck[side] = segment.ack;
    if (how !== AGAIN) this.#next[side] = (segment.seq + payload + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)) | 0;
  }

  #add(side: Side, flags: number, payload: number, delay: number, how: number = FRESH): void {
    const at = this.#steps++ * STEP_FIELDS;
    this.#plan[at] = (side << 8) | flags;
    this.#plan[at + 1] = payload;
    this.#plan[at + 2] = delay;
    this.#plan[at + 3] = how;
  }

  #stayUnanswered(truth: Truth): void {
    this.#add(CLIENT, SYN, 0, 1_000_000, AGAIN);
    this.#add(CLIENT, SYN, 0, 2_000_000, AGAIN);
    countFlow(truth, 'unanswered', 'open');
  }

  #beRefused(roundTrip: number, truth: Truth): void {
    this.#add(SERVER, RST | ACK, 0, roundTrip);
    countFlow(truth, 'refused', 'refused');
  }

  #complete(roundTrip: number, mayStayOpen: boolean, truth: Truth): void {
    const random = this.#random;
    if (random.chance(0.005)) this.#add(CLIENT, SYN, 0, 1_000_000, AGAIN);
    this.#add(SERVER, SYN | ACK, 0, roundTrip);
    this.#add(CLIENT, ACK, 0, random.between(20, 120));
    this.#exchange(roundTrip);
    if (random.chance(0.12)) this.#exchange(roundTrip);
    countFlow(truth, 'complete', this.#close(roundTrip, mayStayOpen));
  }

  /** A request and its answer, as seen at the client: the server's segments come a round trip later. */
  #exchange(roundTrip: number): void {
    const random = this.#random;
    const request = random.between(80, 900);
    this.#add(CLIENT, PSH | ACK, request, random.between(100, 2_000));
    if (random.chance(0.02)) this.#add(CLIENT, PSH | ACK, request, 210_000 + roundTrip, AGAIN);
    const acknowledgedAlone = random.chance(0.3);
    if (acknowledgedAlone) this.#add(SERVER, ACK, 0, roundTrip);
    const segments = this.#answerSegments();
    for (let i = 1; i < segments; i++) {
      this.#add(SERVER, ACK, FULL_SEGMENT, i > 1 ? random.between(12, 40) : (acknowledgedAlone ? 0 : roundTrip) + 300);
      if (i % 2 === 0) this.#add(CLIENT, ACK, 0, random.between(10, 30));
    }
    const last = random.between(120, FULL_SEGMENT);
    this.#add(
      SERVER,
      PSH | ACK,
      last,
      segments > 1 ? random.between(12, 40) : (acknowledgedAlone ? 0 : roundTrip) + random.between(200, 20_000),
    );
    this.#add(CLIENT, ACK, 0, random.between(10, 60));
    if (!random.chance(0.01)) return;
    // The acknowledgment was lost behind the tap.
    this.#add(SERVER, PSH | ACK, last, 220_000 + roundTrip, AGAIN);
    this.#add(CLIENT, ACK, 0, random.between(10, 60));
  }

  #answerSegments(): number {
    const draw = this.#random.below(100);
    if (draw < 64) return 1;
    if (draw < 84) return 2;
    return draw < 95 ? this.#random.between(3, 4) : this.#random.between(5, 10);
  }

  /** Ends the connection; answers the `close.pattern`. */
  #close(roundTrip: number, mayStayOpen: boolean): string {
    const random = this.#random;
    const draw = random.below(1000);
    const pause = random.between(100, 5_000);
    if (draw < 25) {
      this.#add(CLIENT, RST | ACK, 0, pause);
      return 'reset';
    }
    if (draw < 40) {
      this.#add(CLIENT, FIN | ACK, 0, pause);
      this.#add(SERVER, PSH | ACK, 500, roundTrip);
      this.#add(CLIENT, RST, 0, 15);
      return 'reset-after-fin';
    }
    if (draw < 44) {
      this.#add(CLIENT, FIN | ACK, 0, pause);
      this.#add(SERVER, FIN | ACK, 0, roundTrip >> 1, CROSSED);
      this.#add(CLIENT, ACK, 0, 15);
      this.#add(SERVER, ACK, 0, roundTrip >> 1);
      return 'simultaneous';
    }
    if (draw < 52 && mayStayOpen) return 'open';
    const first: Side = random.chance(0.6) ? CLIENT : SERVER;
    const second = (1 - first) as Side;
    this.#add(first, FIN | ACK, 0, pause);
    const answer = first === CLIENT ? roundTrip : random.between(20, 80);
    if (random.chance(0.55)) {
      this.#add(second, FIN | ACK, 0, answer);
      this.#add(first, ACK, 0, roundTrip + 40 - answer);
      return 'three-way';
    }
    this.#add(second, ACK, 0, answer);
    this.#add(second, FIN | ACK, 0, random.between(50, 3_000));
    this.#add(first, ACK, 0, roundTrip + 40 - answer);
    return 'four-way';
  }
}
