import { seqDelta } from '../../bytes/seq.ts';
import { END } from '../../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../../wire/segment.ts';

/** Octets that a receiver acknowledged selectively and then denied: the frames of the first and the last ACK that left them out. */
export interface Reneging {
  readonly octets: number;
  readonly firstFrame: number;
  readonly lastFrame: number;
}

/** Some blocks of octets, in no order. */
class Blocks {
  /** Words in use. */
  length = 0;
  /** Start, end, start, end … */
  readonly words: Int32Array = new Int32Array(2 * MOST);

  add(start: number, end: number): void {
    if (this.length === this.words.length) return;
    this.words[this.length++] = start;
    this.words[this.length++] = end;
  }

  addAll(others: Blocks): void {
    for (let i = 0; i < others.length; i += 2) this.add(others.words[i]!, others.words[i + 1]!);
  }

  become(others: Blocks): void {
    this.length = 0;
    this.addAll(others);
  }
}

/** What the SACK options of one end have said of the other's octets above its ACK. */
class Scoreboard {
  readonly blocks: Blocks = new Blocks();
  /** The newest timestamp. */
  newest: number;
  readonly stamped: boolean;
  /** It has named several blocks at once: one that it leaves out is gone. */
  several = false;
  /** The first ACK that left something out, how many since did, and how many octets. */
  missingFrame = 0;
  missingTimes = 0;
  missingOctets = 0;

  constructor({ hasTimestamps, tsVal }: SegmentView) {
    this.newest = tsVal;
    this.stamped = hasTimestamps !== 0;
  }
}

/**
 * Receivers that drop what they had acknowledged selectively (RFC 2018 8). Where a fast connection loses now and then,
 * most ACKs have SACK options: nothing is allocated for one of them.
 */
export class SackReneging {
  /** Directions of which something is acknowledged selectively now, or has been. */
  get active(): number {
    return this.boards.size;
  }

  /** By where the words of the end begin whose octets are meant. */
  private readonly boards = new Map<number, Scoreboard>();
  private readonly found = new Map<number, Reneging>();
  /** What the segment says, and what was known of it before. */
  private readonly told = new Blocks();
  private readonly known = new Blocks();

  /** A segment of the end that acknowledges what `sender` sent. */
  take(i32: Int32Array, sender: number, segment: SegmentView): void {
    const { flags, ack, sackCount, hasTimestamps, tsVal } = segment;
    if ((flags & (SYN | FIN | RST | ACK)) !== ACK || segment.tcpEnd - segment.tcpAt < segment.headerLength) return;
    const { told, known } = this;
    if (!this.read(segment, i32[sender + END.sndNxt]!)) return;
    let board = this.boards.get(sender);
    if (board === undefined) {
      if (told.length === 0) return;
      board = new Scoreboard(segment);
      this.boards.set(sender, board);
    }
    // An older ACK than one before: it knew less.
    if (hasTimestamps !== 0 && board.stamped && seqDelta(board.newest, tsVal) < 0) return;
    if (seqDelta(ack, i32[sender + END.sndUna]!) > 0) return;
    board.newest = tsVal;
    keepAbove(board.blocks, ack, known);
    const full = sackCount >= FULL;
    const complete = told.length === 0 ? segment.roomLength === 0 : board.several;
    const missing = full || !complete ? 0 : uncovered(known, told);
    if (missing === 0) {
      board.missingTimes = 0;
      if (full || complete || told.length > 0) board.blocks.become(told);
    } else {
      if (board.missingTimes++ === 0) board.missingFrame = segment.frame;
      board.missingOctets = missing;
      board.blocks.become(known);
      board.blocks.addAll(told);
      if (board.missingTimes === CONFIRMED) {
        const { missingFrame, missingOctets } = board;
        this.found.set(sender, { octets: missingOctets, firstFrame: missingFrame, lastFrame: segment.frame });
        board.blocks.become(told);
        board.missingTimes = 0;
      }
    }
    if (told.length > 2) board.several = true;
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

  /** Reads the blocks above the ACK; false where one lies beyond all that was sent: a device has shifted sequence numbers. */
  private read({ view, ack, sackAt, sackCount }: SegmentView, sndNxt: number): boolean {
    const { told } = this;
    told.length = 0;
    for (let i = 0; i < sackCount; i++) {
      const start = view.getInt32(sackAt + i * 8);
      const end = view.getInt32(sackAt + i * 8 + 4);
      // RFC 2883: the first one may report octets that came twice.
      const within = i === 0 && sackCount > 1 && this.isWithin(view, sackAt + 8, start, end);
      if (seqDelta(ack, start) < 0 || within) continue;
      if (seqDelta(start, end) <= 0 || seqDelta(end, sndNxt) < 0) return false;
      told.add(start, end);
    }
    return true;
  }

  private isWithin(view: DataView, at: number, start: number, end: number): boolean {
    return seqDelta(view.getInt32(at), start) >= 0 && seqDelta(end, view.getInt32(at + 4)) >= 0;
  }
}

/** So many blocks may be all that there was room for (with timestamps: three). */
const FULL = 3;
/** ACKs in a row that leave octets out: two may have been overtaken. */
const CONFIRMED = 3;

/** Most blocks of one end: an option has room for four, and three ACKs may differ before they are believed. */
const MOST = 12;

/** Writes what of the blocks lies above the ACK to `kept`. */
function keepAbove({ words, length }: Blocks, ack: number, kept: Blocks): void {
  kept.length = 0;
  for (let i = 0; i < length; i += 2) {
    if (seqDelta(ack, words[i + 1]!) <= 0) continue;
    kept.add(seqDelta(ack, words[i]!) < 0 ? ack : words[i]!, words[i + 1]!);
  }
}

/** Octets of the blocks that none of the others holds. */
function uncovered(blocks: Blocks, others: Blocks): number {
  let octets = 0;
  for (let i = 0; i < blocks.length; i += 2) {
    const start = blocks.words[i]!;
    const end = blocks.words[i + 1]!;
    let held = 0;
    for (let j = 0; j < others.length; j += 2) {
      const low = seqDelta(start, others.words[j]!) > 0 ? others.words[j]! : start;
      const high = seqDelta(end, others.words[j + 1]!) < 0 ? others.words[j + 1]! : end;
      held += Math.max(0, seqDelta(low, high));
    }
    octets += Math.max(0, seqDelta(start, end) - held);
  }
  return octets;
}
