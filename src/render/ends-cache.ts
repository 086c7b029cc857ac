/**
 * What is known of the ends met lately, in IPv4: the text of `IP a.p > b.q: `, and the numbers that theirs are told
 * relative to (SequenceBases). Both are most of a line's work, and most segments follow one with the same ends.
 * Direct-mapped: ends that fall on the same place replace each other.
 */
export class EndsCache {
  /** Words from the place that `place` answered; BASES_EPOCH, OWN_BASE and OTHER_BASE are for the caller to read. */
  readonly words: Int32Array = new Int32Array(PLACES * PLACE_WORDS);
  private readonly eights: Float64Array = new Float64Array(this.words.buffer);

  /** The place of the ends, whether or not they are there. Addresses and ports are int32, as they stand in the packet. */
  place(source: number, destination: number, ports: number): number {
    let hash = Math.imul(source ^ Math.imul(destination, 0x85ebca6b) ^ ports, 0x9e3779b1);
    hash ^= hash >>> 15;
    hash = Math.imul(hash ^ ports, 0x85ebca6b);
    return ((hash >>> 16) & (PLACES - 1)) * PLACE_WORDS;
  }

  /** Whether these ends are the ones at `place`. */
  holds(place: number, source: number, destination: number, ports: number): boolean {
    const words = this.words;
    return (
      words[place] === source &&
      words[place + 1] === destination &&
      words[place + 2] === ports &&
      words[place + LENGTH] !== 0
    );
  }

  /** Writes the text at `place`, and up to TEXT_ROOM octets in all: where the next octet goes. */
  put(to: DataView, at: number, place: number): number {
    const eights = this.eights;
    const text = (place >> 1) + TEXT_EIGHT;
    to.setFloat64(at, eights[text]!, true);
    to.setFloat64(at + 8, eights[text + 1]!, true);
    to.setFloat64(at + 16, eights[text + 2]!, true);
    to.setFloat64(at + 24, eights[text + 3]!, true);
    to.setFloat64(at + 32, eights[text + 4]!, true);
    to.setFloat64(at + 40, eights[text + 5]!, true);
    to.setFloat64(at + 48, eights[text + 6]!, true);
    return at + this.words[place + LENGTH]!;
  }

  /** Keeps the text from `at` to `end` for these ends; nothing is known of their bases. */
  keep(
    from: DataView,
    at: number,
    end: number,
    place: number,
    source: number,
    destination: number,
    ports: number,
  ): void {
    const { words, eights } = this;
    words[place] = source;
    words[place + 1] = destination;
    words[place + 2] = ports;
    words[place + LENGTH] = end - at;
    words[place + BASES_EPOCH] = 0;
    const text = (place >> 1) + TEXT_EIGHT;
    for (let i = 0; i < TEXT_EIGHTS; i++) eights[text + i] = from.getFloat64(at + i * 8, true);
  }

  /** The bases of both ends, in both directions, as far as their text is here: `own` is the source's. */
  keepBases(source: number, destination: number, ports: number, own: number, other: number, epoch: number): void {
    this.keepBasesOf(destination, source, (ports << 16) | (ports >>> 16), other, own, epoch);
    this.keepBasesOf(source, destination, ports, own, other, epoch);
  }

  private keepBasesOf(
    source: number,
    destination: number,
    ports: number,
    own: number,
    other: number,
    epoch: number,
  ): void {
    const place = this.place(source, destination, ports);
    if (!this.holds(place, source, destination, ports)) return;
    const { words } = this;
    words[place + BASES_EPOCH] = epoch;
    words[place + OWN_BASE] = own;
    words[place + OTHER_BASE] = other;
  }
}

/** Words of a place after both addresses and the ports: octets of text, 0 where there is none. */
const LENGTH = 3;
/** `SequenceBases.epoch` when the two words that follow were found; 0 when they were not. */
export const BASES_EPOCH = 4;
/** The sender's base and the receiver's. */
export const OWN_BASE = 5;
export const OTHER_BASE = 6;
/** The text begins at the fifth eight. `IP 255.255.255.255.65535 > 255.255.255.255.65535: ` has 50 octets. */
const TEXT_EIGHT = 4;
const TEXT_EIGHTS = 7;
export const TEXT_ROOM: number = TEXT_EIGHTS * 8;
const PLACE_WORDS = 22;
/** 360 KB in all: within a processor's own cache. A power of two. */
const PLACES = 4096;
