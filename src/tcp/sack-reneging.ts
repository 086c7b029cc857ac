import { seqDelta } from '../bytes/seq.ts';
import { END } from '../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../wire/segment.ts';

/** Octets that a receiver acknowledged selectively and then denied: the frames of the first and the last ACK that left them out. */
export interface Reneging {
  readonly octets: number;
  readonly firstFrame: number;
  readonly lastFrame: number;
}

/** What the SACK options of one end have said of the other's octets above its ACK. */
interface Scoreboard {
  /** Start, end, start, end …, in no order; `newest` timestamp; the frame that said it. */
  blocks: number[];
  newest: number;
  stamped: boolean;
  /** It has named several blocks at once: one that it leaves out is gone. */
  several: boolean;
  /** The first ACK that left something out, how many since did, and how many octets. */
  missingFrame: number;
  missingTimes: number;
  missingOctets: number;
}

/**
 * Receivers that drop what they had acknowledged selectively (RFC 2018 8). SACK options are as rare as loss: what is
 * kept for them may cost a little.
 */
export class SackReneging {
  /** Directions of which something is acknowledged selectively now, or has been. */
  get active(): number {
    return this.boards.size;
  }

  /** By where the words of the end begin whose octets are meant. */
  private readonly boards = new Map<number, Scoreboard>();
  private readonly found = new Map<number, Reneging>();

  /** A segment of the end that acknowledges what `sender` sent. */
  take(i32: Int32Array, sender: number, segment: SegmentView): void {
    const { flags, ack, sackCount, hasTimestamps, tsVal } = segment;
    if ((flags & (SYN | FIN | RST | ACK)) !== ACK || segment.tcpEnd - segment.tcpAt < segment.headerLength) return;
    const blocks = this.read(segment, i32[sender + END.sndNxt]!);
    if (blocks === null) return;
    let board = this.boards.get(sender);
    if (board === undefined) {
      if (blocks.length === 0) return;
      board = {
        blocks: [],
        newest: tsVal,
        stamped: hasTimestamps !== 0,
        several: false,
        missingFrame: 0,
        missingTimes: 0,
        missingOctets: 0,
      };
      this.boards.set(sender, board);
    }
    // An older ACK than one before: it knew less.
    if (hasTimestamps !== 0 && board.stamped && seqDelta(board.newest, tsVal) < 0) return;
    if (seqDelta(ack, i32[sender + END.sndUna]!) > 0) return;
    board.newest = tsVal;
    const known = above(board.blocks, ack);
    const full = sackCount >= FULL;
    const complete = blocks.length === 0 ? segment.roomLength === 0 : board.several;
    const missing = full || !complete ? 0 : uncovered(known, blocks);
    if (missing === 0) {
      board.missingTimes = 0;
      if (full || complete || blocks.length > 0) board.blocks = blocks;
    } else {
      if (board.missingTimes++ === 0) board.missingFrame = segment.frame;
      board.missingOctets = missing;
      board.blocks = known.concat(blocks);
      if (board.missingTimes === CONFIRMED) {
        const { missingFrame, missingOctets } = board;
        this.found.set(sender, { octets: missingOctets, firstFrame: missingFrame, lastFrame: segment.frame });
        board.blocks = blocks;
        board.missingTimes = 0;
      }
    }
    if (blocks.length > 2) board.several = true;
    if (board.blocks.length === 0) this.boards.delete(sender);
  }

  /** What was denied of the octets of the end whose words begin there. */
  of(sender: number): Reneging | undefined {
    return this.found.get(sender);
  }

  forget(end: number): void {
    if (this.boards.size + this.found.size === 0) return;
    this.boards.delete(end);
    this.found.delete(end);
  }

  /** The blocks above the ACK; null where one lies beyond all that was sent: a device has shifted sequence numbers. */
  private read({ view, ack, sackAt, sackCount }: SegmentView, sndNxt: number): number[] | null {
    const blocks: number[] = [];
    for (let i = 0; i < sackCount; i++) {
      const start = view.getInt32(sackAt + i * 8);
      const end = view.getInt32(sackAt + i * 8 + 4);
      // RFC 2883: the first one may report octets that came twice.
      const within = i === 0 && sackCount > 1 && this.isWithin(view, sackAt + 8, start, end);
      if (seqDelta(ack, start) < 0 || within) continue;
      if (seqDelta(start, end) <= 0 || seqDelta(end, sndNxt) < 0) return null;
      blocks.push(start, end);
    }
    return blocks;
  }

  private isWithin(view: DataView, at: number, start: number, end: number): boolean {
    return seqDelta(view.getInt32(at), start) >= 0 && seqDelta(end, view.getInt32(at + 4)) >= 0;
  }
}

/** So many blocks may be all that there was room for (with timestamps: three). */
const FULL = 3;
/** ACKs in a row that leave octets out: two may have been overtaken. */
const CONFIRMED = 3;

/** What lies above the ACK. */
function above(blocks: readonly number[], ack: number): number[] {
  const rest: number[] = [];
  for (let i = 0; i < blocks.length; i += 2) {
    if (seqDelta(ack, blocks[i + 1]!) <= 0) continue;
    rest.push(seqDelta(ack, blocks[i]!) < 0 ? ack : blocks[i]!, blocks[i + 1]!);
  }
  return rest;
}

/** Octets of the blocks that none of the others holds. */
function uncovered(blocks: readonly number[], others: readonly number[]): number {
  let octets = 0;
  for (let i = 0; i < blocks.length; i += 2) {
    const start = blocks[i]!;
    const end = blocks[i + 1]!;
    let held = 0;
    for (let j = 0; j < others.length; j += 2) {
      const low = seqDelta(start, others[j]!) > 0 ? others[j]! : start;
      const high = seqDelta(end, others[j + 1]!) < 0 ? others[j + 1]! : end;
      held += Math.max(0, seqDelta(low, high));
    }
    octets += Math.max(0, seqDelta(start, end) - held);
  }
  return octets;
}
