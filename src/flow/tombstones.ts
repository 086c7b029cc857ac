import { END, END_BITS, FLOW, type FlowRows } from './rows.ts';
import type { FlowTable } from './table.ts';

/**
 * What is left of flows that were handed on: enough to tell that a late segment is theirs, and what held the ports of a
 * flow that begins on them. The newest LIMIT are kept, in a ring; the oldest is overwritten.
 */
export class Tombstones {
  private ring: Int32Array = new Int32Array(1024 * WORDS);
  private times: Float64Array = new Float64Array(this.ring.buffer);
  /** Pairs: hash tag, entry + 1. */
  private slots: Int32Array = new Int32Array(4096);
  private next = 0;
  private held = 0;

  /** Remembers a flow that is about to give its row back. */
  add({ i32, f64 }: FlowRows, row: number): void {
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
    ring[at + AT.bits] = i32[row + FLOW.bits]!;
    ring[at + AT.states] = i32[row + FLOW.state]! | (i32[row + FLOW.state + 1]! << 4);
    ring[at + AT.lastFrame] = i32[row + FLOW.lastFrame]!;
    ring[at + AT.sndNxt] = i32[row + FLOW.client + END.sndNxt]!;
    ring[at + AT.sndNxt + 1] = i32[row + FLOW.server + END.sndNxt]!;
    ring[at + AT.tsVal] = i32[row + FLOW.client + END.tsVal]!;
    ring[at + AT.tsVal + 1] = i32[row + FLOW.server + END.tsVal]!;
    this.times[at / 2 + AT.lastTimeF64] = f64[row / 2 + FLOW.lastTimeF64]!;
    this.times[at / 2 + AT.timeWaitF64] = f64[row / 2 + FLOW.timeWaitF64]!;
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

  /** The last frame of the entry's flow, when that was, and when TIME_WAIT began. */
  lastFrame(entry: number): number {
    return this.ring[entry * WORDS + AT.lastFrame]!;
  }

  lastTime(entry: number): number {
    return this.times[(entry * WORDS) / 2 + AT.lastTimeF64]!;
  }

  timeWaitTime(entry: number): number {
    return this.times[(entry * WORDS) / 2 + AT.timeWaitF64]!;
  }

  /** Its FLOW_BITS, and a side's state at its end. */
  bits(entry: number): number {
    return this.ring[entry * WORDS + AT.bits]!;
  }

  state(entry: number, side: number): number {
    return (this.ring[entry * WORDS + AT.states]! >> (side * 4)) & 15;
  }

  /** Past the highest sequence number that a side had sent, and its newest timestamp. */
  sndNxt(entry: number, side: number): number {
    return this.ring[entry * WORDS + AT.sndNxt + side]!;
  }

  tsVal(entry: number, side: number): number {
    return this.ring[entry * WORDS + AT.tsVal + side]!;
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
    this.times = new Float64Array(ring.buffer);
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
  bits: 10,
  states: 11,
  lastFrame: 12,
  /** Of the client, and of the server directly after it. */
  sndNxt: 13,
  tsVal: 15,
  lastTimeF64: 9,
  timeWaitF64: 10,
} as const;
const WORDS = 22;
const LIMIT = 131072;
