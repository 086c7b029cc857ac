import { seqDelta } from '../../bytes/seq.ts';
import { CHECKSUM, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import { NOTE } from '../verdict.ts';

/**
 * What payload can be known by again without being kept: hashes of its first octets. Equal octets have equal hashes, so
 * hashes that differ prove that the octets do. One object; each segment overwrites it.
 */
export class Fingerprint {
  /** Hashes of the first OPENING octets and of the first MORE, or of all where there are fewer. Never 0. */
  opening = 0;
  more = 0;

  /** Whether the payload is one to compare: intact, wholly captured, part of the stream, and no keep-alive's. */
  read(segment: SegmentView, notes: number): boolean {
    const { view, checksum, flags, roomLength } = segment;
    const intact = checksum === CHECKSUM.good || checksum === CHECKSUM.partial;
    if (!intact || (flags & (SYN | RST)) !== 0 || (notes & (NOTE.keepAlive | NOTE.checksumBad)) !== 0) return false;
    const from = segment.tcpAt + segment.headerLength;
    if (segment.tcpEnd - from < roomLength) return false;
    this.opening = hash(view, from, Math.min(roomLength, OPENING));
    this.more = hash(view, from, Math.min(roomLength, MORE));
    return true;
  }

  /**
   * Whether the segment that was read says other octets than an earlier one, at sequence numbers that both hold. Told
   * where this one holds the earlier one's beginning.
   *
   * @param seq where the earlier one's `length` octets begin
   */
  contradicts(segment: SegmentView, seq: number, length: number, opening: number, more: number): boolean {
    const skip = seqDelta(segment.seq, seq);
    const { view, roomLength } = segment;
    if (skip < 0 || skip >= roomLength) return false;
    const from = segment.tcpAt + segment.headerLength + skip;
    const least = Math.min(length, OPENING);
    const most = Math.min(length, MORE);
    if (skip + most <= roomLength) return hash(view, from, most) !== more;
    return skip + least <= roomLength && hash(view, from, least) !== opening;
  }
}

/** Octets: what somebody else made up differs early on. */
const OPENING = 32;
const MORE = 128;

/** FNV-1a over octets. */
function hash(view: DataView, from: number, length: number): number {
  let value = 0x811c9dc5 | 0;
  for (let at = from; at < from + length; at++) value = Math.imul(value ^ view.getUint8(at), 0x01000193);
  return value === 0 ? 1 : value;
}
