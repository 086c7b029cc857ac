import { seqDelta } from '../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, type FlowRows, SERVER } from '../flow/rows.ts';
import { ACK, CHECKSUM, FIN, RST, type SegmentView, SYN } from '../wire/segment.ts';
import { COUNTED, HistoryExtras, octetsOf } from './history-extras.ts';
import type { Islands } from './islands.ts';
import { isLikelyServer, isPatient } from './likely-servers.ts';

/**
 * A flow as Zeek sees it: its own states of both ends, and the letters of `history` in the order in which Zeek writes
 * them (conn.log, Zeek 5.1 and later). The states are not RFC 9293's: see docs/differences.md.
 *
 * A segment that brings nothing new leaves at one test (`isQuiet`): its letter is there, the states can't change, it
 * repeats nothing and acknowledges nothing that is missing.
 */
export class History {
  readonly extras: HistoryExtras = new HistoryExtras();
  private readonly rows: FlowRows;
  private readonly islands: Islands;
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
      (word & (BEGUN | OVER | DOUBTFUL | ATTEMPT | CONNECTED_STATES)) !== (BEGUN | BOTH_CONNECTED) ||
      (fin && ((word & (DID_CLOSE << side)) !== 0 || until !== 0)) ||
      (until !== 0 && segment.time >= until) ||
      kept < 0
    ) {
      this.take(row, side, sender, receiver, segment);
      return;
    }
    if (fin) {
      this.see(row, side, LETTER.fin);
      this.add(row, side, LETTER.fin);
      this.enter(row, side, ZEEK.closed);
      this.close(row, side, segment.time);
      if (f64[(row >> 1) + FLOW.historyUntilF64] !== 0)
        i32[row + FLOW.history] = i32[row + FLOW.history]! & ~QUIET_BITS;
    } else {
      const quiet = (length === 0 ? QUIET_ACK : QUIET_DATA) << (side * 2);
      if ((word & quiet) === 0) {
        this.once(row, side, length === 0 ? LETTER.ack : LETTER.data);
        if (until === 0) i32[row + FLOW.history] = word | quiet;
      }
    }
    const hasExtras = i32[row + FLOW.historyExtra] !== 0;
    if (hasExtras || seqDelta(i32[receiver + END.seenNxt]!, segment.ack) > 0)
      this.noteGap(row, 1 - side, receiver, segment);
    if (length !== 0 && (hasExtras || kept < length)) this.noteTruncation(row, side, sender, segment);
  }

  /** The SYN with which a flow begins. */
  beginWithSyn(row: number, seq: number, time: number): void {
    if (!this.kept) return;
    const { i32, f64 } = this.rows;
    i32[row + FLOW.history] = WAITING;
    i32[row + FLOW.historyStart] = seq;
    this.once(row, CLIENT, LETTER.syn);
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
    this.see(row, SERVER, LETTER.syn);
    this.add(row, SERVER, LETTER.synAck);
    f64[(row >> 1) + FLOW.historyUntilF64] = 0;
  }

  /** Takes a segment that is not quiet, before the tracker counts what it sends and acknowledges. */
  take(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    if (isPlain(this.rows.i32[row + FLOW.history]!, side, segment)) {
      this.takePlain(row, side, sender, receiver, segment);
      return;
    }
    if (!this.meet(row, side, segment)) return;
    if ((this.rows.i32[row + FLOW.history]! & DOUBTFUL) !== 0) this.resolve(row, side, segment);
    // Zeek drops a segment whose TCP header was not kept whole.
    if (segment.tcpAt + segment.headerLength > segment.tcpEnd) return;
    const { flags } = segment;
    const acks = (flags & ACK) !== 0;
    const heard = this.state(row, 1 - side) !== ZEEK.inactive;
    this.flipAfterSynAck(row, side, segment);
    this.noteStart(row, side, segment);
    this.noteFlags(row, side, sender, segment);
    if (segment.window === 0 && (flags & RST) === 0) this.noteZeroWindow(row, side);
    if (acks && !heard) this.rows.i32[row + FLOW.historyStart + 1 - side] = (segment.ack - 1) | 0;
    if (segment.roomLength !== 0 && this.repeats(row, side, sender, segment)) this.count(row, side, COUNTED.repeat);
    if ((flags & (SYN | FIN | RST)) !== 0 || this.state(row, side) === ZEEK.inactive) this.step(row, side, segment);
    if (acks && heard && sender !== receiver) this.noteGap(row, 1 - side, receiver, segment);
    if (segment.roomLength !== 0) this.noteTruncation(row, side, sender, segment);
    this.settle(row);
  }

  /** A segment whose letter is there, in a flow whose payload was not kept whole: repeats and gaps alone can be new. */
  private takePlain(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const sends = segment.roomLength !== 0;
    if (sends && this.repeats(row, side, sender, segment)) this.count(row, side, COUNTED.repeat);
    if ((segment.flags & ACK) !== 0 && sender !== receiver) this.noteGap(row, 1 - side, receiver, segment);
    if (sends) this.noteTruncation(row, side, sender, segment);
  }

  /**
   * A segment whose checksum is wrong. Zeek calls it corrupt (C) and looks no further, or with -C does not look at
   * checksums at all; whether it arrived, its acknowledgment or its repeat tells.
   */
  takeCorrupt(row: number, side: number, segment: SegmentView): void {
    if (!this.meet(row, side, segment)) return;
    const i32 = this.rows.i32;
    const doubtful = (i32[row + FLOW.history]! & DOUBTFUL) !== 0;
    const end = (segment.seq + segment.roomLength) | 0;
    if (doubtful && this.extras.doubtNext(this.extraOf(row), side, segment.seq, end)) return;
    if (doubtful || segment.roomLength === 0 || (segment.flags & (SYN | RST)) !== 0) {
      this.count(row, side, COUNTED.checksum);
      return;
    }
    this.extras.doubt(this.extraOf(row), side, segment.seq, end);
    i32[row + FLOW.history] = (i32[row + FLOW.history]! | DOUBTFUL) & ~QUIET_BITS;
  }

  /** Whether the segment with a wrong checksum arrived: it is acknowledged, or sent again. */
  private resolve(row: number, side: number, segment: SegmentView): void {
    const i32 = this.rows.i32;
    const extra = this.extraOf(row);
    const { extras } = this;
    const doubted = extras.doubtedSide(extra);
    if (side === doubted) {
      const ahead = seqDelta(segment.seq, extras.doubtedStart(extra));
      if (ahead < 0 || ahead >= segment.roomLength) return;
      this.count(row, side, COUNTED.checksum);
    } else {
      if ((segment.flags & ACK) === 0 || seqDelta(extras.doubtedStart(extra), segment.ack) <= 0) return;
      this.once(row, doubted, LETTER.data);
      extras.trust(extra);
    }
    i32[row + FLOW.history] = i32[row + FLOW.history]! & ~DOUBTFUL;
  }

  /** Nothing was said for `gap` nanoseconds: Zeek gives a connection up after five minutes, an interactive one after an hour. */
  takeSilence(row: number, gap: number): void {
    const i32 = this.rows.i32;
    const word = i32[row + FLOW.history]!;
    if (gap < MINUTES_5 || (word & (BEGUN | OVER)) !== BEGUN) return;
    if (gap >= HOUR || !isPatient(this.portOf(row, 1 - originator(word)))) this.conclude(row);
  }

  /** The flow is handed on: what it had beside its row is given back. */
  forget(row: number): void {
    const number = this.rows.i32[row + FLOW.historyExtra]!;
    if (number !== 0) this.extras.give(number - 1);
  }

  /** Begins the connection, or ends it where Zeek would; answers whether the segment is still part of it. */
  private meet(row: number, side: number, segment: SegmentView): boolean {
    const { i32, f64 } = this.rows;
    const word = i32[row + FLOW.history]!;
    if ((word & OVER) !== 0) return false;
    if ((word & BEGUN) === 0) {
      this.begin(row, side, segment);
      return true;
    }
    const until = f64[row / 2 + FLOW.historyUntilF64]!;
    if (until !== 0 && segment.time >= until) {
      if ((word & ATTEMPT) === 0) {
        this.conclude(row);
        return false;
      }
      // Nobody answered for five seconds: to Zeek that was all, and this is another connection.
      this.restart(row);
      this.begin(row, side, segment);
      return true;
    }
    if ((segment.flags & SYN) === 0 || !this.reuses(row, segment)) return true;
    this.conclude(row);
    return false;
  }

  /** The originator is the sender, unless its port is a likely server's and this is no SYN. */
  private begin(row: number, side: number, segment: SegmentView): void {
    const { sourcePort, destinationPort, flags } = segment;
    let flipped = false;
    if ((flags & (SYN | ACK)) !== SYN && isLikelyServer(sourcePort))
      flipped = !isLikelyServer(destinationPort) || ((flags & SYN) === 0 && sourcePort < destinationPort);
    const origin = flipped ? 1 - side : side;
    this.rows.i32[row + FLOW.history] = BEGUN | (flipped ? FLIPPED : 0) | (origin === SERVER ? ORIGIN_SERVER : 0);
  }

  private restart(row: number): void {
    const { i32, f64 } = this.rows;
    this.forget(row);
    i32.fill(0, row + FLOW.history, row + FLOW.historyLetters + IN_ROW / 6);
    i32.fill(0, row + FLOW.historyExtra, row + FLOW.historyStart + 2);
    f64[row / 2 + FLOW.historyUntilF64] = 0;
  }

  /** No later segment belongs to the connection that Zeek saw first. */
  private conclude(row: number): void {
    const i32 = this.rows.i32;
    this.settle(row);
    // What was not seen stays worth a look: others count on a side's first payload (tcp/timing.ts).
    i32[row + FLOW.history] = i32[row + FLOW.history]! | OVER | QUIET_ACK | (QUIET_ACK << 2);
  }

  /** Whether Zeek takes a SYN (or, of a half connection, a SYN+ACK) for the beginning of another connection. */
  private reuses(row: number, segment: SegmentView): boolean {
    const i32 = this.rows.i32;
    const word = i32[row + FLOW.history]!;
    const origin = originator(word);
    const synAck = (segment.flags & ACK) !== 0;
    if (synAck && this.state(row, origin) !== ZEEK.inactive) return false;
    if ((word & BOTH_CLOSED) !== 0) return true;
    const start = i32[row + FLOW.historyStart + (synAck ? 1 - origin : origin)]!;
    if (segment.seq === start) return false;
    // SYN and SYN+ACK in the wrong order are no reuse.
    return (
      synAck ||
      this.state(row, origin) !== ZEEK.synAckSent ||
      this.state(row, 1 - origin) !== ZEEK.inactive ||
      segment.seq !== i32[row + FLOW.historyStart + 1 - origin]
    );
  }

  /**
   * A connection that began with a SYN+ACK and goes on, or whose SYN comes late, was no scan: who sent the SYN+ACK is
   * the responder.
   */
  private flipAfterSynAck(row: number, side: number, segment: SegmentView): void {
    const word = this.rows.i32[row + FLOW.history]!;
    const origin = originator(word);
    if (this.state(row, origin) !== ZEEK.synAckSent || this.state(row, 1 - origin) !== ZEEK.inactive) return;
    const { flags } = segment;
    const goesOn = (flags & (SYN | FIN | RST)) === 0 && ((flags & ACK) !== 0 || segment.roomLength !== 0);
    if (!goesOn && (side === origin || (flags & (SYN | ACK)) !== SYN)) return;
    this.flip(row);
    this.enter(row, origin, ZEEK.established);
    if (!goesOn) this.enter(row, side, ZEEK.established);
  }

  private flip(row: number): void {
    const i32 = this.rows.i32;
    i32[row + FLOW.history] = ((i32[row + FLOW.history]! | FLIPPED) ^ ORIGIN_SERVER) & ~ATTEMPT;
    this.rows.f64[row / 2 + FLOW.historyUntilF64] = 0;
  }

  /** The sequence number that relative ones count from: a SYN's, or one before the first octet seen. */
  private noteStart(row: number, side: number, segment: SegmentView): void {
    const i32 = this.rows.i32;
    const at = row + FLOW.historyStart + side;
    const state = this.state(row, side);
    const syn = (segment.flags & SYN) !== 0;
    if (state === ZEEK.inactive) i32[at] = syn ? segment.seq : (segment.seq - 1) | 0;
    else if (syn && this.startsAnew(row, side, state)) i32[at] = segment.seq;
  }

  private startsAnew(row: number, side: number, state: number): boolean {
    return state !== ZEEK.closed && (state !== ZEEK.reset || this.previous(row, side) === ZEEK.inactive);
  }

  /** S, H, F, R, D, A, and I and Q for flags that contradict each other. */
  private noteFlags(row: number, side: number, sender: number, segment: SegmentView): void {
    const i32 = this.rows.i32;
    const control = segment.flags & (SYN | FIN | RST);
    switch (control) {
      case 0:
        if (segment.roomLength !== 0) this.once(row, side, LETTER.data);
        else if ((segment.flags & ACK) !== 0) this.once(row, side, LETTER.ack);
        return;
      case SYN: {
        const letter = (segment.flags & ACK) !== 0 ? LETTER.synAck : LETTER.syn;
        const differs = segment.seq !== i32[row + FLOW.historyStart + side];
        if (this.seen(row, side, LETTER.syn)) {
          if (differs) this.add(row, side, letter);
        } else this.add(row, side, letter);
        this.see(row, side, LETTER.syn);
        return;
      }
      case FIN: {
        const differs = i32[sender + END.finSeq] !== ((segment.seq + segment.roomLength) | 0);
        if (differs || !this.seen(row, side, LETTER.fin)) this.add(row, side, LETTER.fin);
        this.see(row, side, LETTER.fin);
        return;
      }
      case RST:
        if (i32[sender + END.resetSeq] !== segment.seq || !this.seen(row, side, LETTER.reset))
          this.add(row, side, LETTER.reset);
        this.see(row, side, LETTER.reset);
        i32[sender + END.resetSeq] = segment.seq;
        return;
      default:
        this.once(row, side, (control & FIN) !== 0 && (control & RST) !== 0 ? LETTER.inconsistent : LETTER.multiple);
    }
  }

  /** W: a window of zero says nothing once the other end has sent its FIN, or after a RST. */
  private noteZeroWindow(row: number, side: number): void {
    if (this.state(row, 1 - side) !== ZEEK.closed && this.state(row, side) !== ZEEK.reset)
      this.count(row, side, COUNTED.zeroWindow);
  }

  /** T: payload that ends where something was sent before. */
  private repeats(row: number, side: number, sender: number, segment: SegmentView): boolean {
    const i32 = this.rows.i32;
    const { flags } = segment;
    const state = this.state(row, side);
    const syn = (flags & SYN) !== 0;
    if (state === ZEEK.inactive) return (flags & (SYN | RST)) !== 0;
    if (state === ZEEK.reset) return false;
    if (syn && this.startsAnew(row, side, state)) return true;
    if ((i32[sender + END.bits]! & END_BITS.seqKnown) === 0) return false;
    const last = i32[sender + END.sndNxt]!;
    const start = i32[row + FLOW.historyStart + side]!;
    if ((flags & FIN) !== 0 && seqDelta(start, last) === 1) return false;
    const length = (flags & RST) !== 0 ? 0 : segment.roomLength + (syn ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
    const ahead = seqDelta(last, (segment.seq + length) | 0);
    if ((flags & (SYN | RST)) !== 0 && Math.abs(ahead) > FAR) return false;
    return ahead <= 0;
  }

  /** What the flags do to Zeek's states. */
  private step(row: number, side: number, segment: SegmentView): void {
    switch (this.state(row, side)) {
      case ZEEK.inactive:
        this.appear(row, side, segment);
        return;
      case ZEEK.synSent:
      case ZEEK.synAckSent:
        this.leave(row, side, segment);
        return;
      case ZEEK.partial:
      case ZEEK.established:
        this.goOn(row, side, segment);
        return;
      case ZEEK.closed:
        if ((segment.flags & RST) !== 0 && this.state(row, 1 - side) !== ZEEK.closed) {
          this.enter(row, side, ZEEK.reset);
          this.close(row, side, segment.time);
        }
        return;
      default:
    }
  }

  /** The first segment of an end. */
  private appear(row: number, side: number, segment: SegmentView): void {
    const { i32, f64 } = this.rows;
    const { flags } = segment;
    const peer = this.state(row, 1 - side);
    const isOriginator = originator(i32[row + FLOW.history]!) === side;
    if ((flags & SYN) !== 0) {
      if (isOriginator) {
        this.enter(row, side, (flags & ACK) !== 0 ? ZEEK.synAckSent : ZEEK.synSent);
        i32[row + FLOW.history] = i32[row + FLOW.history]! | ATTEMPT;
        f64[row / 2 + FLOW.historyUntilF64] = segment.time + ATTEMPT_DELAY;
      } else {
        if (peer === ZEEK.synSent) this.enter(row, 1 - side, ZEEK.established);
        this.enter(row, side, ZEEK.established);
      }
    }
    if ((flags & FIN) !== 0) this.enter(row, side, ZEEK.closed);
    if ((flags & RST) !== 0) this.enter(row, side, ZEEK.reset);
    if ((flags & (FIN | RST)) !== 0) this.close(row, side, segment.time);
    if ((flags & (SYN | FIN | RST)) !== 0) return;
    // Some systems acknowledge a SYN before they answer it.
    if (!isOriginator && segment.roomLength === 0 && peer === ZEEK.synSent) return;
    this.enter(row, side, (flags & ACK) !== 0 && peer === ZEEK.established ? ZEEK.established : ZEEK.partial);
  }

  /** A segment of an end whose SYN nobody has answered. */
  private leave(row: number, side: number, segment: SegmentView): void {
    if ((segment.flags & FIN) !== 0) this.enter(row, side, ZEEK.closed);
    if ((segment.flags & RST) !== 0) this.enter(row, side, ZEEK.reset);
    if ((segment.flags & (FIN | RST)) !== 0) this.close(row, side, segment.time);
  }

  /** A segment of an end that takes part in a connection. */
  private goOn(row: number, side: number, segment: SegmentView): void {
    const { flags } = segment;
    const peer = this.state(row, 1 - side);
    if ((flags & (SYN | ACK)) === SYN && this.state(row, side) === ZEEK.partial && peer === ZEEK.inactive)
      this.enter(row, side, ZEEK.synSent);
    if ((flags & FIN) !== 0 && (flags & RST) === 0) {
      this.enter(row, side, ZEEK.closed);
      // FIN, RST, and now the other FIN: an ordinary end after all.
      if (peer === ZEEK.reset && this.previous(row, 1 - side) === ZEEK.closed) this.enter(row, 1 - side, ZEEK.closed);
    }
    if ((flags & RST) !== 0) this.enter(row, side, ZEEK.reset);
    if ((flags & (FIN | RST)) !== 0) this.close(row, side, segment.time);
  }

  /** An end has closed. When that was all, Zeek forgets the connection five seconds later. */
  private close(row: number, side: number, time: number): void {
    const { i32, f64 } = this.rows;
    const word = i32[row + FLOW.history]!;
    if ((word & (DID_CLOSE << side)) !== 0) return;
    i32[row + FLOW.history] = word | (DID_CLOSE << side);
    const complete =
      this.state(row, side) === ZEEK.reset ||
      (word & (DID_CLOSE << (1 - side))) !== 0 ||
      this.state(row, 1 - side) === ZEEK.inactive;
    if (!complete) return;
    i32[row + FLOW.history] = i32[row + FLOW.history]! & ~ATTEMPT;
    f64[row / 2 + FLOW.historyUntilF64] = time + CLOSE_DELAY;
  }

  /** G: the other end acknowledges what the capture does not have. Zeek says so of connections that are whole. */
  private noteGap(row: number, side: number, end: number, segment: SegmentView): void {
    const i32 = this.rows.i32;
    const bits = i32[end + END.bits]!;
    if ((bits & END_BITS.seqKnown) === 0) return;
    const number = i32[row + FLOW.historyExtra]!;
    let ack = segment.ack;
    const captured = seqDelta(i32[end + END.seenNxt]!, ack) <= 0;
    // Nearly always: and it was kept whole.
    if (captured && number === 0) return;
    if ((bits & END_BITS.finSent) !== 0 && seqDelta(i32[end + END.finSeq]!, ack) > 0) ack = i32[end + END.finSeq]!;
    if (number === 0 || !this.extras.hasCut(number - 1, side)) {
      if (captured) return;
      const holes = this.holes(row, side, end, ack);
      if (holes.length > 0) this.addGaps(row, side, holes.length / 2, octetsOf(holes));
      return;
    }
    // A hole beside what was cut short is one gap with it.
    const holes = captured ? [] : this.holes(row, side, end, ack);
    for (let i = 0; i < holes.length; i += 2) this.extras.cutOff(number - 1, side, holes[i]!, holes[i + 1]!);
    const gaps = this.extras.acknowledged(number - 1, side, ack);
    if (gaps > 0) this.addGaps(row, side, gaps, this.extras.acknowledgedOctets);
  }

  /** What an end sent before `ack`, and nobody captured: start, end, start, end … */
  private holes(row: number, side: number, end: number, ack: number): number[] {
    const { i32 } = this.rows;
    const number = i32[row + FLOW.historyExtra]!;
    let from = this.firstAwaited(end);
    if (number !== 0) from = this.extras.pastTrusted(number - 1, side, from);
    const missing = seqDelta(from, ack);
    if (missing <= 0 || missing >= IMPLAUSIBLE) return [];
    return i32[end + END.islands] === 0 ? [from, ack] : this.islands.holes(end, from, ack);
  }

  /** The first octet of an end that was neither captured nor acknowledged. */
  private firstAwaited(end: number): number {
    const { i32 } = this.rows;
    const seen = i32[end + END.seenNxt]!;
    const known = (i32[end + END.bits]! & END_BITS.unaKnown) !== 0;
    return known && seqDelta(seen, i32[end + END.sndUna]!) > 0 ? i32[end + END.sndUna]! : seen;
  }

  private addGaps(row: number, side: number, gaps: number, octets: number): void {
    if (!this.isWhole(row, side) || !this.isWhole(row, 1 - side)) return;
    for (let i = 0; i < gaps; i++) this.count(row, side, COUNTED.gap);
    if (gaps > 0) this.extras.addMissed(this.extraOf(row), octets);
  }

  private isWhole(row: number, side: number): boolean {
    const state = this.state(row, side);
    return state === ZEEK.established || (state === ZEEK.closed && this.previous(row, side) === ZEEK.established);
  }

  /** Payload that was not kept whole is a gap to Zeek as soon as it is acknowledged, if no copy of it was kept. */
  private noteTruncation(row: number, side: number, sender: number, segment: SegmentView): void {
    const { i32 } = this.rows;
    const whole = keptOctets(segment) >= segment.roomLength;
    const number = i32[row + FLOW.historyExtra]!;
    if ((whole && number === 0) || (segment.flags & RST) !== 0) return;
    let start = (segment.flags & SYN) !== 0 ? (segment.seq + 1) | 0 : segment.seq;
    const end = (start + segment.roomLength) | 0;
    if (whole) {
      this.extras.keptWhole(number - 1, side, start, end);
      return;
    }
    i32[row + FLOW.history] = i32[row + FLOW.history]! | TRUNCATED;
    if ((i32[sender + END.bits]! & END_BITS.seqKnown) !== 0) {
      const awaited = this.firstAwaited(sender);
      if (seqDelta(start, awaited) > 0) start = awaited;
    }
    if (seqDelta(start, end) <= 0) return;
    const fresh = i32[sender + END.islands] === 0 ? [start, end] : this.islands.holes(sender, start, end);
    for (let i = 0; i < fresh.length; i += 2) this.extras.cutOff(this.extraOf(row), side, fresh[i]!, fresh[i + 1]!);
  }

  /** Finds out which segments are quiet from now on. */
  private settle(row: number): void {
    const { i32, f64 } = this.rows;
    let word = i32[row + FLOW.history]!;
    const client = this.state(row, CLIENT);
    const server = this.state(row, SERVER);
    if ((word & ATTEMPT) !== 0 && client !== ZEEK.inactive && server !== ZEEK.inactive) {
      word &= ~ATTEMPT;
      f64[row / 2 + FLOW.historyUntilF64] = 0;
    }
    word &= ~QUIET_BITS;
    const open = client >= ZEEK.partial && server >= ZEEK.partial && (word & DOUBTFUL) === 0;
    if (open && f64[row / 2 + FLOW.historyUntilF64] === 0) {
      const seen = i32[row + FLOW.historySeen]!;
      for (let side = CLIENT; side <= SERVER; side++) {
        if ((seen & (seenBit(LETTER.data) << (side * 8))) !== 0) word |= QUIET_DATA << (side * 2);
        if ((seen & (seenBit(LETTER.ack) << (side * 8))) !== 0) word |= QUIET_ACK << (side * 2);
      }
    }
    i32[row + FLOW.history] = word;
  }

  private once(row: number, side: number, letter: number): void {
    if (this.seen(row, side, letter)) return;
    this.see(row, side, letter);
    this.add(row, side, letter);
  }

  private seen(row: number, side: number, letter: number): boolean {
    return (this.rows.i32[row + FLOW.historySeen]! & (seenBit(letter) << (side * 8))) !== 0;
  }

  private see(row: number, side: number, letter: number): void {
    const i32 = this.rows.i32;
    i32[row + FLOW.historySeen] = i32[row + FLOW.historySeen]! | (seenBit(letter) << (side * 8));
  }

  /** T, W, G and C: at the first, the tenth, the hundredth … */
  private count(row: number, side: number, what: number): void {
    if (this.extras.count(this.extraOf(row), side, what)) this.add(row, side, COUNTED_LETTERS[what]!);
  }

  /** Writes a letter: the first of them stand in the row, five bits each, six a word. */
  private add(row: number, side: number, letter: number): void {
    const i32 = this.rows.i32;
    const seen = i32[row + FLOW.historySeen]!;
    const length = seen >>> LENGTH_SHIFT;
    const code = letter + 1 + side * LETTERS.length;
    if (length >= IN_ROW) {
      this.extras.append(this.extraOf(row), code);
      return;
    }
    const at = row + FLOW.historyLetters + ((length / 6) | 0);
    i32[at] = i32[at]! | (code << ((length % 6) * 5));
    i32[row + FLOW.historySeen] = (seen & ((1 << LENGTH_SHIFT) - 1)) | ((length + 1) << LENGTH_SHIFT);
  }

  private extraOf(row: number): number {
    const i32 = this.rows.i32;
    if (i32[row + FLOW.historyExtra] === 0) i32[row + FLOW.historyExtra] = 1 + this.extras.take();
    return i32[row + FLOW.historyExtra]! - 1;
  }

  private state(row: number, side: number): number {
    return (this.rows.i32[row + FLOW.history]! >> (side * 3)) & 7;
  }

  private previous(row: number, side: number): number {
    return (this.rows.i32[row + FLOW.history]! >> (6 + side * 3)) & 7;
  }

  private enter(row: number, side: number, state: number): void {
    const i32 = this.rows.i32;
    const word = i32[row + FLOW.history]!;
    const before = (word >> (side * 3)) & 7;
    if (before === state) return;
    const cleared = word & ~((7 << (side * 3)) | (7 << (6 + side * 3)));
    i32[row + FLOW.history] = cleared | (state << (side * 3)) | (before << (6 + side * 3));
  }

  private portOf(row: number, side: number): number {
    const i32 = this.rows.i32;
    const isHigh = (side === CLIENT) === clientIsHigh(i32, row);
    return isHigh ? i32[row + FLOW.ports]! & 0xffff : i32[row + FLOW.ports]! >>> 16;
  }
}

/** Whether a segment can bring nothing new to `history` and `connState`: asked before it is counted. */
export function isQuiet(
  i32: Int32Array,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): boolean {
  const { flags, roomLength } = segment;
  if ((flags & (SYN | FIN | RST)) !== 0 || segment.window === 0) return false;
  const word = i32[row + FLOW.history]!;
  if (roomLength === 0) {
    if ((word & ((QUIET_ACK << (side * 2)) | TRUNCATED)) !== QUIET_ACK << (side * 2)) return false;
  } else {
    if ((word & ((QUIET_DATA << (side * 2)) | TRUNCATED)) !== QUIET_DATA << (side * 2)) return false;
    if (seqDelta(i32[sender + END.sndNxt]!, (segment.seq + roomLength) | 0) <= 0) return false;
    if (segment.checksum === CHECKSUM.unverified && keptOctets(segment) < roomLength) return false;
  }
  return (flags & ACK) === 0 || seqDelta(i32[receiver + END.seenNxt]!, segment.ack) <= 0;
}

/** Whether a segment's letter is there and the states can't change, though it is not quiet. */
function isPlain(word: number, side: number, segment: SegmentView): boolean {
  const quiet = (segment.roomLength === 0 ? QUIET_ACK : QUIET_DATA) << (side * 2);
  if ((word & (quiet | TRUNCATED | OVER)) !== (quiet | TRUNCATED)) return false;
  return (
    (segment.flags & (SYN | FIN | RST)) === 0 &&
    segment.window !== 0 &&
    segment.tcpAt + segment.headerLength <= segment.tcpEnd
  );
}

/** Which side Zeek calls the originator, of the word at FLOW.history. */
export function originator(word: number): number {
  return (word & ORIGIN_SERVER) === 0 ? CLIENT : SERVER;
}

function keptOctets(segment: SegmentView): number {
  return segment.tcpEnd - segment.tcpAt - segment.headerLength;
}

function seenBit(letter: number): number {
  return 1 << SEEN[letter]!;
}

/** Zeek's states of an end (init-bare.zeek: TCP_INACTIVE …). */
export const ZEEK = {
  inactive: 0,
  synSent: 1,
  synAckSent: 2,
  partial: 3,
  established: 4,
  closed: 5,
  reset: 6,
} as const;

/** Zeek's letters, and their places. */
export const LETTERS = 'SHADFRCGTWIQ';
const LETTER = { syn: 0, synAck: 1, ack: 2, data: 3, fin: 4, reset: 5, inconsistent: 10, multiple: 11 } as const;
/** The letters of what is counted, in the order of COUNTED. */
const COUNTED_LETTERS: readonly number[] = [8, 9, 7, 6];
/** Which bit says that a letter was written; a SYN and a SYN+ACK share one. */
const SEEN: readonly number[] = [0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6];

/** FLOW.history: states in bits 0 to 5, those before them in 6 to 11, then these. */
/** Both ends established. Whoever closes differs from it in the lowest bit of its state only. */
const BOTH_CONNECTED = ZEEK.established | (ZEEK.established << 3);
const CONNECTED_STATES = 0x36;
const BEGUN = 0x1000;
/** Zeek's connection is over; what comes later on these ports is another one to it. */
const OVER = 0x2000;
const ORIGIN_SERVER = 0x4000;
export const FLIPPED = 0x8000;
/** The client has closed; the server's is the next bit. */
const DID_CLOSE = 0x10000;
export const BOTH_CLOSED = 0x30000;
/** Zeek waits for an answer to the originator's SYN. */
const ATTEMPT = 0x40000;
/** Some payload was not kept whole. */
const TRUNCATED = 0x80000;
/** The client's data and ACKs, then the server's, bring nothing new. */
const QUIET_DATA = 0x100000;
const QUIET_ACK = 0x200000;
const QUIET_BITS = 0xf00000;
/** A segment with a wrong checksum, of which nobody knows yet whether it arrived. */
const DOUBTFUL = 0x1000000;

/** The client has sent its SYN; and the server has answered it. */
const WAITING = BEGUN | ATTEMPT | ZEEK.synSent;
const ANSWERED = BEGUN | BOTH_CONNECTED | (ZEEK.synSent << 6);

/** FLOW.historySeen: letters seen of the client in bits 0 to 7, of the server in 8 to 15, then how many there are. */
export const LENGTH_SHIFT = 16;
/** Letters that fit in the row. */
export const IN_ROW = 12;

/** Zeek's tcp_attempt_delay and tcp_close_delay, tcp_inactivity_timeout, and what interactive services are given. */
const ATTEMPT_DELAY = 5e9;
export const CLOSE_DELAY = 5e9;
const MINUTES_5 = 300e9;
const HOUR = 3600e9;
/** Zeek does not believe a SYN or RST that is further away than this. */
const FAR = 1 << 20;
/** An acknowledgment further past what was sent is taken for garbage. */
const IMPLAUSIBLE = 1 << 30;

function clientIsHigh(i32: Int32Array, row: number): boolean {
  return (i32[row + FLOW.bits]! & FLOW_BITS.clientIsHigh) !== 0;
}
