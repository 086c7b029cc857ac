import { ACK, type SegmentView } from '../wire/segment.ts';
import { CLIENT, SERVER, type Side } from './rows.ts';

/**
 * SYNs and SYN+ACKs that were sent again, of flows without a row (flow/lone-openings.ts): 32 octets for each, in the order
 * in which they came. A server under a flood repeats each SYN+ACK some five times, and so does a client its SYN that
 * nobody answers. What they have in common with the first is not kept.
 */
export class RepeatedOpenings {
  private readonly pages: Int32Array[] = [];
  private readonly doubles: Float64Array[] = [];
  /** The first entry that was given back, and how many were made; 0 is none. */
  private free = 0;
  private made = 1;

  /** Adds one to a list, which is told by its last entry, 0 for none. Answers what it is told by from now on. */
  add(last: number, { flags, frame, time, ipId, tsVal }: SegmentView, windowWord: number): number {
    const entry = this.newEntry();
    const page = this.pages[entry >> PAGE_SHIFT]!;
    const at = (entry & ENTRY_MASK) * WORDS;
    page[at + AT.frame] = frame;
    page[at + AT.ipId] = ipId;
    page[at + AT.tsVal] = tsVal;
    page[at + AT.window] = windowWord;
    page[at + AT.side] = (flags & ACK) === 0 ? CLIENT : SERVER;
    this.doubles[entry >> PAGE_SHIFT]![at / 2 + AT.timeF64] = time;
    if (last === 0) page[at + AT.next] = entry;
    else {
      page[at + AT.next] = this.after(last);
      this.link(last, entry);
    }
    return entry;
  }

  /** The entry after one; after the last comes the first. */
  after(entry: number): number {
    return this.pages[entry >> PAGE_SHIFT]![(entry & ENTRY_MASK) * WORDS + AT.next]!;
  }

  time(entry: number): number {
    return this.doubles[entry >> PAGE_SHIFT]![(entry & ENTRY_MASK) * (WORDS / 2) + AT.timeF64]!;
  }

  frame(entry: number): number {
    return this.pages[entry >> PAGE_SHIFT]![(entry & ENTRY_MASK) * WORDS + AT.frame]!;
  }

  /** Who sent it: the client a SYN, the server a SYN+ACK. */
  side(entry: number): Side {
    return this.pages[entry >> PAGE_SHIFT]![(entry & ENTRY_MASK) * WORDS + AT.side] === CLIENT ? CLIENT : SERVER;
  }

  tsVal(entry: number): number {
    return this.pages[entry >> PAGE_SHIFT]![(entry & ENTRY_MASK) * WORDS + AT.tsVal]!;
  }

  /** Writes what the entry's segment has of its own; answers its window and checksum, as they were given. */
  read(entry: number, segment: SegmentView): number {
    const page = this.pages[entry >> PAGE_SHIFT]!;
    const at = (entry & ENTRY_MASK) * WORDS;
    segment.frame = page[at + AT.frame]!;
    segment.time = this.time(entry);
    segment.ipId = page[at + AT.ipId]!;
    segment.tsVal = this.tsVal(entry);
    return page[at + AT.window]!;
  }

  /** Gives back the list with this last entry. */
  give(last: number): void {
    if (last === 0) return;
    const first = this.after(last);
    this.link(last, this.free);
    this.free = first;
  }

  private link(entry: number, next: number): void {
    this.pages[entry >> PAGE_SHIFT]![(entry & ENTRY_MASK) * WORDS + AT.next] = next;
  }

  private newEntry(): number {
    const entry = this.free;
    if (entry !== 0) {
      this.free = this.after(entry);
      return entry;
    }
    if (this.made >> PAGE_SHIFT === this.pages.length) {
      const page = new Int32Array(ENTRIES * WORDS);
      this.pages.push(page);
      this.doubles.push(new Float64Array(page.buffer));
    }
    return this.made++;
  }
}

/** Where an entry's fields lie; a name that ends in F64 indexes doubles. */
const AT = { timeF64: 0, next: 2, frame: 3, ipId: 4, tsVal: 5, window: 6, side: 7 } as const;
const WORDS = 8;
const PAGE_SHIFT = 14;
const ENTRIES = 1 << PAGE_SHIFT;
const ENTRY_MASK = ENTRIES - 1;
