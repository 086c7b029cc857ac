import { END, END_BITS } from '../../flow/rows.ts';

/** What a SYN+ACK offered. */
interface Answer {
  readonly isn: number;
  readonly mss: number;
  readonly windowScale: number;
  readonly sackPermitted: number;
}

/**
 * The first SYN+ACKs of flows whose SYN was answered again with another initial sequence number, before the client
 * acknowledged either: two hosts answered, or a SYN proxy did and then the server. The client's ACK tells which one counts.
 */
export class OtherAnswers {
  private readonly answers: Map<number, Answer> = new Map();

  /** Keeps what the end offered so far; another SYN+ACK takes its place. */
  keep(row: number, i32: Int32Array, end: number): void {
    if (this.answers.has(row)) return;
    this.answers.set(row, {
      isn: i32[end + END.isn]!,
      mss: i32[end + END.mss]!,
      windowScale: i32[end + END.windowScale]!,
      sackPermitted: i32[end + END.bits]! & END_BITS.sackPermitted,
    });
  }

  /** Whether `ack` acknowledges the SYN+ACK that was kept: then it is the end's again. */
  takeBack(row: number, i32: Int32Array, end: number, ack: number): boolean {
    if (this.answers.size === 0) return false;
    const first = this.answers.get(row);
    if (first === undefined || ((ack - first.isn) | 0) !== 1) return false;
    i32[end + END.isn] = first.isn;
    i32[end + END.mss] = first.mss;
    i32[end + END.windowScale] = first.windowScale;
    i32[end + END.sndNxt] = ack;
    i32[end + END.seenNxt] = ack;
    i32[end + END.bits] = (i32[end + END.bits]! & ~END_BITS.sackPermitted) | first.sackPermitted | END_BITS.seqKnown;
    this.answers.delete(row);
    return true;
  }

  forget(row: number): void {
    if (this.answers.size > 0) this.answers.delete(row);
  }
}
