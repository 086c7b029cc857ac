import { grown } from '../../bytes/grown.ts';
import { seqDelta } from '../../bytes/seq.ts';
import { Islands } from '../islands.ts';

/** What Zeek counts and writes at the first, the tenth, the hundredth time: T, W, G and C. */
export const COUNTED = { repeat: 0, zeroWindow: 1, gap: 2, checksum: 3 } as const;

/**
 * What a flow's `history` needs beyond its row: counters, gaps, and letters past those that fit in the row.
 * Most flows need nothing of it: an entry is made when the first of these occurs.
 */
export class HistoryExtras {
  private words: Int32Array = new Int32Array(64 * WORDS);
  private readonly missed: number[] = [];
  /** What is missing of a side's payload where that is more than one run, by an entry's number and the side. */
  private readonly runs: Islands = new Islands();
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
    this.runs.clear(number * 2);
    this.runs.clear(number * 2 + 1);
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

  /** A side sent payload that the capture cut short, or the other end acknowledges what it does not have: not yet told. */
  cutOff(number: number, side: number, start: number, end: number): void {
    const { words } = this;
    const at = number * WORDS + CUTS + side * 3;
    if (words[at + HOW] === NOTHING) {
      words[at + FROM] = start;
      words[at + TO] = end;
      words[at + HOW] = ONE_RUN;
    } else if (words[at + HOW] === ONE_RUN && words[at + TO] === start) words[at + TO] = end;
    else {
      this.intoRuns(number, side);
      this.runs.add(number * 2 + side, start, end);
    }
  }

  /** A side sent payload that was kept whole, also where it was cut short before. */
  keptWhole(number: number, side: number, start: number, end: number): void {
    const { words } = this;
    const at = number * WORDS + CUTS + side * 3;
    if (words[at + HOW] === NOTHING) return;
    if (words[at + HOW] === ONE_RUN && (seqDelta(end, words[at + FROM]!) >= 0 || seqDelta(words[at + TO]!, start) >= 0))
      return;
    this.intoRuns(number, side);
    this.runs.remove(number * 2 + side, start, end);
    if (!this.runs.has(number * 2 + side)) words[at + HOW] = NOTHING;
  }

  /** Whether some of what a side sent was cut short and is not acknowledged yet. */
  hasCut(number: number, side: number): boolean {
    return this.words[number * WORDS + CUTS + side * 3 + HOW] !== NOTHING;
  }

  /** The other end acknowledges a side's payload: how many gaps that shows. */
  acknowledged(number: number, side: number, ack: number): number {
    const { words } = this;
    const at = number * WORDS + CUTS + side * 3;
    if (words[at + HOW] === NOTHING) return 0;
    if (words[at + HOW] === ONE_RUN) {
      const from = words[at + FROM]!;
      if (seqDelta(from, ack) <= 0) return 0;
      const more = seqDelta(ack, words[at + TO]!) > 0;
      this.acknowledgedOctets = seqDelta(from, more ? ack : words[at + TO]!);
      if (more) words[at + FROM] = ack;
      else words[at + HOW] = NOTHING;
      return 1;
    }
    const runs = this.runs.takeBefore(number * 2 + side, ack);
    if (!this.runs.has(number * 2 + side)) words[at + HOW] = NOTHING;
    this.acknowledgedOctets = octetsOf(runs);
    return runs.length / 2;
  }

  private intoRuns(number: number, side: number): void {
    const { words } = this;
    const at = number * WORDS + CUTS + side * 3;
    if (words[at + HOW] === ONE_RUN) this.runs.add(number * 2 + side, words[at + FROM]!, words[at + TO]!);
    words[at + HOW] = SEVERAL;
  }
}

/** How many octets there are in runs: start, end, start, end … */
export function octetsOf(runs: readonly number[]): number {
  let octets = 0;
  for (let i = 0; i < runs.length; i += 2) octets += seqDelta(runs[i]!, runs[i + 1]!);
  return octets;
}

/** An entry: four counters a side, what is missing of each side's payload, and a segment with a wrong checksum. */
const WORDS = 18;
const CUTS = 8;
const DOUBTS = 14;
const FROM = 0;
const TO = 1;
/** Nothing is missing that is not acknowledged; `FROM` to `TO` is; or what `runs` has. */
const HOW = 2;
const NOTHING = 0;
const ONE_RUN = 1;
const SEVERAL = 2;

const TEXT_LIMIT = 1 << 14;
