import { grown } from '../bytes/grown.ts';
import { seqDelta } from '../bytes/seq.ts';
import { CLIENT, END, FLOW, FLOW_BITS, type FlowRows, SERVER } from '../flow/rows.ts';
import type { Tombstones } from '../flow/tombstones.ts';
import { ACK, CHECKSUM, CWR, ECE, FIN, RST, type SegmentView, SYN } from '../wire/segment.ts';
import { AckStorms } from './ack-storms.ts';
import { EVENT, isBare } from './events.ts';
import { Fingerprint } from './fingerprint.ts';
import { HeldSegments } from './held-segments.ts';
import { STATE } from './machine.ts';
import { ResetCodes } from './reset-codes.ts';
import { SackReneging } from './sack-reneging.ts';
import { Services } from './services.ts';
import { NOTE, type Verdict } from './verdict.ts';

/** What kind of thing an entry of the evidence is. */
export const NOTED = {
  segment: 0,
  /** An ICMP error that quotes a segment of the flow; the entry describes the quoted segment. */
  icmp: 1,
} as const;

/** What some segment that is kept of a flow has: flags as in the header, and these. Rules ask it before they look. */
export const TRAIT = {
  repeats: 0x400,
  /** An ICMP error quotes it. */
  icmp: 0x1000,
  /** Neither ACK nor RST. */
  bare: 0x2000,
  /** Neither timestamps nor SYN or RST, which may go without. */
  untimed: 0x4000,
  /** A timestamp far below its sender's newest. */
  outdated: 0x8000,
  /** Payload that was not sent before. */
  news: 0x10000,
  /** Octets that contradict another segment. */
  contradicts: 0x20000,
} as const;

/**
 * A segment that findings may need, as it was when it came, and what each end had sent last before it.
 * Frames are 0 and times NaN where there was none; sequence numbers are int32.
 */
export interface Noted {
  /** One of NOTED. */
  readonly kind: number;
  readonly frame: number;
  /** Nanoseconds since the capture's first whole second. */
  readonly time: number;
  /** Who sent it: CLIENT or SERVER. */
  readonly side: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  /** As in the header, not scaled. */
  readonly window: number;
  /** Octets of payload. */
  readonly length: number;
  readonly ttl: number;
  /** -1 in IPv6. */
  readonly ipId: number;
  readonly hasTimestamps: boolean;
  readonly tsVal: number;
  /** Bits of NOTE and EVENT. */
  readonly notes: number;
  readonly events: number;
  /** It was sent before, in lastack's judgement; the frame, where it is known. */
  readonly repeats: boolean;
  readonly retransmitsFrame: number;
  /** States of client and server before and after it. */
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
  /** Its sender's segment before this one, and the other end's last. */
  readonly own: LastSegment;
  readonly peer: LastSegment;
  /** When either end last sent something new (payload, SYN, FIN), this segment apart where it is a RST; NaN if never. */
  readonly activeTime: number;
  /**
   * Of a SYN: octets of a Fast Open cookie, 0 for a request. Of a RST: Multipath TCP's subtype << 8 | transient << 7 |
   * reason. -1 where there is no such option, -2 where it may have been cut off. Of an ICMP error: type << 8 | code. Of a shrunk window: octets taken back.
   */
  readonly extra: number;
  /** The kept segment of the same end whose octets it contradicts: its frame, or 0. */
  readonly contradicts: number;
}

/**
 * What an end had sent last when a segment was noted. Of the noted segment's own sender that is the segment before, but `ack`,
 * `bare`, `events`, the counts, `sndNxt` and `tsVal` are as they were once the noted one was counted.
 */
export interface LastSegment {
  readonly frame: number;
  readonly time: number;
  readonly seq: number;
  /** Its acknowledgment number; of a segment without, the highest that the end had sent; null where there was none. */
  readonly ack: number | null;
  /** It acknowledged nothing itself. */
  readonly bare: boolean;
  readonly ttl: number;
  readonly ipId: number;
  /** Bits of EVENT. */
  readonly events: number;
  /** How many segments it had sent, and how many with payload. */
  readonly packets: number;
  readonly payloads: number;
  /** Past the highest sequence number it had sent. */
  readonly sndNxt: number;
  /** Its newest timestamp. */
  readonly tsVal: number;
}

/** The connection that held the ports before a flow. */
export interface Predecessor {
  readonly flow: number;
  /** Its last frame, and when that was. */
  readonly lastFrame: number;
  readonly lastTime: number;
  /** Which end of the new flow (the SYN's sender is its client) was in TIME_WAIT: bit 1 client, bit 2 server. */
  readonly timeWait: number;
  readonly timeWaitSince: number;
  /** What the new flow's client had sent in it: past the highest sequence number; its newest timestamp. */
  readonly clientNxt: number;
  readonly clientTsVal: number;
  readonly hasTsVal: boolean;
  /** Past the highest sequence number of the new flow's server, in it. */
  readonly serverNxt: number;
}

/**
 * What findings are told from beyond the rows: the rare segments of each flow, kept when they come, in the order in
 * which they came. A flow without trouble keeps nothing; the others have a list of entries in one pooled array.
 *
 * What is rare: SYNs and SYN+ACKs that are sent again or are odd, RSTs, repeats, keep-alives and zero windows, what
 * follows a long quiet or comes another way (TTL), bad checksums, ICMP errors, whatever comes to a socket that is
 * gone; and the eight segments after each of these. A flow keeps its first 64 of the segments that change it, and
 * its last 64 of the others.
 */
export class Evidence {
  private readonly rows: FlowRows;
  private readonly verdict: Verdict;
  /** What other connections tell of a listener. */
  readonly services: Services = new Services();
  /** Who writes the reason of a RST into its window. */
  readonly resetCodes: ResetCodes = new ResetCodes();
  /** ACKs that answer each other without end. */
  readonly storms: AckStorms = new AckStorms();
  /** SACKs that were taken back; segments that waited for a delayed ACK. */
  readonly sacks: SackReneging = new SackReneging();
  readonly held: HeldSegments = new HeldSegments();
  private readonly octets = new Fingerprint();
  private i32 = new Int32Array(64 * WORDS);
  private f64 = new Float64Array(this.i32.buffer);
  private free = 0;
  private made = 1;

  constructor(rows: FlowRows, verdict: Verdict) {
    this.rows = rows;
    this.verdict = verdict;
  }

  /** After a segment was replayed, before the row forgets what its sender's segment before it was. */
  take(row: number, side: number, sender: number, receiver: number, segment: SegmentView, steady: boolean): void {
    const { rows, verdict } = this;
    const bits = rows.i32[row + FLOW.bits]!;
    if (!steady) this.tellServices(row, side, sender, receiver, segment);
    const matters = steady ? this.mattersInside(row) : this.mattersOutside(row, side, sender, receiver, segment);
    if (!matters) {
      if ((bits & FLOW_BITS.followed) === 0) return;
      const credit = this.i32[this.i32[rows.i32[row + FLOW.evidence]! * WORDS + EVENTFUL]! * WORDS + AT.credit]! - 1;
      const kept = this.append(row, EVENTFUL, side, sender, receiver, segment, MOST_FOLLOWING);
      if (kept >= 0) this.i32[kept + AT.credit] = credit;
      if (kept < 0 || credit <= 0) rows.i32[row + FLOW.bits] = bits & ~FLOW_BITS.followed;
      return;
    }
    // Loss may be endless and is kept apart, so that it does not crowd out how the connection began and ended.
    if ((steady || isHalfClosedPayload(verdict, segment)) && (verdict.notes & LASTING) === 0) {
      this.append(row, TROUBLES, side, sender, receiver, segment, MOST_TROUBLES);
      return;
    }
    if ((segment.flags & RST) !== 0) this.resetCodes.take(rows.i32, row, side, segment.window);
    const most = (segment.flags & RST) !== 0 ? MOST_RESETS : MOST_EVENTFUL;
    const kept = this.append(row, EVENTFUL, side, sender, receiver, segment, most);
    if (kept < 0) return;
    this.i32[kept + AT.credit] = FOLLOWED;
    rows.i32[row + FLOW.bits] = bits | FLOW_BITS.followed;
  }

  /** Handshakes that complete, and resets that tell of the listener rather than of one connection. */
  private tellServices(row: number, side: number, sender: number, receiver: number, segment: SegmentView): void {
    const { rows, services } = this;
    const { notes } = this.verdict;
    if ((notes & NOTE.handshakeComplete) !== 0) services.complete(rows.i32, row, segment.time);
    if ((notes & NOTE.resetCounts) === 0 || (rows.i32[row + FLOW.bits]! & FLOW_BITS.ackSeen) === 0) return;
    const active = Math.max(
      rows.f64[sender / 2 + END.eventNextTimeF64]!,
      rows.f64[receiver / 2 + END.eventNextTimeF64]!,
    );
    if (segment.time - active >= QUIET && active > 0) services.idle(rows.i32, row, segment.time - active);
    if (side === 1 && (segment.flags & ACK) !== 0 && segment.seq !== 0 && rows.i32[sender + END.payloadSegments] === 0)
      services.abort(rows.i32, row, segment.time);
  }

  /** An ICMP error quotes a segment of the flow: the view describes the quoted segment, `side` sent it. */
  takeIcmp(row: number, side: number, segment: SegmentView): void {
    const sender = row + (side === 0 ? FLOW.client : FLOW.server);
    const receiver = row + (side === 0 ? FLOW.server : FLOW.client);
    const at = this.append(row, EVENTFUL, side, sender, receiver, segment, MOST_EVENTFUL);
    if (at < 0) return;
    this.i32[at + AT.what] = this.i32[at + AT.what]! | (NOTED.icmp << WHAT.kind);
    this.i32[this.headOf(row) * WORDS + SUM.traits]! |= TRAIT.icmp;
    this.i32[at + AT.extra] = (segment.icmpType << 8) | segment.icmpCode;
  }

  /** A flow begins on the ports of one that was handed on: keeps what is known of that. */
  takePredecessor(row: number, tombstones: Tombstones, entry: number): void {
    const at = this.headOf(row) * WORDS;
    const { i32, f64 } = this;
    const bits = tombstones.bits(entry);
    // The new flow's client may be the old one's server.
    const client = ((this.rows.i32[row + FLOW.bits]! ^ bits) & FLOW_BITS.clientIsHigh) === 0 ? CLIENT : SERVER;
    const server = 1 - client;
    const waits = (side: number): boolean =>
      tombstones.state(entry, side) === STATE.TIME_WAIT &&
      (bits & (side === CLIENT ? FLOW_BITS.timeWaitClient : FLOW_BITS.timeWaitServer)) !== 0;
    i32[at + OLD.known] = 1;
    i32[at + OLD.flow] = tombstones.flow(entry);
    i32[at + OLD.lastFrame] = tombstones.lastFrame(entry);
    i32[at + OLD.timeWait] = (waits(client) ? 1 : 0) | (waits(server) ? 2 : 0);
    i32[at + OLD.clientNxt] = tombstones.sndNxt(entry, client);
    i32[at + OLD.serverNxt] = tombstones.sndNxt(entry, server);
    i32[at + OLD.clientTsVal] = tombstones.tsVal(entry, client);
    f64[at / 2 + OLD.lastTimeF64] = tombstones.lastTime(entry);
    f64[at / 2 + OLD.timeWaitF64] = tombstones.timeWaitTime(entry);
  }

  /** Gives back what the flow kept. */
  forget(row: number): void {
    this.storms.forget(row);
    this.held.forget(row);
    this.sacks.forget(row + FLOW.client);
    this.sacks.forget(row + FLOW.server);
    const head = this.rows.i32[row + FLOW.evidence]!;
    if (head === 0) return;
    this.rows.i32[row + FLOW.evidence] = 0;
    this.give(this.i32[head * WORDS + EVENTFUL]!);
    this.give(this.i32[head * WORDS + TROUBLES]!);
    this.i32[head * WORDS + AT.next] = this.free;
    this.free = head;
  }

  /** Gives back a list, by its last entry. */
  private give(last: number): void {
    if (last === 0) return;
    const first = this.i32[last * WORDS + AT.next]!;
    this.i32[last * WORDS + AT.next] = this.free;
    this.free = first;
  }

  /** Whether segments of a flow are kept, by its `FLOW.evidence`: not only what held its ports before. */
  holdsSegments(head: number): boolean {
    const { i32 } = this;
    return head !== 0 && (i32[head * WORDS + EVENTFUL]! | i32[head * WORDS + TROUBLES]!) !== 0;
  }

  /** Flags and bits of TRAIT, of NOTE, and of EVENT that some segment kept of a flow has, or had, by its `FLOW.evidence`. */
  traits(head: number): number {
    return head === 0 ? 0 : this.i32[head * WORDS + SUM.traits]!;
  }

  notes(head: number): number {
    return head === 0 ? 0 : this.i32[head * WORDS + SUM.notes]!;
  }

  events(head: number): number {
    return head === 0 ? 0 : this.i32[head * WORDS + SUM.events]!;
  }

  /** The first frame that was kept of a flow. */
  firstFrame(head: number): number {
    return head === 0 ? 0 : this.i32[head * WORDS + SUM.firstFrame]!;
  }

  /** All that is kept of a flow, by its `FLOW.evidence`, in order of frames. */
  list(head: number): Noted[] {
    const noted: Noted[] = [];
    const add = (at: number): void => {
      noted.push(this.noted(at));
    };
    this.each(head, EVENTFUL, add);
    const eventful = noted.length;
    this.each(head, TROUBLES, add);
    if (eventful > 0 && noted.length > eventful) noted.sort((a, b) => a.frame - b.frame);
    return noted;
  }

  /** The flow that held the ports before, by `FLOW.evidence`. */
  before(head: number): Predecessor | undefined {
    const { i32, f64 } = this;
    const at = head * WORDS;
    if (head === 0 || i32[at + OLD.known] === 0) return undefined;
    return {
      flow: i32[at + OLD.flow]!,
      lastFrame: i32[at + OLD.lastFrame]!,
      lastTime: f64[at / 2 + OLD.lastTimeF64]!,
      timeWait: i32[at + OLD.timeWait]!,
      timeWaitSince: f64[at / 2 + OLD.timeWaitF64]!,
      clientNxt: i32[at + OLD.clientNxt]!,
      clientTsVal: i32[at + OLD.clientTsVal]!,
      hasTsVal: i32[at + OLD.clientTsVal]! !== 0,
      serverNxt: i32[at + OLD.serverNxt]!,
    };
  }

  private each(head: number, list: number, visit: (at: number) => void): void {
    if (head <= 0 || head >= this.made) return;
    const last = this.i32[head * WORDS + list]!;
    if (last === 0) return;
    const count = this.i32[last * WORDS + AT.count]!;
    let index = this.i32[last * WORDS + AT.next]!;
    for (let i = 0; i < count; i++) {
      visit(index * WORDS);
      index = this.i32[index * WORDS + AT.next]!;
    }
  }

  /** Whether a segment within an established connection is worth keeping. */
  private mattersInside(row: number): boolean {
    const { verdict } = this;
    if ((verdict.events & EVENT.windowUpdate) !== 0 && this.endsStall(row)) return true;
    return (verdict.notes & NOTES_INSIDE) !== 0 || (verdict.events & EVENTS_INSIDE) !== 0 || verdict.repeats !== 0;
  }

  /** Whether the flow's last trouble was a closed window, or the probe of one. */
  private endsStall(row: number): boolean {
    const head = this.rows.i32[row + FLOW.evidence]!;
    const last = head === 0 ? 0 : this.i32[head * WORDS + TROUBLES]!;
    return last !== 0 && (this.i32[last * WORDS + AT.events]! & STALL) !== 0;
  }

  /** Whether a segment at the beginning or the end of a connection is more than any connection has. */
  private mattersOutside(row: number, side: number, sender: number, receiver: number, segment: SegmentView): boolean {
    const { verdict } = this;
    const { flags } = segment;
    const { i32 } = this.rows;
    if ((flags & RST) !== 0 || verdict.repeats !== 0 || (verdict.notes & NOTES_OUTSIDE) !== 0) return true;
    if ((verdict.events & EVENTS_INSIDE) !== 0) return true;
    if ((flags & SYN) !== 0) {
      if ((flags & ACK_OR_FIN) === 0)
        return (
          segment.roomLength > 0 ||
          segment.fastOpenCookie >= 0 ||
          (flags & (ECE | CWR)) === (ECE | CWR) ||
          i32[row + FLOW.synFrame] !== segment.frame
        );
      return (
        i32[row + FLOW.synAckFrame] !== segment.frame ||
        (flags & ACK_OR_FIN) !== ACK ||
        (i32[row + FLOW.bits]! & FLOW_BITS.simultaneousOpen) !== 0
      );
    }
    if ((flags & ACK) === 0) return true;
    const state = i32[row + FLOW.state + side]!;
    const other = i32[row + FLOW.state + (sender === receiver ? side : 1 - side)]!;
    if (side === 1 && i32[row + FLOW.synAckFrame] === 0 && i32[row + FLOW.synFrame] !== 0) return true;
    if (state === STATE.CLOSED || other === STATE.CLOSED) return !closesInOrder(i32, row, segment);
    if (segment.roomLength > 0 && state >= STATE.FIN_WAIT1 && (flags & FIN) === 0) return true;
    return state === STATE.TIME_WAIT && i32[row + FLOW.lastAckFrame] !== segment.frame;
  }

  /** Adds an entry, unless there are `most`; answers where it lies, or -1. */
  private append(
    row: number,
    list: number,
    side: number,
    sender: number,
    receiver: number,
    segment: SegmentView,
    most: number,
  ): number {
    const at = this.make(row, list, most);
    if (at < 0) return -1;
    const { i32, f64 } = this;
    const { verdict, rows } = this;
    const states = statesOf(verdict, rows.i32, row);
    i32[at + AT.frame] = segment.frame;
    i32[at + AT.what] =
      segment.flags |
      (side << WHAT.side) |
      ((verdict.repeats !== 0 ? 1 : 0) << WHAT.repeats) |
      (segment.hasTimestamps << WHAT.timestamps);
    i32[at + AT.seq] = segment.seq;
    i32[at + AT.ack] = segment.ack;
    i32[at + AT.window] = segment.window | (segment.ttl << 16);
    i32[at + AT.length] = segment.roomLength;
    i32[at + AT.ipId] = segment.ipId;
    i32[at + AT.notes] = verdict.notes;
    i32[at + AT.events] = verdict.events;
    i32[at + AT.tsVal] = segment.tsVal;
    i32[at + AT.retransmits] = verdict.retransmitsFrame;
    i32[at + AT.states] = states;
    if ((verdict.notes & NOTE.windowShrunk) !== 0) i32[at + AT.extra] = verdict.takenBack;
    else i32[at + AT.extra] = (segment.flags & RST) !== 0 ? multipathOf(segment) : cookieOf(segment);
    f64[at / 2 + AT.timeF64] = segment.time;
    const own = rows.f64[sender / 2 + END.eventNextTimeF64]!;
    const peer = rows.f64[receiver / 2 + END.eventNextTimeF64]!;
    f64[at / 2 + AT.activeF64] = Math.max(own, peer);
    this.keepLast(at + AT.own, sender, receiver, segment.frame);
    this.keepLast(at + AT.peer, receiver, sender, segment.frame);
    i32[at + AT.bare] = (isBare(rows.i32, sender) ? OWN : 0) | (isBare(rows.i32, receiver) ? PEER : 0);
    if (segment.roomLength > 1 && this.octets.read(segment, verdict.notes)) this.compare(row, at, sender, segment);
    this.sumUp(row, at, segment);
    return at;
  }

  /** What the flow's segments have in all, with this one. */
  private sumUp(row: number, at: number, segment: SegmentView): void {
    const { i32 } = this;
    const { flags } = segment;
    let traits = i32[at + AT.what]!;
    if ((flags & (ACK | RST)) === 0) traits |= TRAIT.bare;
    if (segment.hasTimestamps === 0) {
      if ((flags & (SYN | RST)) === 0) traits |= TRAIT.untimed;
    } else if (isOutdated(segment.tsVal, i32[at + AT.own + LAST.tsVal]!)) traits |= TRAIT.outdated;
    if (segment.roomLength > 0 && this.verdict.repeats === 0) traits |= TRAIT.news;
    if (i32[at + AT.contradicts] !== 0) traits |= TRAIT.contradicts;
    const head = this.headOf(row) * WORDS;
    i32[head + SUM.traits]! |= traits;
    i32[head + SUM.notes]! |= this.verdict.notes;
    i32[head + SUM.events]! |= this.verdict.events;
    if (i32[head + SUM.firstFrame] === 0) i32[head + SUM.firstFrame] = segment.frame;
  }

  /** Keeps what its octets can be known by, and which segment kept before said something else in their place. */
  private compare(row: number, at: number, sender: number, segment: SegmentView): void {
    const { i32, octets, rows } = this;
    i32[at + AT.opening] = octets.opening;
    i32[at + AT.more] = octets.more;
    // Past 2 GiB, or where the capture lost as much, sequence numbers come again.
    if (this.verdict.repeats === 0 || rows.f64[sender / 2 + END.uniqueBytesF64]! >= 2 ** 31) return;
    const side = (i32[at + AT.what]! >> WHAT.side) & 1;
    const visit = (other: number): void => {
      const opening = i32[other + AT.opening]!;
      if (other === at || opening === 0 || ((i32[other + AT.what]! >> WHAT.side) & 1) !== side) return;
      if (!(segment.time - this.f64[other / 2 + AT.timeF64]! <= SAME_NUMBERS)) return;
      if (octets.contradicts(segment, i32[other + AT.seq]!, i32[other + AT.length]!, opening, i32[other + AT.more]!))
        i32[at + AT.contradicts] = i32[other + AT.frame]!;
    };
    const head = rows.i32[row + FLOW.evidence]!;
    this.each(head, EVENTFUL, visit);
    this.each(head, TROUBLES, visit);
  }

  private keepLast(at: number, end: number, other: number, frame: number): void {
    const { i32, f64 } = this;
    const rows = this.rows;
    const last = rows.i32[end + END.lastFrame]!;
    i32[at + LAST.frame] = last === frame ? 0 : last;
    i32[at + LAST.seq] = rows.i32[end + END.lastSeq]!;
    i32[at + LAST.ack] = rows.i32[isBare(rows.i32, end) ? other + END.sndUna : end + END.eventAck]!;
    i32[at + LAST.ttl] = rows.i32[end + END.lastTtl]!;
    i32[at + LAST.ipId] = rows.i32[end + END.lastIpId]!;
    i32[at + LAST.events] = rows.i32[end + END.eventLast]!;
    i32[at + LAST.packets] = rows.i32[end + END.packets]!;
    i32[at + LAST.payloads] = rows.i32[end + END.payloadSegments]!;
    i32[at + LAST.sndNxt] = rows.i32[end + END.sndNxt]!;
    i32[at + LAST.tsVal] = rows.i32[end + END.tsVal]!;
    f64[at / 2 + LAST.timeF64] = rows.f64[end / 2 + END.lastTimeF64]!;
  }

  /** A new entry at the end of a flow's list; where there are `most`, -1 or, of troubles, the oldest made anew. */
  private make(row: number, list: number, most: number): number {
    const head = this.headOf(row) * WORDS;
    const last = this.i32[head + list]!;
    const count = last === 0 ? 0 : this.i32[last * WORDS + AT.count]!;
    let index: number;
    if (count >= most) {
      if (list === EVENTFUL) return -1;
      index = this.i32[last * WORDS + AT.next]!;
      const second = this.i32[index * WORDS + AT.next]!;
      this.i32.fill(0, index * WORDS, (index + 1) * WORDS);
      this.i32[index * WORDS + AT.next] = second;
    } else {
      index = this.newEntry();
      this.i32[index * WORDS + AT.next] = last === 0 ? index : this.i32[last * WORDS + AT.next]!;
      if (last !== 0) this.i32[last * WORDS + AT.next] = index;
    }
    this.i32[index * WORDS + AT.count] = Math.min(count + 1, most);
    this.i32[head + list] = index;
    return index * WORDS;
  }

  /** The head of a flow's evidence, made when it is first needed. */
  private headOf(row: number): number {
    const { i32 } = this.rows;
    if (i32[row + FLOW.evidence] === 0) i32[row + FLOW.evidence] = this.newEntry();
    return i32[row + FLOW.evidence]!;
  }

  /** An entry of zeros. */
  private newEntry(): number {
    const index = this.free;
    if (index === 0) {
      if ((this.made + 1) * WORDS > this.i32.length) this.grow();
      return this.made++;
    }
    this.free = this.i32[index * WORDS + AT.next]!;
    this.i32.fill(0, index * WORDS, (index + 1) * WORDS);
    return index;
  }

  private grow(): void {
    this.i32 = grown(this.i32);
    this.f64 = new Float64Array(this.i32.buffer);
  }

  private noted(at: number): Noted {
    const { i32, f64 } = this;
    const what = i32[at + AT.what]!;
    const states = i32[at + AT.states]!;
    const active = f64[at / 2 + AT.activeF64]!;
    return {
      kind: what >> WHAT.kind,
      frame: i32[at + AT.frame]!,
      time: f64[at / 2 + AT.timeF64]!,
      side: (what >> WHAT.side) & 1,
      flags: what & 0x1ff,
      seq: i32[at + AT.seq]!,
      ack: i32[at + AT.ack]!,
      window: i32[at + AT.window]! & 0xffff,
      length: i32[at + AT.length]!,
      ttl: (i32[at + AT.window]! >>> 16) & 0xff,
      ipId: i32[at + AT.ipId]!,
      hasTimestamps: ((what >> WHAT.timestamps) & 1) !== 0,
      tsVal: i32[at + AT.tsVal]!,
      notes: i32[at + AT.notes]!,
      events: i32[at + AT.events]!,
      repeats: ((what >> WHAT.repeats) & 1) !== 0,
      retransmitsFrame: i32[at + AT.retransmits]!,
      before: [states & 15, (states >> 4) & 15],
      after: [(states >> 8) & 15, (states >> 12) & 15],
      own: this.last(at + AT.own, (i32[at + AT.bare]! & OWN) !== 0),
      peer: this.last(at + AT.peer, (i32[at + AT.bare]! & PEER) !== 0),
      activeTime: active > 0 ? active : Number.NaN,
      extra: i32[at + AT.extra]!,
      contradicts: i32[at + AT.contradicts]!,
    };
  }

  private last(at: number, bare: boolean): LastSegment {
    const { i32, f64 } = this;
    const frame = i32[at + LAST.frame]!;
    const ack = i32[at + LAST.ack]!;
    return {
      frame,
      time: frame === 0 ? Number.NaN : f64[at / 2 + LAST.timeF64]!,
      seq: i32[at + LAST.seq]!,
      ack: ack === 0 ? null : ack,
      bare,
      ttl: i32[at + LAST.ttl]!,
      ipId: i32[at + LAST.ipId]!,
      events: i32[at + LAST.events]!,
      packets: i32[at + LAST.packets]!,
      payloads: i32[at + LAST.payloads]!,
      sndNxt: i32[at + LAST.sndNxt]!,
      tsVal: i32[at + LAST.tsVal]!,
    };
  }
}

const ACK_OR_FIN = ACK | FIN;
/** Nanoseconds without anything new that are a long quiet: the least of what devices forget connections after. */
export const QUIET = 30e9;
/** Nanoseconds within which a sequence number stands for the same octet, whatever a capture has lost between. */
const SAME_NUMBERS = 3e9;
/** Segments kept after one that mattered. */
const FOLLOWED = 8;
/** How long a list may be for one more entry: of what follows, of what matters, of RSTs; and the list of troubles. */
const MOST_FOLLOWING = 40;
const MOST_EVENTFUL = 64;
const MOST_RESETS = 96;
const MOST_TROUBLES = 64;

/** Notes that matter within a connection. */
const NOTES_INSIDE =
  NOTE.checksumBad |
  NOTE.keepAlive |
  NOTE.synInsideConnection |
  NOTE.resetOutOfWindow |
  NOTE.resetChallenged |
  NOTE.aliveAfterReset |
  NOTE.fillsHole |
  NOTE.leavesHole |
  NOTE.anotherWay |
  NOTE.afterQuiet |
  NOTE.windowShrunk;
/** … and while it opens or closes; those of every handshake and close are not among them. */
const NOTES_OUTSIDE = NOTES_INSIDE | NOTE.synRepeated | NOTE.synAckRepeated | NOTE.finRepeated | NOTE.fastOpenData;
/** Notes of segments that are kept for good, as those that open and close the connection. */
const LASTING =
  NOTE.synInsideConnection |
  NOTE.resetOutOfWindow |
  NOTE.resetChallenged |
  NOTE.aliveAfterReset |
  NOTE.afterQuiet |
  NOTE.windowShrunk;
const STALL = EVENT.zeroWindow | EVENT.zeroWindowProbe | EVENT.zeroWindowProbeAck | EVENT.keepAlive;
const EVENTS_INSIDE =
  EVENT.retransmission |
  EVENT.outOfOrder |
  EVENT.keepAlive |
  EVENT.keepAliveAck |
  EVENT.zeroWindow |
  EVENT.zeroWindowProbe |
  EVENT.zeroWindowProbeAck |
  EVENT.ackUnseenSegment;

/** A second at the least: no clock ticks faster than once a millisecond (RFC 7323 5.4). */
export function isOutdated(tsVal: number, newest: number): boolean {
  return seqDelta(tsVal, newest) > 1000;
}

/** Payload after the other end's FIN, which may go on for long; not if it comes to a socket that is gone. */
function isHalfClosedPayload(verdict: Verdict, segment: SegmentView): boolean {
  return (
    segment.roomLength > 0 && (segment.flags & (RST | SYN | FIN)) === 0 && (verdict.notes & NOTE.finRepeated) === 0
  );
}

/** Both ends have said goodbye, and this is the ACK (or the FIN with it) that belongs to it. */
function closesInOrder(i32: Int32Array, row: number, segment: SegmentView): boolean {
  return (
    (i32[row + FLOW.bits]! & (FLOW_BITS.reset | FLOW_BITS.refused | FLOW_BITS.aborted)) === 0 &&
    (i32[row + FLOW.lastAckFrame] === segment.frame || i32[row + FLOW.secondFinFrame] === segment.frame) &&
    segment.checksum !== CHECKSUM.bad
  );
}

/** Octets of a Fast Open cookie, or NO_OPTION; UNKNOWN_OPTION where the snapshot length cut the options. */
function cookieOf(segment: SegmentView): number {
  const isCut = segment.tcpEnd - segment.tcpAt < segment.headerLength;
  return isCut && segment.fastOpenCookie < 0 ? UNKNOWN_OPTION : segment.fastOpenCookie;
}

/** `Noted.extra` of a SYN whose options were not all kept. */
const UNKNOWN_OPTION = -2;

/** Subtype << 8 | transient << 7 | reason of a Multipath TCP option (RFC 8684 3.5, 3.6), or -1. */
function multipathOf(segment: SegmentView): number {
  const { view } = segment;
  const end = Math.min(segment.tcpAt + segment.headerLength, segment.tcpEnd);
  let at = segment.tcpAt + 20;
  while (at + 4 <= end) {
    const kind = view.getUint8(at);
    if (kind === 0) break;
    const length = kind === 1 ? 1 : view.getUint8(at + 1);
    if (length === 0) break;
    if (kind === MULTIPATH) {
      const first = view.getUint8(at + 2);
      return ((first >> 4) << 8) | ((first & 1) << 7) | (view.getUint8(at + 3) & 0x7f);
    }
    at += length;
  }
  return -1;
}

const MULTIPATH = 30;

/** States of both ends before and after the segment: four times four bits. */
function statesOf(verdict: Verdict, i32: Int32Array, row: number): number {
  const client = i32[row + FLOW.state]! & 15;
  const server = i32[row + FLOW.state + 1]! & 15;
  let clientBefore = client;
  let serverBefore = server;
  for (let i = verdict.transitionCount - 1; i >= 0; i--) {
    const transition = verdict.transitions[i]!;
    if (transition >> 8 === 0) clientBefore = (transition >> 4) & 15;
    else serverBefore = (transition >> 4) & 15;
  }
  return clientBefore | (serverBefore << 4) | (client << 8) | (server << 12);
}

/** Where the head of a flow's evidence names the last entry of each of its lists: what is eventful, and troubles. */
const EVENTFUL = 1;
const TROUBLES = 2;

/** Where an entry's fields lie, in words; names that end in F64 index doubles, as in flow/rows.ts. */
const AT = {
  next: 0,
  count: 1,
  credit: 2,
  what: 3,
  frame: 4,
  seq: 5,
  ack: 6,
  window: 7,
  timeF64: 4,
  activeF64: 5,
  length: 12,
  ipId: 13,
  notes: 14,
  events: 15,
  tsVal: 16,
  retransmits: 17,
  states: 18,
  extra: 19,
  own: 20,
  peer: 32,
  /** Fingerprint of its octets, 0 where not known; and `Noted.contradicts`. */
  opening: 44,
  more: 45,
  contradicts: 46,
  /** Which of both ends' last segments had no ACK. */
  bare: 47,
} as const;
const OWN = 1;
const PEER = 2;
const LAST = {
  timeF64: 0,
  frame: 2,
  seq: 3,
  ack: 4,
  ttl: 5,
  ipId: 6,
  events: 7,
  packets: 8,
  payloads: 9,
  sndNxt: 10,
  tsVal: 11,
} as const;
/** The flow that held the ports before, in the head itself: whether there was one, and what is known of it. */
const OLD = {
  known: 3,
  lastTimeF64: 2,
  timeWaitF64: 3,
  flow: 8,
  lastFrame: 9,
  timeWait: 10,
  clientNxt: 11,
  serverNxt: 12,
  clientTsVal: 13,
} as const;
/** What its segments have in all, there too. */
const SUM = { traits: 14, notes: 15, events: 16, firstFrame: 17 } as const;
const WHAT = { side: 9, repeats: 10, timestamps: 11, kind: 12 } as const;
const WORDS = 48;
