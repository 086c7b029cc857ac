import { ENDPOINT_WORDS, type EndPlace, type Ends, scramble } from '../flow/endpoints.ts';

/** Entries of a set, the one of which that has least makes room for another. */
const WAYS = 4;
const SETS = 1024;
/** Words of the sketch that tells different targets apart. */
const SKETCH = 32;
const SKETCH_BITS = SKETCH * 32;
/** Past this many the sketch is too full to tell. */
export const TARGETS_MOST = 5000;

/** Where an entry's fields lie, in words. */
const AT = {
  kind: 0,
  period: 1,
  failed: 2,
  fine: 3,
  frame: 4,
  lastFrame: 5,
  set: 6,
  low: 7,
  high: 8,
  source: 9,
  target: 9 + ENDPOINT_WORDS,
  sketch: 9 + 2 * ENDPOINT_WORDS,
} as const;
const WORDS = AT.sketch + SKETCH;

/** What one source did to one host, or to one port of many hosts, within one period. */
export interface Tally {
  readonly kind: number;
  readonly period: number;
  readonly failed: number;
  readonly fine: number;
  readonly frames: readonly [first: number, last: number];
  /** The lowest and the highest of the targets' numbers. */
  readonly low: number;
  readonly high: number;
  /** About how many different targets. */
  readonly distinct: number;
  /** Places of two endpoints in `words`. */
  readonly words: Int32Array;
  readonly source: number;
  readonly target: number;
}

/**
 * Tallies by kind, source, target and period, in bounded memory: whoever has least makes room for a newcomer, so that a
 * flood of addresses that come once takes no place from one that comes often. The order in which flows come changes
 * nothing as long as there is room.
 */
export class Minutes {
  private entries: Int32Array | null = null;
  /** Each entry's hash, 0 where there is none: apart from the entries, since it is all that most look-ups need. */
  private readonly tags = new Int32Array(SETS * WAYS);
  private readonly period: number;

  /** @param period nanoseconds */
  constructor(period: number) {
    this.period = period;
  }

  /**
   * Counts one for two of a flow's ends.
   *
   * @param what a number that tells targets apart
   */
  fail(kind: number, ends: Ends, source: EndPlace, target: EndPlace, what: number, time: number, frame: number): void {
    this.entries ??= new Int32Array(SETS * WAYS * WORDS);
    const { entries } = this;
    const period = Math.floor(time / this.period) | 0;
    const tag = tagOf(kind, ends, source, target, period);
    let at = this.find(tag, kind, ends, source, target, period);
    if (at < 0) {
      const entry = this.least(tag);
      this.tags[entry] = tag;
      at = entry * WORDS;
      entries.fill(0, at, at + WORDS);
      entries[at + AT.kind] = kind;
      entries[at + AT.period] = period;
      entries[at + AT.frame] = frame;
      entries[at + AT.low] = entries[at + AT.high] = what;
      for (let i = 0; i < ENDPOINT_WORDS; i++) {
        entries[at + AT.source + i] = ends.words[source * ENDPOINT_WORDS + i]!;
        entries[at + AT.target + i] = ends.words[target * ENDPOINT_WORDS + i]!;
      }
    }
    entries[at + AT.failed] = entries[at + AT.failed]! + 1;
    if (frame < entries[at + AT.frame]!) entries[at + AT.frame] = frame;
    if (frame > entries[at + AT.lastFrame]!) entries[at + AT.lastFrame] = frame;
    if (what < entries[at + AT.low]!) entries[at + AT.low] = what;
    if (what > entries[at + AT.high]!) entries[at + AT.high] = what;
    const bit = scramble(what) & (SKETCH_BITS - 1);
    const word = at + AT.sketch + (bit >> 5);
    if ((entries[word]! & (1 << (bit & 31))) !== 0) return;
    entries[word] = entries[word]! | (1 << (bit & 31));
    entries[at + AT.set] = entries[at + AT.set]! + 1;
  }

  /** Counts one that went well, where there is something to hold it against. */
  fine(kind: number, ends: Ends, source: EndPlace, target: EndPlace, time: number): void {
    if (this.entries === null) return;
    const period = Math.floor(time / this.period) | 0;
    const at = this.find(tagOf(kind, ends, source, target, period), kind, ends, source, target, period);
    if (at >= 0) this.entries[at + AT.fine] = this.entries[at + AT.fine]! + 1;
  }

  /** Those with so many different targets or more, the most first. */
  over(least: number): Tally[] {
    const { entries } = this;
    const tallies: Tally[] = [];
    if (entries === null) return tallies;
    for (let entry = 0; entry < SETS * WAYS; entry++) {
      if (this.tags[entry] === 0) continue;
      const at = entry * WORDS;
      const distinct = distinctOf(entries[at + AT.set]!);
      if (distinct < least) continue;
      tallies.push({
        kind: entries[at + AT.kind]!,
        period: entries[at + AT.period]!,
        failed: entries[at + AT.failed]!,
        fine: entries[at + AT.fine]!,
        low: entries[at + AT.low]!,
        high: entries[at + AT.high]!,
        frames: [entries[at + AT.frame]!, entries[at + AT.lastFrame]!],
        distinct,
        words: entries,
        source: at + AT.source,
        target: at + AT.target,
      });
    }
    return tallies.sort((a, b) => b.distinct - a.distinct || a.frames[0] - b.frames[0]);
  }

  private find(tag: number, kind: number, ends: Ends, source: number, target: number, period: number): number {
    const { tags } = this;
    const from = setOf(tag);
    for (let entry = from; entry < from + WAYS; entry++)
      if (tags[entry] === tag && this.is(entry * WORDS, kind, ends, source, target, period)) return entry * WORDS;
    return -1;
  }

  private is(at: number, kind: number, ends: Ends, source: number, target: number, period: number): boolean {
    const entries = this.entries!;
    return (
      entries[at + AT.kind] === kind &&
      entries[at + AT.period] === period &&
      same(entries, at + AT.source, ends.words, source * ENDPOINT_WORDS) &&
      same(entries, at + AT.target, ends.words, target * ENDPOINT_WORDS)
    );
  }

  /** The entry that makes room. */
  private least(tag: number): number {
    const entries = this.entries!;
    const from = setOf(tag);
    let least = from;
    for (let entry = from; entry < from + WAYS; entry++) {
      if (this.tags[entry] === 0) return entry;
      if (entries[entry * WORDS + AT.failed]! < entries[least * WORDS + AT.failed]!) least = entry;
    }
    return least;
  }
}

function setOf(tag: number): number {
  return (tag & (SETS - 1)) * WAYS;
}

/** Never 0. */
function tagOf(kind: number, { hashes }: Ends, source: number, target: number, period: number): number {
  const hash = scramble(hashes[source]! ^ Math.imul(hashes[target]!, 0x9e3779b1));
  return scramble(hash ^ Math.imul(period * 16 + kind, 0x85ebca6b)) | (1 << 31);
}

function same(a: Int32Array, at: number, b: Int32Array, bt: number): boolean {
  for (let i = 0; i < ENDPOINT_WORDS; i++) if (a[at + i] !== b[bt + i]) return false;
  return true;
}

/** Linear counting; exact while few. */
function distinctOf(set: number): number {
  if (set === SKETCH_BITS) return TARGETS_MOST;
  return Math.min(TARGETS_MOST, Math.round(-SKETCH_BITS * Math.log(1 - set / SKETCH_BITS)));
}
