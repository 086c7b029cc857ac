import { Places } from './places.ts';

/**
 * Flows are rows of one Int32Array, with a Float64Array over the same buffer. This file names where a row's fields lie;
 * they are read nowhere but in `flow/`, `tcp/` and, through its accessors, `record/`.
 *
 * Fields are 32-bit words counted from the start of a row and ordered by how often they are touched, in lines of 16
 * words (64 octets). A name that ends in `F64` is an index into the Float64Array: add it to half the row's start.
 */

export const CLIENT = 0;
export const SERVER = 1;
/** `CLIENT` or `SERVER`. */
export type Side = 0 | 1;

/** Words in a row: five lines of the flow's own, four for each endpoint, four of state log. */
export const ROW_WORDS = 272;
/** Words in a line of the processor's cache. */
const LINE = 16;
/**
 * Octets of a buffer that lie before the first row: one that is large begins 16 octets into a page (glibc), so that rows
 * begin where lines do.
 */
const LEAD = 48;

/** The first line is what every segment touches. */
export const FLOW = {
  /** Key: IPv4 addresses of the lower and the higher endpoint; for IPv6 two words of hash, the addresses are below. */
  keyLow: 0,
  keyHigh: 1,
  /** Lower endpoint's port in the upper half, the higher's in the lower. */
  ports: 2,
  split: 3,
  /** Bits of FLOW_BITS. */
  bits: 4,
  /** State of each endpoint, a number of tcp/machine.ts; server's directly after the client's. */
  state: 5,
  lastFrame: 7,
  lastTimeF64: 4,
  /** 1-based number of the flow. */
  number: 10,
  /** Wireshark's completeness bits; those of a first segment that is no SYN wait eight bits higher. */
  completeness: 11,
  /** 1 + how far each end's windows are shifted (RFC 7323 2.2), 0 while unknown; server's directly after the client's. */
  shift: 12,
  /** The longest time between two segments. */
  longestSilenceF64: 7,

  firstTimeF64: 8,
  /** When the flow closed for good, which starts its wait of 2 MSL. */
  closedTimeF64: 9,
  synFrame: 20,
  synAckFrame: 21,
  ackFrame: 22,
  synRetransmissions: 23,
  /** Time of the first SYN. */
  synTimeF64: 12,
  /** Time of the SYN that was sent last, and its frame: the one that a SYN+ACK answers. */
  lastSynTimeF64: 13,
  synAckTimeF64: 14,
  ackTimeF64: 15,

  lastSynFrame: 32,
  synAckRetransmissions: 33,
  dataInSyn: 34,
  firstFinFrame: 35,
  secondFinFrame: 36,
  lastAckFrame: 37,
  resetFrame: 38,
  /** Packed: form, stage, sender's side and state before it; see tcp/reset.ts. */
  reset: 39,
  firstFinTimeF64: 20,
  secondFinTimeF64: 21,
  lastAckTimeF64: 22,
  resetTimeF64: 23,

  /** IPv6 addresses of the lower and the higher endpoint, four words each. */
  addressLow: 48,
  addressHigh: 52,
  /** When TIME_WAIT began. */
  timeWaitF64: 28,
  /** Input and record number of the first segment (RecordView.file, .fileFrame). */
  firstFile: 58,
  firstFileFrame: 59,
  /** Entries of the state log. */
  logCount: 60,
  /** The frame that first acknowledged the first FIN. */
  finAckFrame: 61,
  /** A close pattern's number (tcp/patterns.ts), fixed at the second FIN or the RST. */
  pattern: 62,
  /** States of both ends before the reset: client's in bits 0-3, server's in 4-7. */
  beforeReset: 63,

  /** Rows before and after it on the list that it is on (closed flows, or free rows), or -1. */
  previous: 64,
  next: 65,
  hash: 66,
  /** What tcp/history/history.ts keeps: Zeek's states and bits, letters seen and how many, letters, 1 + number of its extras. */
  history: 67,
  historySeen: 68,
  historyLetters: 69,
  historyExtra: 72,
  /** 1 + the number of its values in tcp/timing.ts, or 0. */
  timing: 71,
  /** Where Zeek counts each end's sequence numbers from; server's directly after the client's. */
  historyStart: 73,
  /** What tcp/evidence/evidence.ts keeps of the flow, or 0. */
  evidence: 75,
  /** When Zeek forgets the connection, 0 while it has no reason to. */
  historyUntilF64: 38,
  firstFrame: 78,
  layers: 79,
  /**
   * For tcp/events.ts, in words 50 and 51 of each end: from the last SYN to the first ACK without SYN (while that is
   * awaited, the time of the SYN); and the initial sequence numbers, guessed from the first segment or acknowledgment
   * where no SYN told them, the server's directly after the client's.
   */
  eventRoundTripF64: 65,
  eventBase: 194,

  client: 80,
  server: 144,
  log: 208,
} as const;

/**
 * Where an endpoint's fields lie, from `FLOW.client` or `FLOW.server` (RFC 9293 3.3.1 names). The names that begin with
 * `event` are what tcp/events.ts tells events by: all as Wireshark would have it, so apart from the others.
 */
export const END = {
  // What its own segments touch, and the other end's that acknowledge them.
  /** Past the highest sequence number it sent. */
  sndNxt: 0,
  /** The highest acknowledgment number the other end sent for it. */
  sndUna: 1,
  /** Past the last octet before the first hole: what the capture holds without a gap. */
  seenNxt: 2,
  /** How many blocks past a hole were seen (tcp/islands.ts keeps them). */
  islands: 3,
  /** Bits of END_BITS. */
  bits: 4,
  /** The oldest segment that is not acknowledged yet: start, end, frame, time; end === start means none. */
  oldestStart: 5,
  oldestEnd: 6,
  oldestFrame: 7,
  oldestTimeF64: 6,
  /** Further unacknowledged segments: 1 + the number of a ring (tcp/outstanding.ts), or 0. */
  outstanding: 8,
  /** The last acknowledgment number it sent; 1 + its last window (0: none yet). */
  eventAck: 9,
  eventWindow: 10,
  /** Past the highest sequence number without a hole before it; 0 is not known. */
  eventBound: 11,
  eventBits: 14,
  eventScale: 15,

  // What its own segments touch.
  bytesF64: 8,
  uniqueBytesF64: 9,
  /** Octets of IP packets, headers included. */
  ipBytesF64: 10,
  lastTimeF64: 11,
  packets: 24,
  /** Segments with payload. */
  payloadSegments: 25,
  /** The acknowledgment number of the last segment with payload that it sent. */
  payloadAck: 26,
  /** Frame of the last segment it sent. */
  lastFrame: 27,
  /** Past the highest sequence number; 0 is not known. */
  eventNext: 28,
  /** Events of its last segment. */
  eventLast: 29,
  /** How often it repeated its last acknowledgment number; -1 after one of an unseen segment. */
  eventDuplicates: 30,
  tsVal: 31,

  eventNextTimeF64: 16,
  /** What the last segment was, to know a mirror port's copy by. */
  lastSeq: 34,
  lastIpId: 35,
  lastTtl: 36,
  lastShape: 37,
  /** The smallest and largest window it announced outside its SYN, scaled; see `windowKnown`. */
  minWindow: 38,
  maxWindow: 39,
  // What the other end's segments touch when they acknowledge something.
  rttSamples: 40,
  /** Start and frame of the segment that was acknowledged last. */
  ackedStart: 41,
  ackedFrame: 42,
  /** Where tcp/round-trips.ts keeps its samples beyond the third, or 0. */
  roundTrips: 43,
  rttMinF64: 22,
  rttMaxF64: 23,

  rttSumF64: 24,
  // What few segments touch. Words 50 and 51 are FLOW.eventRoundTripF64 and FLOW.eventBase.
  retransmittedBytesF64: 26,
  retransmittedSegments: 54,
  isn: 55,
  mss: 56,
  windowScale: 57,
  /** The sequence number that its FIN occupies. */
  finSeq: 58,
  finFrame: 59,
  /** Frame of the last copy of its FIN. */
  lastFinFrame: 60,
  /** How many copies of a mirror port were folded. */
  copies: 61,
  /** 1 + the number of its counters in tcp/event-counts.ts, or 0. */
  eventCounts: 62,
  /** Sequence number of its last RST (tcp/history/letters.ts). */
  resetSeq: 63,
} as const;

export const FLOW_BITS = {
  v6: 0x1,
  /** The client is the endpoint with the higher address and port. */
  clientIsHigh: 0x2,
  /** How the roles were told: an index into CLIENT_BY, two bits. */
  clientByShift: 2,
  clientByMask: 0xc,
  /** Handshake: what was captured of it. */
  synSeen: 0x10,
  synAckSeen: 0x20,
  ackSeen: 0x40,
  simultaneousOpen: 0x80,
  fastOpen: 0x100,
  /** The final ACK or a later proof showed that the server left SYN_RECV. */
  serverProven: 0x200,
  clientProven: 0x400,
  /** Close. */
  finWithData: 0x800,
  /** Side that sent the first FIN: the server. */
  serverFinFirst: 0x1000,
  /** Both FINs are acknowledged. */
  closed: 0x2000,
  /** The row waits in the list of closed flows. */
  queued: 0x4000,
  /** TIME_WAIT is held by the client / by the server. */
  timeWaitClient: 0x8000,
  timeWaitServer: 0x10000,
  /** The first segment was no SYN. */
  midstream: 0x20000,
  /** A SYN with another initial sequence number waits for its SYN+ACK (tcp/reuse.ts). */
  reusePending: 0x40000,
  /** The SYN was answered with RST; the handshake was aborted. */
  refused: 0x80000,
  aborted: 0x100000,
  /** A counting reset has closed the flow. */
  reset: 0x200000,
  /** Source and destination are one endpoint. */
  selfConnect: 0x400000,
  /** The client's ESTABLISHED rests on a SYN+ACK that may have been lost behind the tap. */
  clientDoubtful: 0x800000,
  /** The SYN carried a Fast Open cookie: the server may speak before the handshake's last ACK (RFC 7413 4.2.2). */
  fastOpenCookie: 0x2000000,
  /** A late copy of the SYN was answered with another initial sequence number after this connection was over. */
  ghost: 0x4000000,
  /** The evidence keeps what follows a segment that mattered. */
  followed: 0x1000000,
  /** The last segment was an ACK that came late; small segments waited for such ACKs three times (tcp/evidence/held-segments.ts). */
  lateAck: 0x8000000,
  held: 0x10000000,
  /** Nothing of one end was captured so far, though it answered (tcp/one-ways.ts). */
  oneWay: 0x20000000,
} as const;

export const END_BITS = {
  /** `sndNxt` and `seenNxt` are known. */
  seqKnown: 0x1,
  /** `sndUna` is known: the other end acknowledged something. */
  unaKnown: 0x2,
  isnKnown: 0x4,
  finSent: 0x8,
  /** The other end acknowledged the FIN. */
  finAcked: 0x10,
  /** The FIN and all before it have been captured: the other end has got it, unless it was lost behind the tap. */
  finDelivered: 0x20,
  sackPermitted: 0x40,
  timestamps: 0x80,
  /** It has sent a segment with a good TCP checksum. */
  checksumGood: 0x100,
  /** A segment was sent again: `outstanding` is not in order of sequence numbers any more. */
  disordered: 0x200,
  synSent: 0x400,
  /** `oldest…` holds a segment that was sent again (Karn's rule: no sample). */
  oldestRepeated: 0x1000,
  windowKnown: 0x2000,
  /** `lastSeq` and so on are filled. */
  lastKnown: 0x4000,
  /** `ackedStart`, `ackedFrame` are filled. */
  ackedKnown: 0x10000,
} as const;

/** Entries of the state log: no endpoint goes through more than eight states. */
export const LOG_ENTRIES = 16;
/** A log entry: state and side, frame (0 for null), time. */
export const LOG = { what: 0, frame: 1, timeF64: 1, words: 4 } as const;

/** All closed flows that wait (tcp/tracker.ts), and as many open ones. */
const MANY = 16_384;

/** The rows, as they grow. Everybody reads `i32` and `f64` anew after a row was made: growth replaces them. */
export class FlowRows {
  i32: Int32Array;
  f64: Float64Array;
  /** Rows in use. */
  used = 0;
  readonly places: Places = new Places();
  /** The place of each row's flow, by the row's number. */
  private placeOf: Int32Array;
  private free = -1;
  private top = 0;
  /** What nobody needs, so that `fetch` is not left out. */
  protected fetched = 0;

  constructor(rows: number = 64) {
    this.i32 = new Int32Array(rows * ROW_WORDS);
    this.f64 = new Float64Array(this.i32.buffer);
    this.placeOf = new Int32Array(rows);
  }

  /**
   * A row of zeros, or like `image`, for the flow at that place; returns where it starts, in words.
   *
   * @param alike a row that is like the image but for what is written into it next: if it is free now, it needs no copy
   */
  make(place: number = this.places.take(), image?: Int32Array, alike: number = -1): number {
    this.used++;
    let row = this.free;
    if (image !== undefined && row >= 0 && row === alike) {
      this.free = this.i32[row + FLOW.next]!;
      this.i32[row + FLOW.next] = image[FLOW.next]!;
      this.placeOf[row / ROW_WORDS] = place;
      return row;
    }
    if (row >= 0) {
      this.free = this.i32[row + FLOW.next]!;
      if (image === undefined) this.i32.fill(0, row, row + ROW_WORDS);
    } else {
      row = this.top;
      if (row + ROW_WORDS > this.i32.length) this.grow();
      this.top += ROW_WORDS;
    }
    if (image !== undefined) this.i32.set(image, row);
    this.placeOf[row / ROW_WORDS] = place;
    return row;
  }

  /** Words from one row to the next. */
  readonly words: number = ROW_WORDS;

  /** Where the rows end: every row that starts below and has a number is in use. */
  get end(): number {
    return this.top;
  }

  place(row: number): number {
    return this.placeOf[row / ROW_WORDS]!;
  }

  /** The rows in use, in the order of their places. */
  inOrder(): Int32Array {
    const order = new Int32Array(this.used);
    let count = 0;
    for (let row = 0; row < this.top; row += ROW_WORDS) if (this.i32[row + FLOW.number] !== 0) order[count++] = row;
    // As long as every flow has had a row, rows and places were given out alike.
    for (let i = 1; i < count; i++)
      if (this.place(order[i - 1]!) > this.place(order[i]!)) return order.sort((a, b) => this.place(a) - this.place(b));
    return order;
  }

  /** Gives a row back; the one given back last is taken first, so that the rows in use stay in the cache. */
  release(row: number): void {
    this.i32[row + FLOW.number] = 0;
    this.i32[row + FLOW.next] = this.free;
    this.free = row;
    this.used--;
  }

  /**
   * Has the processor bring a row into its cache while it does something else: rows that closed thousands of flows ago
   * are far away.
   */
  fetch(row: number): void {
    const { i32 } = this;
    let words = 0;
    for (let at = row; at < row + ROW_WORDS; at += LINE) words |= i32[at]!;
    this.fetched = words;
  }

  private grow(): void {
    const rows = this.i32.length / ROW_WORDS;
    const buffer = longer(rows);
    const more = Math.floor((buffer.byteLength - LEAD) / (ROW_WORDS * 4));
    const larger = new Int32Array(buffer, LEAD, more * ROW_WORDS);
    larger.set(this.i32);
    this.i32 = larger;
    this.f64 = new Float64Array(buffer, LEAD, (more * ROW_WORDS) / 2);
    const places = new Int32Array(larger.length / ROW_WORDS);
    places.set(this.placeOf);
    this.placeOf = places;
  }
}

/**
 * Memory for more than `rows` rows. What was not written yet takes none, but what was is copied, and stays until it is
 * collected: so few steps, and long ones where there is the address space for them.
 */
function longer(rows: number): ArrayBuffer {
  if (rows < MANY) return bufferFor(MANY);
  for (const times of STEPS) {
    try {
      return bufferFor(rows * times);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return bufferFor(rows + Math.ceil(rows / 4));
}

function bufferFor(rows: number): ArrayBuffer {
  return new ArrayBuffer(LEAD + rows * ROW_WORDS * 4);
}

/** From some 18 MB on. */
const STEPS = [64, 8, 2];
