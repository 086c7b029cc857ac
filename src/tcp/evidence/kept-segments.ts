import { END, FLOW, type FlowRows } from '../../flow/rows.ts';
import { ACK, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import type { Verdict } from '../verdict.ts';
import { Fingerprint } from './fingerprint.ts';
import { isOutdated, type Noted, TRAIT } from './noted.ts';
import { AT, LAST, markIcmp, readEntry, sideOf, writeEntry } from './noted-entry.ts';
import { ENTRY, LIST, type SegmentLists } from './segment-lists.ts';

/**
 * The segments that are kept of each flow, as they were when they came, in two lists of the order in which they came:
 * those that open, close and disturb it, and troubles within it. Of all of them together it says what they have.
 */
export class KeptSegments {
  private readonly rows: FlowRows;
  private readonly verdict: Verdict;
  private readonly lists: SegmentLists;
  private readonly octets = new Fingerprint();

  constructor(rows: FlowRows, verdict: Verdict, lists: SegmentLists) {
    this.rows = rows;
    this.verdict = verdict;
    this.lists = lists;
  }

  /** Adds an entry to one of LIST, unless there are `most`; answers where it lies, or -1. */
  append(
    row: number,
    list: number,
    side: number,
    sender: number,
    receiver: number,
    segment: SegmentView,
    most: number,
  ): number {
    const { lists, rows, verdict } = this;
    const at = lists.make(row, list, most);
    if (at < 0) return -1;
    writeEntry(lists, at, rows, verdict, row, side, sender, receiver, segment);
    if (segment.roomLength > 1 && this.octets.read(segment, verdict.notes)) this.compare(row, at, sender, segment);
    this.sumUp(row, at, segment);
    return at;
  }

  /** Keeps what its octets can be known by, and which segment kept before said something else in their place. */
  private compare(row: number, at: number, sender: number, segment: SegmentView): void {
    const { octets, rows } = this;
    const { i32, f64 } = this.lists;
    i32[at + AT.opening] = octets.opening;
    i32[at + AT.more] = octets.more;
    // Past 2 GiB, or where the capture lost as much, sequence numbers come again.
    if (this.verdict.repeats === 0 || rows.f64[sender / 2 + END.uniqueBytesF64]! >= 2 ** 31) return;
    const side = sideOf(i32, at);
    const visit = (other: number): void => {
      const opening = i32[other + AT.opening]!;
      if (other === at || opening === 0 || sideOf(i32, other) !== side) return;
      if (!(segment.time - f64[other / 2 + AT.timeF64]! <= SAME_NUMBERS)) return;
      if (octets.contradicts(segment, i32[other + AT.seq]!, i32[other + AT.length]!, opening, i32[other + AT.more]!))
        i32[at + AT.contradicts] = i32[other + AT.frame]!;
    };
    const head = rows.i32[row + FLOW.evidence]!;
    this.lists.each(head, LIST.eventful, visit);
    this.lists.each(head, LIST.troubles, visit);
  }

  /** What the flow's segments have in all, with this one. */
  private sumUp(row: number, at: number, segment: SegmentView): void {
    const { i32 } = this.lists;
    const { flags } = segment;
    let traits = i32[at + AT.what]!;
    if ((flags & (ACK | RST)) === 0) traits |= TRAIT.bare;
    if (segment.hasTimestamps === 0) {
      if ((flags & (SYN | RST)) === 0) traits |= TRAIT.untimed;
    } else if (isOutdated(segment.tsVal, i32[at + AT.own + LAST.tsVal]!)) traits |= TRAIT.outdated;
    if (segment.roomLength > 0 && this.verdict.repeats === 0) traits |= TRAIT.news;
    if (i32[at + AT.contradicts] !== 0) traits |= TRAIT.contradicts;
    const head = this.lists.headOf(row);
    i32[head + SUM.traits]! |= traits;
    i32[head + SUM.notes]! |= this.verdict.notes;
    i32[head + SUM.events]! |= this.verdict.events;
    if (i32[head + SUM.firstFrame] === 0) i32[head + SUM.firstFrame] = segment.frame;
  }

  /** Of an entry that `append` made: how many segments after it are kept as well. */
  setCredit(at: number, credit: number): void {
    this.lists.i32[at + AT.credit] = credit;
  }

  /** … and of the last eventful one, which there must be. */
  creditOf(row: number): number {
    return this.lists.i32[this.lists.lastOf(row, LIST.eventful) + AT.credit]!;
  }

  /** Makes the entry at `at`, which `append` made, that of an ICMP error. */
  markIcmp(row: number, at: number, segment: SegmentView): void {
    markIcmp(this.lists, at, segment);
    this.lists.i32[this.lists.headOf(row) + SUM.traits]! |= TRAIT.icmp;
  }

  /** Bits of EVENT of the last trouble; 0 where there was none. */
  lastTroubleEvents(row: number): number {
    const last = this.lists.lastOf(row, LIST.troubles);
    return last === 0 ? 0 : this.lists.i32[last + AT.events]!;
  }

  /** Whether segments of a flow are kept, by its `FLOW.evidence`: not only what held its ports before. */
  holdsAny(head: number): boolean {
    const { i32 } = this.lists;
    return head !== 0 && (i32[head * ENTRY.words + LIST.eventful]! | i32[head * ENTRY.words + LIST.troubles]!) !== 0;
  }

  /** Flags and bits of TRAIT, of NOTE, and of EVENT that some segment kept of a flow has, or had, by its `FLOW.evidence`. */
  traits(head: number): number {
    return head === 0 ? 0 : this.lists.i32[head * ENTRY.words + SUM.traits]!;
  }

  notes(head: number): number {
    return head === 0 ? 0 : this.lists.i32[head * ENTRY.words + SUM.notes]!;
  }

  events(head: number): number {
    return head === 0 ? 0 : this.lists.i32[head * ENTRY.words + SUM.events]!;
  }

  /** The first frame that was kept of a flow. */
  firstFrame(head: number): number {
    return head === 0 ? 0 : this.lists.i32[head * ENTRY.words + SUM.firstFrame]!;
  }

  /** All that is kept of a flow, by its `FLOW.evidence`, in order of frames. */
  list(head: number): Noted[] {
    const noted: Noted[] = [];
    const add = (at: number): void => {
      noted.push(readEntry(this.lists, at));
    };
    this.lists.each(head, LIST.eventful, add);
    const eventful = noted.length;
    this.lists.each(head, LIST.troubles, add);
    if (eventful > 0 && noted.length > eventful) noted.sort((a, b) => a.frame - b.frame);
    return noted;
  }
}

/** Nanoseconds within which a sequence number stands for the same octet, whatever a capture has lost between. */
const SAME_NUMBERS = 3e9;

/** What a flow's segments have in all, in its head, past its predecessor (tcp/evidence/predecessor.ts). */
const SUM = { traits: 14, notes: 15, events: 16, firstFrame: 17 } as const;
