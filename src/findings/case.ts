import { seqDelta } from '../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, type FlowRows } from '../flow/rows.ts';
import type { EventCounts } from '../tcp/event-counts.ts';
import { EVENT_NAMES } from '../tcp/events.ts';
import type { Evidence } from '../tcp/evidence/evidence.ts';
import { NOTED, type Noted } from '../tcp/evidence/noted.ts';
import type { Predecessor } from '../tcp/evidence/predecessor.ts';
import type { Services } from '../tcp/evidence/services.ts';
import type { OneWays } from '../tcp/one-ways.ts';
import { RESET_PACK } from '../tcp/patterns.ts';
import { NOTE } from '../tcp/verdict.ts';
import { RST } from '../wire/segment.ts';

/** What rules may look at, beside a flow's row. */
export interface Facts {
  readonly rows: FlowRows;
  readonly evidence: Evidence;
  readonly eventCounts: EventCounts;
  readonly services: Services;
  readonly oneWays: OneWays;
  /**
   * Times, nanoseconds since the capture's first whole second: its first record, and the last one so far, which is
   * earlier than others where the clock was set back.
   */
  readonly start: () => number;
  readonly now: () => number;
  /** Whether the capture is over: before, a flow is handed on because it is, or another one took its ports. */
  readonly over: () => boolean;
  readonly clock: Clock;
}

/** What is known of the clock of the capture. */
export interface Clock {
  /** Whether it was set after one frame and before, or at, another one: an interval between them is void (G6). */
  spans(after: number, until: number): boolean;
}

const NOTHING: readonly Noted[] = [];

/** A finished flow as rules see it: its row with names, and its evidence. One object, moved from flow to flow. */
export class FlowCase {
  readonly facts: Facts;
  readonly client: EndCase;
  readonly server: EndCase;
  row = 0;
  i32: Int32Array;
  f64: Float64Array;
  private kept: readonly Noted[] | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
    this.i32 = facts.rows.i32;
    this.f64 = facts.rows.f64;
    this.client = new EndCase(this, 0, FLOW.client);
    this.server = new EndCase(this, 1, FLOW.server);
  }

  move(row: number): void {
    this.i32 = this.facts.rows.i32;
    this.f64 = this.facts.rows.f64;
    this.row = row;
    this.kept = null;
  }

  /** The word of the row at an offset of `FLOW`; the double at one whose name ends in F64. */
  word(field: number): number {
    return this.i32[this.row + field]!;
  }

  double(field: number): number {
    return this.f64[this.row / 2 + field]!;
  }

  /** Whether one of these bits of FLOW_BITS is set. */
  has(bits: number): boolean {
    return (this.i32[this.row + FLOW.bits]! & bits) !== 0;
  }

  end(side: number): EndCase {
    return side === CLIENT ? this.client : this.server;
  }

  other(side: number): EndCase {
    return side === CLIENT ? this.server : this.client;
  }

  /** Whether segments are kept beside the row: of most flows there are none. */
  get hasEvidence(): boolean {
    return this.facts.evidence.kept.holdsAny(this.word(FLOW.evidence));
  }

  /** All that is kept, in order of frames. */
  get noted(): readonly Noted[] {
    this.kept ??= this.hasEvidence ? this.facts.evidence.kept.list(this.word(FLOW.evidence)) : NOTHING;
    return this.kept;
  }

  /**
   * Whether any of that may have one of these flags or bits of TRAIT, of NOTE, of EVENT: told without a list of them. What a
   * long list has lost since still counts.
   */
  keeps(traits: number): boolean {
    return (this.facts.evidence.kept.traits(this.word(FLOW.evidence)) & traits) !== 0;
  }

  noticed(notes: number): boolean {
    return (this.facts.evidence.kept.notes(this.word(FLOW.evidence)) & notes) !== 0;
  }

  happened(events: number): boolean {
    return (this.facts.evidence.kept.events(this.word(FLOW.evidence)) & events) !== 0;
  }

  /** The first frame that is kept, if any is. */
  get firstKept(): number {
    return this.facts.evidence.kept.firstFrame(this.word(FLOW.evidence));
  }

  get predecessor(): Predecessor | undefined {
    return this.word(FLOW.evidence) === 0 ? undefined : this.facts.evidence.before(this.word(FLOW.evidence));
  }

  /** Every RST that is kept, whether it counted or not. */
  get resets(): readonly Noted[] {
    if (!this.keeps(RST)) return NOTHING;
    return this.noted.filter((noted) => noted.kind === NOTED.segment && (noted.flags & RST) !== 0);
  }

  /** The RST that closed the flow. */
  get reset(): Noted | undefined {
    const frame = this.word(FLOW.resetFrame);
    if (frame === 0 || !this.has(FLOW_BITS.reset)) return undefined;
    return this.noted.find((noted) => noted.frame === frame && (noted.flags & RST) !== 0);
  }

  /** The first segment that shows that an end went on after a RST that seemed to end it. */
  get aliveAfterReset(): Noted | undefined {
    if (!this.noticed(NOTE.aliveAfterReset)) return undefined;
    return this.noted.find((noted) => (noted.notes & NOTE.aliveAfterReset) !== 0);
  }

  /** Form of the RST that closed the flow, of RESET_FORM; and the side in whose name it was sent. */
  get resetForm(): number {
    return this.word(FLOW.reset) & RESET_PACK.formMask;
  }

  get resetSide(): number {
    return (this.word(FLOW.reset) >> RESET_PACK.side) & 1;
  }

  /** Whether SYN, SYN+ACK and ACK were all seen. */
  get complete(): boolean {
    return (
      this.has(FLOW_BITS.synSeen) &&
      this.has(FLOW_BITS.synAckSeen) &&
      this.has(FLOW_BITS.ackSeen) &&
      !this.has(FLOW_BITS.refused | FLOW_BITS.aborted)
    );
  }

  /** Nanoseconds of a round trip: the handshake's, else the lowest sample of either end, else 200 ms. */
  get roundTrip(): number {
    // A SYN that was sent again after it was answered says nothing about the time of the answer.
    const answered =
      this.word(FLOW.lastSynFrame) < this.word(FLOW.synAckFrame) && !this.spans(FLOW.lastSynFrame, FLOW.ackFrame);
    if (answered && this.word(FLOW.synFrame) !== 0 && this.word(FLOW.ackFrame) !== 0) {
      const time = this.double(FLOW.ackTimeF64) - this.double(FLOW.lastSynTimeF64);
      if (time > 0) return time;
    }
    const samples = [this.client, this.server].filter((end) => end.word(END.rttSamples) > 0);
    const least = Math.min(...samples.map((end) => end.double(END.rttMinF64)));
    return samples.length > 0 && least > 0 ? least : 2e8;
  }

  /**
   * Nanoseconds of the quickest round trip: where the handshake's ACK came late, or only with a request, it is below
   * `roundTrip`, since the lowest samples of both ends together are one.
   */
  get quickestRoundTrip(): number {
    const { client, server } = this;
    if (client.word(END.rttSamples) === 0 || server.word(END.rttSamples) === 0) return this.roundTrip;
    return Math.min(this.roundTrip, client.double(END.rttMinF64) + server.double(END.rttMinF64));
  }

  /** Whether the clock of the capture was set between the flow's first segment and its last one: its intervals are void. */
  get isTimeVoid(): boolean {
    return this.spans(FLOW.firstFrame, FLOW.lastFrame);
  }

  /** Whether it was between two frames of the row, by their offsets of `FLOW`. */
  spans(after: number, until: number): boolean {
    return this.facts.clock.spans(this.word(after), this.word(until));
  }

  /**
   * How long the capture went on after a moment, which a frame no earlier than `frame` tells, nanoseconds; NaN where the
   * clock was set meanwhile, or must have been.
   */
  since(time: number, frame: number): number {
    if (this.facts.clock.spans(frame, Number.POSITIVE_INFINITY)) return Number.NaN;
    const waited = this.facts.now() - time;
    return waited < CLOCK_STEP ? waited : Number.NaN;
  }

  /** Both ends were captured: rules about answers apply. */
  get bothWays(): boolean {
    return this.client.packets > 0 && this.server.packets > 0;
  }
}

/**
 * Nanoseconds, two days: nobody waits for longer, and captures that were joined from several times, or whose clock is
 * wrong, have such gaps.
 */
export const CLOCK_STEP: number = 2 * 86400e9;

/** One end of the flow. */
export class EndCase {
  readonly side: number;
  readonly name: 'client' | 'server';
  private readonly flow: FlowCase;
  private readonly at: number;

  constructor(flow: FlowCase, side: number, at: number) {
    this.flow = flow;
    this.side = side;
    this.at = at;
    this.name = side === CLIENT ? 'client' : 'server';
  }

  word(field: number): number {
    return this.flow.i32[this.flow.row + this.at + field]!;
  }

  double(field: number): number {
    return this.flow.f64[(this.flow.row + this.at) / 2 + field]!;
  }

  /** Whether one of these bits of END_BITS is set. */
  has(bits: number): boolean {
    return (this.word(END.bits) & bits) !== 0;
  }

  get state(): number {
    return this.flow.i32[this.flow.row + FLOW.state + this.side]!;
  }

  get packets(): number {
    return this.word(END.packets);
  }

  get bytes(): number {
    return this.double(END.bytesF64);
  }

  get payloadSegments(): number {
    return this.word(END.payloadSegments);
  }

  /** How often an event of EVENT_NAMES occurred in what it sent. */
  events(name: (typeof EVENT_NAMES)[number]): number {
    const counts = this.word(END.eventCounts);
    return counts === 0 ? 0 : this.flow.facts.eventCounts.of(counts - 1, EVENT_NAMES.indexOf(name));
  }

  /** Whether no event occurred in what it sent, or this one alone. */
  hasOnly(event: number): boolean {
    const counts = this.word(END.eventCounts);
    return counts === 0 || this.flow.facts.eventCounts.isOnly(counts - 1, event);
  }

  /** When it last sent something new: payload, SYN or FIN. NaN if never. */
  get activeTime(): number {
    const time = this.double(END.eventNextTimeF64);
    return time > 0 ? time : Number.NaN;
  }

  /** The capture missed something that it sent (G1): an ACK covered what was not captured, or a hole is left. */
  get hasGap(): boolean {
    return (
      this.flow.end(1 - this.side).events('ack-unseen-segment') > 0 ||
      this.word(END.seenNxt) !== this.word(END.sndNxt) ||
      this.sentUnseen
    );
  }

  /** The other end acknowledged something past all that was captured of this one (G1): it sent more, and lives. */
  get sentUnseen(): boolean {
    const known = this.has(END_BITS.seqKnown) && this.has(END_BITS.unaKnown);
    return known && seqDelta(this.word(END.sndNxt), this.word(END.sndUna)) > 0;
  }

  get sentFin(): boolean {
    return this.has(END_BITS.finSent);
  }
}
