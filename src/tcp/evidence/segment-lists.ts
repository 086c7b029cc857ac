import { grown } from '../../bytes/grown.ts';
import { FLOW, type FlowRows } from '../../flow/rows.ts';

/**
 * Lists of entries of all flows, in one pooled array. A flow that has any has a head, an entry too, whose number stands
 * at FLOW.evidence: it names the last entry of each list. An entry names the next one, the last one the first.
 */
export class SegmentLists {
  /** Words and doubles of the entries. Both are others once one was made. */
  i32: Int32Array = new Int32Array(64 * ENTRY.words);
  f64: Float64Array = new Float64Array(this.i32.buffer);
  private readonly rows: FlowRows;
  private free = 0;
  private made = 1;

  constructor(rows: FlowRows) {
    this.rows = rows;
  }

  /** A new entry at the end of a flow's list: where it lies. Where there are `most`, -1 or, of troubles, the oldest made anew. */
  make(row: number, list: number, most: number): number {
    const head = this.headOf(row);
    const last = this.i32[head + list]!;
    const count = last === 0 ? 0 : this.i32[last * ENTRY.words + ENTRY.count]!;
    let index: number;
    if (count >= most) {
      if (list === LIST.eventful) return -1;
      index = this.i32[last * ENTRY.words + ENTRY.next]!;
      const second = this.i32[index * ENTRY.words + ENTRY.next]!;
      this.i32.fill(0, index * ENTRY.words, (index + 1) * ENTRY.words);
      this.i32[index * ENTRY.words + ENTRY.next] = second;
    } else {
      index = this.newEntry();
      this.i32[index * ENTRY.words + ENTRY.next] = last === 0 ? index : this.i32[last * ENTRY.words + ENTRY.next]!;
      if (last !== 0) this.i32[last * ENTRY.words + ENTRY.next] = index;
    }
    this.i32[index * ENTRY.words + ENTRY.count] = Math.min(count + 1, most);
    this.i32[head + list] = index;
    return index * ENTRY.words;
  }

  /** Where the head of a flow lies, made when it is first needed. */
  headOf(row: number): number {
    const { i32 } = this.rows;
    if (i32[row + FLOW.evidence] === 0) i32[row + FLOW.evidence] = this.newEntry();
    return i32[row + FLOW.evidence]! * ENTRY.words;
  }

  /** Where the last entry of a flow's list lies, or 0. */
  lastOf(row: number, list: number): number {
    const head = this.rows.i32[row + FLOW.evidence]!;
    return head === 0 ? 0 : this.i32[head * ENTRY.words + list]! * ENTRY.words;
  }

  /** Visits a list from its first entry, by the number of its head. */
  each(head: number, list: number, visit: (at: number) => void): void {
    if (head <= 0 || head >= this.made) return;
    const last = this.i32[head * ENTRY.words + list]!;
    if (last === 0) return;
    const count = this.i32[last * ENTRY.words + ENTRY.count]!;
    let index = this.i32[last * ENTRY.words + ENTRY.next]!;
    for (let i = 0; i < count; i++) {
      visit(index * ENTRY.words);
      index = this.i32[index * ENTRY.words + ENTRY.next]!;
    }
  }

  /** Takes back all entries of a flow. */
  giveAll(row: number): void {
    const head = this.rows.i32[row + FLOW.evidence]!;
    if (head === 0) return;
    this.rows.i32[row + FLOW.evidence] = 0;
    this.give(this.i32[head * ENTRY.words + LIST.eventful]!);
    this.give(this.i32[head * ENTRY.words + LIST.troubles]!);
    this.i32[head * ENTRY.words + ENTRY.next] = this.free;
    this.free = head;
  }

  /** Takes back a list, by its last entry. */
  private give(last: number): void {
    if (last === 0) return;
    const first = this.i32[last * ENTRY.words + ENTRY.next]!;
    this.i32[last * ENTRY.words + ENTRY.next] = this.free;
    this.free = first;
  }

  /** An entry of zeros. */
  private newEntry(): number {
    const index = this.free;
    if (index === 0) {
      if ((this.made + 1) * ENTRY.words > this.i32.length) this.grow();
      return this.made++;
    }
    this.free = this.i32[index * ENTRY.words + ENTRY.next]!;
    this.i32.fill(0, index * ENTRY.words, (index + 1) * ENTRY.words);
    return index;
  }

  private grow(): void {
    this.i32 = grown(this.i32);
    this.f64 = new Float64Array(this.i32.buffer);
  }
}

/** A flow's lists, by the word of its head that names the last entry: what is eventful, and the ring of its troubles. */
export const LIST = { eventful: 1, troubles: 2 } as const;

/** How many words an entry has, and where it names the next one and, the last of a list, how many there are. */
export const ENTRY = { words: 48, next: 0, count: 1 } as const;
