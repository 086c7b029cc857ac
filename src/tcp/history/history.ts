import { seqDelta } from '../../bytes/seq.ts';
import { CLIENT, END, FLOW, type FlowRows, SERVER } from '../../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import type { Islands } from '../islands.ts';
import { conclude, givesUp, meet } from './connection.ts';
import { COUNTED, HistoryExtras } from './extras.ts';
import { noteGap, noteTruncation } from './gaps.ts';
import {
  addCounted,
  addLetter,
  addOnce,
  extraOf,
  LETTER,
  noteFlags,
  noteStart,
  noteZeroWindow,
  repeatsOctets,
  seeLetter,
} from './letters.ts';
import { isPlain, keptOctets, settle } from './quiet.ts';
import { ATTEMPT_DELAY, changeStates, closeEnd, flipAfterSynAck } from './states.ts';
import { enterState, HISTORY, stateOf, ZEEK } from './word.ts';

/**
 * A flow as Zeek sees it: its own states of both ends, and the letters of `history` in the order in which Zeek writes
 * them (conn.log, Zeek 5.1 and later). The states are not RFC 9293's: see docs/differences.md.
 *
 * A segment that brings nothing new leaves at one test (`isQuiet`): its letter is there, the states can't change, it
 * repeats nothing and acknowledges nothing that is missing.
 */
export class History {
  readonly extras: HistoryExtras = new HistoryExtras();
  readonly rows: FlowRows;
  readonly islands: Islands;
  private readonly kept: boolean;

  /** @param kept somebody will ask: without, nothing is kept of the handshake, and no other segment may be taken */
  constructor(rows: FlowRows, islands: Islands, kept: boolean) {
    this.rows = rows;
    this.islands = islands;
    this.kept = kept;
  }

  /**
   * Takes a segment in step (tcp/steady.ts) that is not quiet: it repeats nothing, and acknowledges what was sent. Between
   * ends that Zeek too holds for connected it can bring one letter, the end of its side, and a gap of payload that was not
   * kept whole.
   */
  takeInStep(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const { i32, f64 } = this.rows;
    const word = i32[row + FLOW.history]!;
    const length = segment.roomLength;
    const kept = keptOctets(segment);
    const until = f64[(row >> 1) + FLOW.historyUntilF64]!;
    const fin = (segment.flags & FIN) !== 0;
    if (
      (word & (HISTORY.begun | HISTORY.over | HISTORY.doubtful | HISTORY.attempt | HISTORY.connectedStates)) !==
        (HISTORY.begun | HISTORY.bothConnected) ||
      (fin && ((word & (HISTORY.didClose << side)) !== 0 || until !== 0)) ||
      (until !== 0 && segment.time >= until) ||
      kept < 0
    ) {
      this.take(row, side, sender, receiver, segment);
      return;
    }
    if (fin) {
      seeLetter(i32, row, side, LETTER.fin);
      addLetter(this, row, side, LETTER.fin);
      enterState(i32, row, side, ZEEK.closed);
      closeEnd(this.rows, row, side, segment.time);
      if (f64[(row >> 1) + FLOW.historyUntilF64] !== 0)
        i32[row + FLOW.history] = i32[row + FLOW.history]! & ~HISTORY.quiet;
    } else {
      const quiet = (length === 0 ? HISTORY.quietAck : HISTORY.quietData) << (side * 2);
      if ((word & quiet) === 0) {
        addOnce(this, row, side, length === 0 ? LETTER.ack : LETTER.data);
        if (until === 0) i32[row + FLOW.history] = word | quiet;
      }
    }
    const hasExtras = i32[row + FLOW.historyExtra] !== 0;
    if (hasExtras || seqDelta(i32[receiver + END.seenNxt]!, segment.ack) > 0)
      noteGap(this, row, 1 - side, receiver, segment);
    if (length !== 0 && (hasExtras || kept < length)) noteTruncation(this, row, side, sender, segment);
  }

  /** The SYN with which a flow begins. */
  beginWithSyn(row: number, seq: number, time: number): void {
    if (!this.kept) return;
    const { i32, f64 } = this.rows;
    i32[row + FLOW.history] = WAITING;
    i32[row + FLOW.historyStart] = seq;
    addOnce(this, row, CLIENT, LETTER.syn);
    f64[(row >> 1) + FLOW.historyUntilF64] = time + ATTEMPT_DELAY;
  }

  /** Whether the flow has come no further than that, and a SYN+ACK is what Zeek waits for. */
  awaitsAnswer(row: number, time: number): boolean {
    const { i32, f64 } = this.rows;
    return !this.kept || (i32[row + FLOW.history] === WAITING && time < f64[(row >> 1) + FLOW.historyUntilF64]!);
  }

  /** The SYN+ACK that it waits for. */
  answer(row: number, seq: number): void {
    if (!this.kept) return;
    const { i32, f64 } = this.rows;
    i32[row + FLOW.history] = ANSWERED;
    i32[row + FLOW.historyStart + 1] = seq;
    seeLetter(i32, row, SERVER, LETTER.syn);
    addLetter(this, row, SERVER, LETTER.synAck);
    f64[(row >> 1) + FLOW.historyUntilF64] = 0;
  }

  /** Takes a segment that is not quiet, before the tracker counts what it sends and acknowledges. */
  take(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    if (isPlain(i32[row + FLOW.history]!, side, segment)) {
      this.takePlain(row, side, sender, receiver, segment);
      return;
    }
    if (!meet(this, row, side, segment)) return;
    if ((i32[row + FLOW.history]! & HISTORY.doubtful) !== 0) this.resolve(row, side, segment);
    // Zeek drops a segment whose TCP header was not kept whole.
    if (segment.tcpAt + segment.headerLength > segment.tcpEnd) return;
    const { flags } = segment;
    const acks = (flags & ACK) !== 0;
    const heard = stateOf(i32, row, 1 - side) !== ZEEK.inactive;
    flipAfterSynAck(this.rows, row, side, segment);
    noteStart(i32, row, side, segment);
    noteFlags(this, row, side, sender, segment);
    if (segment.window === 0 && (flags & RST) === 0) noteZeroWindow(this, row, side);
    if (acks && !heard) i32[row + FLOW.historyStart + 1 - side] = (segment.ack - 1) | 0;
    if (segment.roomLength !== 0 && repeatsOctets(i32, row, side, sender, segment))
      addCounted(this, row, side, COUNTED.repeat);
    if ((flags & (SYN | FIN | RST)) !== 0 || stateOf(i32, row, side) === ZEEK.inactive)
      changeStates(this.rows, row, side, segment);
    if (acks && heard && sender !== receiver) noteGap(this, row, 1 - side, receiver, segment);
    if (segment.roomLength !== 0) noteTruncation(this, row, side, sender, segment);
    settle(this.rows, row);
  }

  /** A segment whose letter is there, in a flow whose payload was not kept whole: repeats and gaps alone can be new. */
  private takePlain(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    const sends = segment.roomLength !== 0;
    if (sends && repeatsOctets(i32, row, side, sender, segment)) addCounted(this, row, side, COUNTED.repeat);
    if ((segment.flags & ACK) !== 0 && sender !== receiver) noteGap(this, row, 1 - side, receiver, segment);
    if (sends) noteTruncation(this, row, side, sender, segment);
  }

  /**
   * A segment whose checksum is wrong. Zeek calls it corrupt (C) and looks no further, or with -C does not look at
   * checksums at all; whether it arrived, its acknowledgment or its repeat tells.
   */
  takeCorrupt(row: number, side: number, segment: SegmentView): void {
    if (!meet(this, row, side, segment)) return;
    const i32 = this.rows.i32;
    const doubtful = (i32[row + FLOW.history]! & HISTORY.doubtful) !== 0;
    const end = (segment.seq + segment.roomLength) | 0;
    if (doubtful && this.extras.doubtNext(extraOf(this, row), side, segment.seq, end)) return;
    if (doubtful || segment.roomLength === 0 || (segment.flags & (SYN | RST)) !== 0) {
      addCounted(this, row, side, COUNTED.checksum);
      return;
    }
    this.extras.doubt(extraOf(this, row), side, segment.seq, end);
    i32[row + FLOW.history] = (i32[row + FLOW.history]! | HISTORY.doubtful) & ~HISTORY.quiet;
  }

  /** Whether the segment with a wrong checksum arrived: it is acknowledged, or sent again. */
  private resolve(row: number, side: number, segment: SegmentView): void {
    const i32 = this.rows.i32;
    const extra = extraOf(this, row);
    const { extras } = this;
    const doubted = extras.doubtedSide(extra);
    if (side === doubted) {
      const ahead = seqDelta(segment.seq, extras.doubtedStart(extra));
      if (ahead < 0 || ahead >= segment.roomLength) return;
      addCounted(this, row, side, COUNTED.checksum);
    } else {
      if ((segment.flags & ACK) === 0 || seqDelta(extras.doubtedStart(extra), segment.ack) <= 0) return;
      addOnce(this, row, doubted, LETTER.data);
      extras.trust(extra);
    }
    i32[row + FLOW.history] = i32[row + FLOW.history]! & ~HISTORY.doubtful;
  }

  /** Nothing was said for `gap` nanoseconds. */
  takeSilence(row: number, gap: number): void {
    if (givesUp(this.rows.i32, row, gap)) conclude(this.rows, row);
  }

  /** The flow is handed on: what it had beside its row is given back. */
  forget(row: number): void {
    const number = this.rows.i32[row + FLOW.historyExtra]!;
    if (number !== 0) this.extras.give(number - 1);
  }
}

/** FLOW.history where the client has sent its SYN; and where the server has answered it. */
const WAITING = HISTORY.begun | HISTORY.attempt | ZEEK.synSent;
const ANSWERED = HISTORY.begun | HISTORY.bothConnected | (ZEEK.synSent << 6);
