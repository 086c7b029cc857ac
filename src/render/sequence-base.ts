import type { SegmentView } from '../wire/segment.ts';

/** Which numbers a segment's sequence numbers are told relative to, by tcpdump's rule. */
export class SequenceBases {
  /** To be subtracted from the segment's sequence number, int32. */
  seqBase = 0;
  /** To be subtracted from its acknowledgment number and from the edges of its SACK blocks, int32. */
  ackBase = 0;

  private readonly ipv4: BaseTable;
  private readonly ipv6: BaseTable;

  /** @param limit tuples of each IP version that are kept for certain; up to twice as many are */
  constructor(limit: number = MAX_TUPLES) {
    this.ipv4 = new BaseTable(1, limit);
    this.ipv6 = new BaseTable(4, limit);
  }

  /**
   * Of IPv4, from 1 on. Who keeps what `look` answered has to ask it again in each epoch: the tuples that nobody asked for
   * in the one before are forgotten.
   */
  get epoch(): number {
    return this.ipv4.epoch;
  }

  /**
   * Looks a segment with ACK up and sets the bases.
   *
   * tcpdump (print-tcp.c) keeps one entry a tuple of addresses and ports, whatever the direction, for IPv4 and IPv6
   * apart, and asks it only when ACK is set. The first such segment, and every one with SYN, sets the entry: its own
   * number is one base, its acknowledgment number less one the other. That segment's numbers stay absolute, but for its
   * SACK blocks.
   *
   * @returns whether the segment's own numbers are to be printed relative to the bases
   */
  look(segment: SegmentView, seq: number, ack: number, syn: boolean): boolean {
    const view = segment.view;
    const source = view.getUint16(segment.tcpAt);
    const destination = view.getUint16(segment.tcpAt + 2);
    const table = segment.ipVersion === 6 ? this.ipv6 : this.ipv4;
    const size = segment.ipVersion === 6 ? 16 : 4;
    const reverse =
      source > destination ||
      (source === destination && comparesGreater(view, segment.sourceAt, segment.destinationAt, size));
    const low = reverse ? segment.destinationAt : segment.sourceAt;
    const high = reverse ? segment.sourceAt : segment.destinationAt;
    const ports = reverse ? (destination << 16) | source : (source << 16) | destination;
    if (isUnprinted(segment)) {
      const known = table.peek(view, low, high, ports);
      this.seqBase = known < 0 ? 0 : table.words[reverse ? known + HIGH_BASE : known + LOW_BASE]!;
      this.ackBase = known < 0 ? 0 : table.words[reverse ? known + LOW_BASE : known + HIGH_BASE]!;
      return known >= 0;
    }
    const row = table.find(view, low, high, ports);
    const words = table.words;
    const fresh = table.added || syn;
    const own = reverse ? row + HIGH_BASE : row + LOW_BASE;
    const other = reverse ? row + LOW_BASE : row + HIGH_BASE;
    if (fresh) {
      words[own] = seq;
      words[other] = ack - 1;
    }
    this.seqBase = words[own]!;
    this.ackBase = words[other]!;
    return !fresh;
  }
}

/** Tuples that a generation holds: 24 octets of each (48 in IPv6), twice that for the free slots, two generations. */
const MAX_TUPLES = 1 << 18;
const FIRST_SLOTS = 1 << 8;

/** Words of a row: a tag of the key's hash, never 0 in a row in use; the bases of both ends; ports; the addresses. */
const TAG = 0;
const LOW_BASE = 1;
const HIGH_BASE = 2;
const PORTS = 3;
const ADDRESSES = 4;

/**
 * Open addressing over rows of int32 words, in two generations: when the young one is full it becomes the old one, and
 * what is looked up there moves over. So a tuple is forgotten only after `limit` others were met since its last segment,
 * and an endless stream runs in bounded memory; tcpdump forgets nothing and grows.
 */
class BaseTable {
  /** The young generation; `find` answers with an offset into it. */
  words: Int32Array;
  /** Counts generations. */
  epoch = 1;
  /** Whether the last `find` had to add the tuple. */
  added = false;

  private old: Int32Array = new Int32Array(0);
  private readonly addressWords: number;
  private readonly rowWords: number;
  private readonly limit: number;
  private slots: number;
  private count = 0;

  /** @param addressWords words of one address: 1 or 4 */
  constructor(addressWords: number, limit: number) {
    this.addressWords = addressWords;
    this.rowWords = ADDRESSES + addressWords * 2;
    this.limit = limit;
    this.slots = FIRST_SLOTS;
    this.words = new Int32Array(this.slots * this.rowWords);
  }

  /** The row of a tuple whose addresses stand at `low` and `high`; a new one has zeros as its bases. */
  find(view: DataView, low: number, high: number, ports: number): number {
    const tag = this.hash(view, low, high, ports);
    const row = this.rowOf(this.words, tag, view, low, high, ports);
    if (this.words[row] !== 0) {
      this.added = false;
      return row;
    }
    return this.add(row, tag, view, low, high, ports);
  }

  /** The row of a tuple of the young generation, or -1. */
  peek(view: DataView, low: number, high: number, ports: number): number {
    const row = this.rowOf(this.words, this.hash(view, low, high, ports), view, low, high, ports);
    return this.words[row] === 0 ? -1 : row;
  }

  /** The row that holds the key, or the free one where it would stand. A row's slot lies in its tag's upper bits. */
  private rowOf(words: Int32Array, tag: number, view: DataView, low: number, high: number, ports: number): number {
    const mask = this.slots - 1;
    for (let slot = tag & mask; ; slot = (slot + 1) & mask) {
      const row = slot * this.rowWords;
      const found = words[row]!;
      if (found === 0 || (found === tag && this.holds(words, row, view, low, high, ports))) return row;
    }
  }

  private holds(words: Int32Array, row: number, view: DataView, low: number, high: number, ports: number): boolean {
    if (words[row + PORTS] !== ports) return false;
    const count = this.addressWords;
    for (let i = 0; i < count; i++) {
      if (words[row + ADDRESSES + i] !== view.getInt32(low + i * 4)) return false;
      if (words[row + ADDRESSES + count + i] !== view.getInt32(high + i * 4)) return false;
    }
    return true;
  }

  private add(free: number, tag: number, view: DataView, low: number, high: number, ports: number): number {
    let row = free;
    if (this.count >= this.limit) {
      this.turn();
      row = this.rowOf(this.words, tag, view, low, high, ports);
    } else if (this.count * 2 >= this.slots) {
      this.grow();
      row = this.rowOf(this.words, tag, view, low, high, ports);
    }
    const words = this.words;
    this.count++;
    words[row + TAG] = tag;
    words[row + PORTS] = ports;
    for (let i = 0; i < this.addressWords; i++) {
      words[row + ADDRESSES + i] = view.getInt32(low + i * 4);
      words[row + ADDRESSES + this.addressWords + i] = view.getInt32(high + i * 4);
    }
    this.added = !this.recall(row, tag, view, low, high, ports);
    return row;
  }

  /** Takes the bases over from the old generation, if the tuple is there. */
  private recall(row: number, tag: number, view: DataView, low: number, high: number, ports: number): boolean {
    if (this.old.length === 0) return false;
    const before = this.rowOf(this.old, tag, view, low, high, ports);
    if (this.old[before] === 0) return false;
    this.words[row + LOW_BASE] = this.old[before + LOW_BASE]!;
    this.words[row + HIGH_BASE] = this.old[before + HIGH_BASE]!;
    return true;
  }

  private turn(): void {
    this.epoch++;
    const forgotten = this.old.length > 0 ? this.old.fill(0) : new Int32Array(this.words.length);
    this.old = this.words;
    this.words = forgotten;
    this.count = 0;
  }

  /** Doubles the young generation. There is no old one yet: it has the size of a full young one. */
  private grow(): void {
    const before = this.words;
    this.slots *= 2;
    this.words = new Int32Array(this.slots * this.rowWords);
    const mask = this.slots - 1;
    for (let row = 0; row < before.length; row += this.rowWords) {
      if (before[row] === 0) continue;
      let slot = before[row]! & mask;
      while (this.words[slot * this.rowWords] !== 0) slot = (slot + 1) & mask;
      for (let i = 0; i < this.rowWords; i++) this.words[slot * this.rowWords + i] = before[row + i]!;
    }
  }

  private hash(view: DataView, low: number, high: number, ports: number): number {
    let hash = ports;
    for (let i = 0; i < this.addressWords; i++) {
      hash = Math.imul(hash ^ view.getInt32(low + i * 4), 0x9e3779b1);
      hash ^= hash >>> 15;
      hash = Math.imul(hash ^ view.getInt32(high + i * 4), 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    return hash === 0 ? 1 : hash;
  }
}

/**
 * Whether tcpdump would print no line for the segment's packet, so that its numbers count for nothing: a length of 0
 * in the IP header, as segmentation offload leaves it, or a record with more octets than the packet had.
 */
export function isUnprinted(segment: SegmentView): boolean {
  if (segment.view.getUint16(segment.ipAt + (segment.ipVersion === 6 ? 4 : 2)) === 0) return true;
  return segment.linkLength > 0 && segment.linkEnd - segment.linkAt > segment.linkLength;
}

/** Whether the octets at `first` are greater than those at `second`, as memcmp has it. */
function comparesGreater(view: DataView, first: number, second: number, size: number): boolean {
  for (let i = 0; i < size; i++) {
    const difference = view.getUint8(first + i) - view.getUint8(second + i);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
