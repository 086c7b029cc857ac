import { END, END_BITS, FLOW } from './rows.ts';
import type { FlowTable } from './table.ts';

/**
 * What is left of flows that were handed on: enough to tell that a late segment is theirs.
 * The newest LIMIT are kept, in a ring; the oldest is overwritten.
 */
export class Tombstones {
  private ring: Int32Array = new Int32Array(1024 * WORDS);
  /** Pairs: hash tag, entry + 1. */
  private slots: Int32Array = new Int32Array(4096);
  private next = 0;
  private held = 0;

  /** Remembers a flow that is about to give its row back. */
  add(i32: Int32Array, row: number): void {
    if (this.next * WORDS === this.ring.length && this.ring.length < LIMIT * WORDS) this.grow();
    const capacity = this.ring.length / WORDS;
    const entry = this.next % capacity;
    if (this.held === capacity) this.drop(entry);
    else this.held++;
    this.next = entry + 1;
    const { ring } = this;
    const at = entry * WORDS;
    ring[at + AT.hash] = i32[row + FLOW.hash]!;
    ring[at + AT.keyLow] = i32[row + FLOW.keyLow]!;
    ring[at + AT.keyHigh] = i32[row + FLOW.keyHigh]!;
    ring[at + AT.ports] = i32[row + FLOW.ports]!;
    ring[at + AT.split] = i32[row + FLOW.split]!;
    ring[at + AT.flow] = i32[row + FLOW.number]!;
    ring[at + AT.late] = 0;
    ring[at + AT.clientIsn] = i32[row + FLOW.client + END.isn]!;
    ring[at + AT.serverIsn] = i32[row + FLOW.server + END.isn]!;
    ring[at + AT.isnKnown] =
      (i32[row + FLOW.client + END.bits]! & END_BITS.isnKnown ? 1 : 0) |
      (i32[row + FLOW.server + END.bits]! & END_BITS.isnKnown ? 2 : 0);
    this.place(entry);
  }

  /**
   * A flow is over and no segment will ask for it: it takes the place that it would be given, so that `late` tells of
   * the same flows.
   */
  pass(): void {
    // Where the ring would have grown by then, there was nothing in that place.
    const entry = this.next % LIMIT;
    if (entry < this.held) this.ring[entry * WORDS + AT.late] = 0;
    this.next = entry + 1;
  }

  /** The newest entry of the table's key, or -1. */
  find(table: FlowTable): number {
    const { slots, ring } = this;
    const mask = slots.length / 2 - 1;
    for (let slot = table.hash & mask; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      if (slots[slot * 2] !== table.hash) continue;
      const at = (slots[slot * 2 + 1]! - 1) * WORDS;
      if (
        ring[at + AT.ports] === table.ports &&
        ring[at + AT.keyLow] === table.keyLow &&
        ring[at + AT.keyHigh] === table.keyHigh &&
        ring[at + AT.split] === table.split
      )
        return slots[slot * 2 + 1]! - 1;
    }
    return -1;
  }

  /** Number of the entry's flow. */
  flow(entry: number): number {
    return this.ring[entry * WORDS + AT.flow]!;
  }

  /** Whether one of the flow's initial sequence numbers was `isn`. */
  hasIsn(entry: number, isn: number): boolean {
    const at = entry * WORDS;
    const known = this.ring[at + AT.isnKnown]!;
    return (
      ((known & 1) !== 0 && this.ring[at + AT.clientIsn] === isn) ||
      ((known & 2) !== 0 && this.ring[at + AT.serverIsn] === isn)
    );
  }

  /** Counts a late segment. */
  count(entry: number): void {
    this.ring[entry * WORDS + AT.late] = this.ring[entry * WORDS + AT.late]! + 1;
  }

  /** Flows with late segments, as far as they are remembered: number and how many, at most `limit` of them. */
  late(limit: number): { flow: number; segments: number }[] {
    const flows: { flow: number; segments: number }[] = [];
    for (let entry = 0; entry < this.held && flows.length < limit; entry++) {
      const segments = this.ring[entry * WORDS + AT.late]!;
      if (segments > 0) flows.push({ flow: this.flow(entry), segments });
    }
    return flows.sort((a, b) => a.flow - b.flow);
  }

  private place(entry: number): void {
    const { slots, ring } = this;
    const mask = slots.length / 2 - 1;
    const at = entry * WORDS;
    const hash = ring[at + AT.hash]!;
    let slot = hash & mask;
    for (; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const other = (slots[slot * 2 + 1]! - 1) * WORDS;
      if (
        slots[slot * 2] === hash &&
        ring[other + AT.ports] === ring[at + AT.ports] &&
        ring[other + AT.keyLow] === ring[at + AT.keyLow] &&
        ring[other + AT.keyHigh] === ring[at + AT.keyHigh] &&
        ring[other + AT.split] === ring[at + AT.split]
      )
        break; // an older flow on the same ports: the newer one answers for them
    }
    slots[slot * 2] = hash;
    slots[slot * 2 + 1] = entry + 1;
  }

  private drop(entry: number): void {
    const { slots, ring } = this;
    const mask = slots.length / 2 - 1;
    let slot = ring[entry * WORDS + AT.hash]! & mask;
    while (slots[slot * 2 + 1] !== entry + 1) {
      if (slots[slot * 2 + 1] === 0) return; // a newer flow on the same ports took its place
      slot = (slot + 1) & mask;
    }
    for (let next = (slot + 1) & mask; slots[next * 2 + 1] !== 0; next = (next + 1) & mask) {
      const home = slots[next * 2]! & mask;
      if (((next - home) & mask) >= ((next - slot) & mask)) {
        slots[slot * 2] = slots[next * 2]!;
        slots[slot * 2 + 1] = slots[next * 2 + 1]!;
        slot = next;
      }
    }
    slots[slot * 2] = 0;
    slots[slot * 2 + 1] = 0;
  }

  private grow(): void {
    const ring = new Int32Array(this.ring.length * 2);
    ring.set(this.ring);
    this.ring = ring;
    this.slots = new Int32Array(this.slots.length * 2);
    for (let entry = 0; entry < this.held; entry++) this.place(entry);
  }
}

/** Where an entry's fields lie. */
const AT = {
  hash: 0,
  keyLow: 1,
  keyHigh: 2,
  ports: 3,
  split: 4,
  flow: 5,
  late: 6,
  clientIsn: 7,
  serverIsn: 8,
  isnKnown: 9,
} as const;
const WORDS = 10;
const LIMIT = 131072;
