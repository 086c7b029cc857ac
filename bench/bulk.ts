import { ACK, FIN, OPTIONS, OutgoingSegment, PSH, SYN, writeFrame } from './frame.ts';
import { PcapFile } from './pcap-file.ts';
import { Random } from './random.ts';
import { countFlow, noTruth, type Truth } from './truth.ts';

const FLOWS = 4;
const FULL_SEGMENT = 1448;
/** Segments in flight at most: 370 kB. */
const WINDOW = 256;
/** Microseconds between two segments of a flow: 1 Gbit/s. */
const PACE = 12;
const TRANSFER = 3;
const RETRANSMISSION_TIMEOUT = 250_000;
/** Shares of the segments that are lost before and behind the tap. */
const LOST_BEFORE = 0.0005;
const LOST_BEHIND = 0.003;
/** Numbers of an entry of a Pipe: an index, and for an ACK how many SACK blocks and their edges. */
const ENTRY = 8;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * Writes `segments` full-size data segments in a few lossy flows, captured near the sender and not snapped: duplicate
 * ACKs with SACK blocks, fast retransmissions, timeouts, a few gaps, sequence numbers that wrap.
 */
export function writeBulk(path: string, segments: number, seed: number): Truth {
  const random = new Random(seed);
  const truth = noTruth();
  const file = new PcapFile(path, 262_144);
  const share = Math.max(1, Math.floor(segments / FLOWS));
  const transfers = Array.from({ length: FLOWS }, (_, i) => new Transfer(random, file, i, share));
  for (;;) {
    let first = transfers[0]!;
    for (const transfer of transfers) if (transfer.nextAt < first.nextAt) first = transfer;
    if (first.nextAt === NEVER) break;
    first.advance();
  }
  for (let i = 0; i < FLOWS; i++) countFlow(truth, 'complete', 'three-way');
  file.close();
  truth.records = file.records;
  return truth;
}

/** What is under way in one direction, as a few numbers each; what is sent first arrives first. */
class Pipe {
  readonly values: Int32Array = new Int32Array(4 * WINDOW * ENTRY);
  readonly #times = new Float64Array(4 * WINDOW);
  #head = 0;
  #tail = 0;

  /** When the next one arrives. */
  get nextAt(): number {
    return this.#head === this.#tail ? NEVER : this.#times[this.#head % this.#times.length]!;
  }

  /** Sends one that arrives at `time`; answers where in `values` its ENTRY numbers go. */
  push(time: number): number {
    if (this.#tail - this.#head === this.#times.length) throw new Error('more under way than a window allows');
    const slot = this.#tail++ % this.#times.length;
    this.#times[slot] = time;
    return slot * ENTRY;
  }

  /** Takes the next one out; answers where in `values` its numbers are. */
  shift(): number {
    return (this.#head++ % this.#times.length) * ENTRY;
  }
}

/** One flow: a sender that repairs losses by duplicate ACKs or a timeout, a path, and a receiver that sends SACK. */
class Transfer {
  /** When the next thing happens, in microseconds since the capture's start. */
  nextAt: number;
  readonly #random: Random;
  readonly #file: PcapFile;
  readonly #segment = new OutgoingSegment();
  readonly #client: number;
  readonly #isn: number;
  readonly #serverIsn: number;
  readonly #delay: number;
  readonly #total: number;
  readonly #data = new Pipe();
  readonly #acks = new Pipe();
  /** Segments that arrived ahead of a gap; a ring of two windows. */
  readonly #arrived = new Uint8Array(2 * WINDOW);
  #unacknowledged = 0;
  #next = 0;
  #expected = 0;
  #latest = 0;
  #sinceAck = 0;
  #duplicates = 0;
  #recoverUntil = -1;
  #sendAt = 0;
  /** 0 to 2 open the flow, TRANSFER lasts, what is past it closes. */
  #stage = 0;
  #timeoutAt = NEVER;
  #clientIds = 1;
  #serverIds = 20_000;

  constructor(random: Random, file: PcapFile, number: number, total: number) {
    this.#random = random;
    this.#file = file;
    this.#client = number;
    this.#total = total;
    // The first flow's sequence numbers wrap half-way, the others' where chance wants it.
    this.#isn = number === 0 ? -(total >> 1) * FULL_SEGMENT : random.next();
    this.#serverIsn = random.next();
    this.#delay = random.between(2_000, 6_000);
    this.nextAt = number * 1_000;
  }

  /** Does what is due at `nextAt`. */
  advance(): void {
    if (this.#stage === TRANSFER) this.#transfer(this.nextAt);
    else this.#openOrClose(this.nextAt);
  }

  #openOrClose(now: number): void {
    const end = 1 + this.#total * FULL_SEGMENT;
    this.#segment.sackCount = 0;
    switch (this.#stage++) {
      case 0:
        this.#write(now, 1, SYN, 0, 0, 0);
        this.nextAt = now + 2 * this.#delay;
        break;
      case 1:
        this.#write(now, 0, SYN | ACK, 0, 1, 0);
        this.nextAt = now + 30;
        break;
      case 2:
        this.#write(now, 1, ACK, 1, 1, 0);
        this.nextAt = now + 100;
        break;
      case 4:
        this.#write(now, 1, FIN | ACK, end, 1, 0);
        this.nextAt = now + 2 * this.#delay;
        break;
      case 5:
        this.#write(now, 0, FIN | ACK, 1, end + 1, 0);
        this.nextAt = now + 30;
        break;
      default:
        this.#write(now, 1, ACK, end + 1, 2, 0);
        this.nextAt = NEVER;
    }
  }

  #transfer(now: number): void {
    if (now === this.#acks.nextAt) this.#acknowledge(now, this.#acks.shift());
    else if (now === this.#data.nextAt) this.#receive(now, this.#data.values[this.#data.shift()]!);
    else if (now === this.#timeoutAt) this.#send(now, this.#unacknowledged);
    else {
      this.#send(now, this.#next++);
      this.#sendAt = now + PACE;
    }
    const open = this.#next < Math.min(this.#total, this.#unacknowledged + WINDOW);
    const sendAt = open ? Math.max(this.#sendAt, now) : NEVER;
    this.nextAt = Math.min(this.#acks.nextAt, this.#data.nextAt, this.#timeoutAt, sendAt);
    if (this.#unacknowledged < this.#total) return;
    this.#stage++;
    this.nextAt = now + 200;
  }

  #send(now: number, index: number): void {
    this.#timeoutAt = now + RETRANSMISSION_TIMEOUT;
    if (this.#random.chance(LOST_BEFORE)) return;
    const flags = index % 16 === 15 || index === this.#total - 1 ? PSH | ACK : ACK;
    this.#write(now, 1, flags, 1 + index * FULL_SEGMENT, 1, FULL_SEGMENT);
    if (!this.#random.chance(LOST_BEHIND)) this.#data.values[this.#data.push(now + this.#delay)] = index;
  }

  /** At the receiver: every second segment is acknowledged, and at once whatever is out of order or fills a gap. */
  #receive(now: number, index: number): void {
    const arrived = this.#arrived;
    const inOrder = index === this.#expected;
    const gapBehind = this.#latest > this.#expected;
    if (index >= this.#expected) arrived[index % arrived.length] = 1;
    this.#latest = Math.max(this.#latest, index + 1);
    while (arrived[this.#expected % arrived.length]) {
      arrived[this.#expected % arrived.length] = 0;
      this.#expected++;
    }
    this.#sinceAck++;
    if (inOrder && !gapBehind && this.#sinceAck < 2 && index !== this.#total - 1) return;
    this.#sinceAck = 0;
    this.#listBlocks(this.#acks.push(now + this.#delay));
  }

  /** Writes the receiver's ACK at `at` of the pipe: how far it got, and the three lowest blocks past that. */
  #listBlocks(at: number): void {
    const values = this.#acks.values;
    values[at] = this.#expected;
    let blocks = 0;
    let inBlock = false;
    for (let index = this.#expected; index < this.#latest; index++) {
      const present = this.#arrived[index % this.#arrived.length] === 1;
      if (present && !inBlock) {
        if (blocks === 3) break;
        values[at + 2 + 2 * blocks++] = index;
      }
      if (present) values[at + 1 + 2 * blocks] = index + 1;
      inBlock = present;
    }
    values[at + 1] = blocks;
  }

  /** The ACK at `at` of the pipe has come to the tap and the sender, which is next to it. */
  #acknowledge(now: number, at: number): void {
    const values = this.#acks.values;
    const expected = values[at]!;
    this.#segment.sackCount = values[at + 1]!;
    for (let i = 0; i < 2 * this.#segment.sackCount; i++) this.#segment.sack[i] = this.#seqOf(values[at + 2 + i]!);
    this.#write(now, 0, ACK, 1, 1 + expected * FULL_SEGMENT, 0);
    if (expected > this.#unacknowledged) {
      this.#unacknowledged = expected;
      this.#duplicates = 0;
      this.#timeoutAt = now + RETRANSMISSION_TIMEOUT;
      if (expected < this.#recoverUntil) this.#send(now, expected);
    } else if (++this.#duplicates === 3 && this.#recoverUntil <= this.#unacknowledged) {
      this.#recoverUntil = this.#next;
      this.#send(now, expected);
    }
  }

  #seqOf(index: number): number {
    return (this.#isn + 1 + index * FULL_SEGMENT) | 0;
  }

  /** @param seq relative to the sender's ISN @param ack relative to the other side's */
  #write(now: number, fromClient: number, flags: number, seq: number, ack: number, payloadLength: number): void {
    const segment = this.#segment;
    const client = 0x0a_01_00_0a + this.#client;
    const server = 0x0a_02_00_01;
    segment.source = fromClient ? client : server;
    segment.destination = fromClient ? server : client;
    segment.sourcePort = fromClient ? 40_000 + this.#client : 5_001;
    segment.destinationPort = fromClient ? 5_001 : 40_000 + this.#client;
    segment.towardsServer = fromClient;
    segment.seq = ((fromClient ? this.#isn : this.#serverIsn) + seq) | 0;
    segment.ack = ((fromClient ? this.#serverIsn : this.#isn) + ack) | 0;
    segment.flags = flags;
    segment.payloadLength = payloadLength;
    segment.options =
      flags & SYN ? OPTIONS.opening : !fromClient && segment.sackCount > 0 ? OPTIONS.sack : OPTIONS.timestamps;
    segment.window = flags & SYN ? 64_240 : 8_000;
    const milliseconds = Math.floor(now / 1000);
    segment.tsVal = (fromClient ? 7_000_000 : 9_000_000) + milliseconds;
    segment.tsEcr =
      flags === SYN ? 0 : (fromClient ? 9_000_000 : 7_000_000) + milliseconds - Math.ceil(this.#delay / 500);
    segment.ipId = (fromClient ? this.#clientIds++ : this.#serverIds++) & 0xffff;
    writeFrame(this.#file, now, segment, 'ipv4');
  }
}
