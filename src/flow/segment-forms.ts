import { AE, CWR, ECE, type SegmentView } from '../wire/segment.ts';

/**
 * What segments of one kind have in common: options, lengths, time to live, layers, what they say of congestion. Each form
 * is kept once and has a number, so that a segment whose form is known takes few words. At most LIMIT forms are told apart.
 */
export class SegmentForms {
  /** Half as many forms as slots: those grow before it is full. */
  private words: Int32Array = new Int32Array(128 * WORDS);
  private slots: Uint16Array = new Uint16Array(256);
  private count = 1;
  private readonly scratch = new Int32Array(WORDS);
  /** The forms asked for last of requests and answers: nearly always one of them is asked for again. */
  private readonly recent = new Uint16Array(2);

  /**
   * The number of the segment's form, 1 or more; 0 when there are too many.
   *
   * @param mark bits of the caller's, part of the form
   * @param which 0 or 1: a hint
   */
  numberOf(segment: SegmentView, mark: number, which: 0 | 1): number {
    const { scratch } = this;
    scratch[AT.mark] = mark;
    scratch[AT.bits] =
      segment.ttl |
      (segment.headerLength << 8) |
      (segment.checksum << 16) |
      (segment.sackPermitted << 20) |
      (segment.hasTimestamps << 21) |
      ((segment.ipVersion === 6 ? 1 : 0) << 22) |
      ((segment.flags & CONGESTION) << 17);
    scratch[AT.ipHeader] = segment.tcpAt - segment.ipAt;
    scratch[AT.mss] = segment.mss;
    scratch[AT.windowScale] = segment.windowScale;
    scratch[AT.layers] = segment.layers;
    scratch[AT.split] = segment.split;
    const recent = this.recent[which]!;
    if (recent !== 0 && this.is(recent)) return recent;
    const number = this.find();
    this.recent[which] = number;
    return number;
  }

  /** The caller's bits. */
  markOf(form: number): number {
    return this.words[form * WORDS + AT.mark]!;
  }

  splitOf(form: number): number {
    return this.words[form * WORDS + AT.split]!;
  }

  isV6(form: number): boolean {
    return ((this.words[form * WORDS + AT.bits]! >> 22) & 1) !== 0;
  }

  hasTimestamps(form: number): boolean {
    return ((this.words[form * WORDS + AT.bits]! >> 21) & 1) !== 0;
  }

  /** One of CHECKSUM. */
  checksumOf(form: number): number {
    return (this.words[form * WORDS + AT.bits]! >> 16) & 0xf;
  }

  /** Flags of CONGESTION. */
  congestionOf(form: number): number {
    return (this.words[form * WORDS + AT.bits]! >> 17) & CONGESTION;
  }

  /** Gives `segment` the form; what it doesn't tell stays as it is. The view has room for header and addresses. */
  apply(form: number, segment: SegmentView): void {
    const { words } = this;
    const at = form * WORDS;
    const bits = words[at + AT.bits]!;
    segment.ttl = bits & 0xff;
    segment.headerLength = (bits >> 8) & 0xff;
    segment.tcpLength = segment.headerLength;
    segment.tcpEnd = segment.tcpAt + segment.headerLength;
    segment.checksum = (bits >> 16) & 0xf;
    segment.flags = (bits >> 17) & CONGESTION;
    segment.sackPermitted = (bits >> 20) & 1;
    segment.hasTimestamps = (bits >> 21) & 1;
    segment.ipVersion = ((bits >> 22) & 1) !== 0 ? 6 : 4;
    segment.ipAt = segment.tcpAt - words[at + AT.ipHeader]!;
    segment.mss = words[at + AT.mss]!;
    segment.windowScale = words[at + AT.windowScale]!;
    segment.layers = words[at + AT.layers]!;
    segment.split = words[at + AT.split]!;
  }

  private is(form: number): boolean {
    const { words, scratch } = this;
    for (let i = 0, at = form * WORDS; i < WORDS; i++, at++) if (words[at] !== scratch[i]) return false;
    return true;
  }

  private find(): number {
    const { scratch } = this;
    let mask = this.slots.length - 1;
    let slot = hashOf(scratch, 0) & mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & mask) if (this.is(this.slots[slot]!)) return this.slots[slot]!;
    if (this.count === LIMIT) return 0;
    if (this.count * 2 >= this.slots.length) {
      this.grow();
      mask = this.slots.length - 1;
      slot = hashOf(scratch, 0) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    }
    const form = this.count++;
    this.words.set(scratch, form * WORDS);
    this.slots[slot] = form;
    return form;
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 4);
    words.set(this.words);
    this.words = words;
    this.slots = new Uint16Array(this.slots.length * 4);
    const mask = this.slots.length - 1;
    for (let form = 1; form < this.count; form++) {
      let slot = hashOf(words, form * WORDS) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = form;
    }
  }
}

/** Flags that are part of a form: what SYNs and SYN+ACKs agree on congestion with (RFC 3168 6.1.1, RFC 7560). */
export const CONGESTION: number = ECE | CWR | AE;
/** Numbers fit in 16 bits; the highest is the caller's. */
const LIMIT = 0xffff;
/** Where a form's fields lie. */
const AT = { mark: 0, bits: 1, ipHeader: 2, mss: 3, windowScale: 4, layers: 5, split: 6 } as const;
const WORDS = 7;

function hashOf(words: Int32Array, at: number): number {
  let hash = 0;
  for (let i = 0; i < WORDS; i++) hash = Math.imul(hash ^ words[at + i]!, 0x85ebca6b) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}
