import type { ByteWriter } from '../bytes/writer.ts';

/** What tcpdump 4.99 prints of an L2TP header (RFC 2661 3.1), up to the brace before the packet in it. */
export class L2tpPrefix {
  /** Where PPP begins, and its end. */
  next = 0;
  limit = 0;

  /**
   * Writes the text of the header at `at`. Answers whether a packet follows: not behind a control message, and not where
   * the header's length can't be.
   *
   * @param end first octet past what was kept
   * @param limit the datagram's end on the wire
   */
  write(out: ByteWriter, view: DataView, at: number, end: number, limit: number): boolean {
    if (at + 2 > end) return false;
    const flags = view.getUint16(at);
    if ((flags & VERSION) !== 2 || (flags & CONTROL) !== 0) return false;
    const lengthAt = at + 2;
    const idsAt = (flags & LENGTH) === 0 ? lengthAt : lengthAt + 2;
    const numbersAt = idsAt + 4;
    const offsetAt = (flags & SEQUENCE) === 0 ? numbersAt : numbersAt + 4;
    let next = (flags & OFFSET) === 0 ? offsetAt : offsetAt + 2;
    if (next > end) return false;
    if ((flags & OFFSET) !== 0) next += view.getUint16(offsetAt);
    this.limit = limit;
    if ((flags & LENGTH) !== 0) {
      const length = view.getUint16(lengthAt);
      if (at + length > limit) return false;
      this.limit = at + length;
    }
    this.next = next;
    if (next > this.limit) return false;
    out.ascii(' l2tp:[');
    for (const [bit, letter] of LETTERS) if ((flags & bit) !== 0) out.ascii(letter);
    out.ascii(`](${view.getUint16(idsAt)}/${view.getUint16(idsAt + 2)})`);
    if ((flags & SEQUENCE) !== 0) out.ascii(`Ns=${view.getUint16(numbersAt)},Nr=${view.getUint16(numbersAt + 2)}`);
    out.ascii(' {');
    return true;
  }
}

/** Bits of the first two octets. */
const CONTROL = 0x8000;
const LENGTH = 0x4000;
const SEQUENCE = 0x0800;
const OFFSET = 0x0200;
const PRIORITY = 0x0100;
const VERSION = 0x000f;
const LETTERS: readonly (readonly [bit: number, letter: string])[] = [
  [LENGTH, 'L'],
  [SEQUENCE, 'S'],
  [OFFSET, 'O'],
  [PRIORITY, 'P'],
];
