/**
 * The text of `IP a.p > b.q: ` of the ends met lately, in IPv4. Telling addresses and ports is most of a line's work, and
 * most segments follow one with the same ends. Direct-mapped: ends that fall on the same place replace each other.
 */
export class EndsCache {
  private readonly keys: Int32Array = new Int32Array(PLACES * KEY_WORDS);
  private readonly texts: Float64Array = new Float64Array(PLACES * TEXT_EIGHTS);
  /** Octets of text; 0 where there is none. */
  private readonly lengths: Uint8Array = new Uint8Array(PLACES);

  /** The place of the ends, whether or not they are there. Addresses and ports are int32, as they stand in the packet. */
  place(source: number, destination: number, ports: number): number {
    let hash = Math.imul(source ^ Math.imul(destination, 0x85ebca6b) ^ ports, 0x9e3779b1);
    hash ^= hash >>> 15;
    hash = Math.imul(hash ^ ports, 0x85ebca6b);
    return (hash >>> 16) & (PLACES - 1);
  }

  /** Writes the text kept at `place`, if it is that of these ends: where the next octet goes, or -1. */
  put(to: DataView, at: number, place: number, source: number, destination: number, ports: number): number {
    const keys = this.keys;
    const key = place * KEY_WORDS;
    if (keys[key] !== source || keys[key + 1] !== destination || keys[key + 2] !== ports) return -1;
    const length = this.lengths[place]!;
    if (length === 0) return -1;
    const texts = this.texts;
    const text = place * TEXT_EIGHTS;
    for (let i = 0; i * 8 < length; i++) to.setFloat64(at + i * 8, texts[text + i]!);
    return at + length;
  }

  /** Keeps the text from `at` to `end`. */
  keep(
    from: DataView,
    at: number,
    end: number,
    place: number,
    source: number,
    destination: number,
    ports: number,
  ): void {
    const key = place * KEY_WORDS;
    this.keys[key] = source;
    this.keys[key + 1] = destination;
    this.keys[key + 2] = ports;
    const text = place * TEXT_EIGHTS;
    for (let i = 0; at + i * 8 < end; i++) this.texts[text + i] = from.getFloat64(at + i * 8);
    this.lengths[place] = end - at;
  }
}

/** 300 KB in all: within a processor's own cache. A power of two. */
const PLACES = 4096;
const KEY_WORDS = 3;
/** `IP 255.255.255.255.65535 > 255.255.255.255.65535: ` has 50 octets. */
const TEXT_EIGHTS = 7;
