import { grown } from '../bytes/grown.ts';
import { seqDelta } from '../bytes/seq.ts';

/** What Zeek counts and writes at the first, the tenth, the hundredth time: T, W, G and C. */
export const COUNTED = { repeat: 0, zeroWindow: 1, gap: 2, checksum: 3 } as const;

/**
 * What a flow's `history` needs beyond its row: counters, gaps, and letters past those that fit in the row.
 * Most flows need nothing of it: an entry is made when the first of these occurs.
 */
export class HistoryExtras {
  private words: Int32Array = new Int32Array(64 * WORDS);
  private readonly missed: number[] = [];
  private readonly text: string[] = [];
  private readonly free: number[] = [];
  private made = 0;
  /** How many octets the gaps had of which `acknowledged` told last. */
  acknowledgedOctets = 0;

  /** An entry of zeros; answers its number. */
  take(): number {
    const number = this.free.pop() ?? this.made++;
    const at = number * WORDS;
    if (at + WORDS > this.words.length) this.words = grown(this.words);
    this.words.fill(0, at, at + WORDS);
    this.missed[number] = 0;
    this.text[number] = '';
    return number;
  }

  give(number: number): void {
    this.text[number] = '';
    this.free.push(number);
  }

  /** Counts once more; answers whether that calls for a letter. */
  count(number: number, side: number, what: number): boolean {
    const at = number * WORDS + what * 2 + side;
    const count = this.words[at]! + 1;
    this.words[at] = count;
    let threshold = 1;
    while (threshold < count) threshold *= 10;
    return threshold === count;
  }

  /** A letter's code, after those in the row. */
  append(number: number, code: number): void {
    if (this.text[number]!.length < TEXT_LIMIT) this.text[number] += String.fromCharCode(code);
  }

  /** The codes of the letters after those in the row. */
  textOf(number: number): string {
    return this.text[number] ?? '';
  }

  addMissed(number: number, octets: number): void {
    this.missed[number] = this.missed[number]! + octets;
  }

  /** Octets of both directions that were acknowledged and are not in the capture. */
  missedOf(number: number): number {
    return Math.max(0, this.missed[number] ?? 0);
  }

  /** Payload under a wrong checksum, of which nobody knows yet whether it arrived. */
  doubt(number: number, side: number, start: number, end: number): void {
    const at = number * WORDS + DOUBTS;
    this.words[at] = side;
    this.words[at + 1] = start;
    this.words[at + 2] = end;
    this.words[at + 3] = 0;
  }

  /** More of it, directly after what is in doubt: answers whether it was that. */
  doubtNext(number: number, side: number, start: number, end: number): boolean {
    const at = number * WORDS + DOUBTS;
    if (this.words[at] !== side || this.words[at + 2] !== start) return false;
    this.words[at + 2] = end;
    return true;
  }

  doubtedSide(number: number): number {
    return this.words[number * WORDS + DOUBTS]! & 1;
  }

  doubtedStart(number: number): number {
    return this.words[number * WORDS + DOUBTS + 1]!;
  }

  /** It did arrive. */
  trust(number: number): void {
    this.words[number * WORDS + DOUBTS + 3] = 1;
  }

  /** `from`, or the end of the payload that arrived under a wrong checksum there. */
  pastTrusted(number: number, side: number, from: number): number {
    const at = number * WORDS + DOUBTS;
    if (this.words[at + 3] === 0 || this.words[at] !== side) return from;
    return seqDelta(this.words[at + 1]!, from) >= 0 && seqDelta(from, this.words[at + 2]!) > 0
      ? this.words[at + 2]!
      : from;
  }

  /** A side sent payload, which was kept whole or not: what is missing is a gap, once acknowledged. */
  sent(number: number, side: number, start: number, end: number, whole: boolean): void {
    const { words } = this;
    const at = number * WORDS + TRUNCATIONS + side * 4;
    if (whole) {
      words[at + OPEN] = 0;
      return;
    }
    const first = words[at + GAPS] === 0;
    if (first) words[at + FROM] = start;
    if (words[at + OPEN] === 0) words[at + GAPS] = words[at + GAPS]! + 1;
    words[at + OPEN] = 1;
    // What is sent again does not take back what was sent since.
    if (first || seqDelta(words[at + TO]!, end) > 0) words[at + TO] = end;
  }

  /** The other end acknowledges a side's payload: how many gaps that shows. */
  acknowledged(number: number, side: number, ack: number): number {
    const { words } = this;
    const at = number * WORDS + TRUNCATIONS + side * 4;
    const gaps = words[at + GAPS]!;
    if (gaps === 0 || seqDelta(words[at + FROM]!, ack) <= 0) return 0;
    const left = seqDelta(ack, words[at + TO]!);
    this.acknowledgedOctets = seqDelta(words[at + FROM]!, left > 0 ? ack : words[at + TO]!);
    words[at + FROM] = ack;
    if (left > 0) return 1;
    words[at + GAPS] = 0;
    words[at + OPEN] = 0;
    return gaps;
  }
}

/** An entry: four counters a side, what is missing of each side's payload, and a segment with a wrong checksum. */
const WORDS = 20;
const TRUNCATIONS = 8;
const DOUBTS = 16;
const FROM = 0;
const TO = 1;
const GAPS = 2;
const OPEN = 3;

const TEXT_LIMIT = 1 << 14;
