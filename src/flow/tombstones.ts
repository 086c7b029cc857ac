import { END, END_BITS, FLOW, FLOW_BITS, type FlowRows } from './rows.ts';
import { type FlowTable, hashOfKey } from './table.ts';

/**
 * What is left of flows that were handed on: enough to tell that a late segment is theirs, and what held the ports of a
 * flow that begins on them. The newest LIMIT are kept, in a ring; the oldest is overwritten.
 */
export class Tombstones {
  private ring: Int32Array = new Int32Array(FEW * WORDS);
  private times: Float64Array = new Float64Array(this.ring.buffer);
  /**
   * Entry + 1 in the low bits, a tag of the hash above; 0 is an empty slot. Half of them are empty. Nothing is taken out:
   * each time round the ring begins with empty slots, and those of the time before are asked when these have no answer.
   * What was overwritten since is known by its key.
   */
  private slots: Int32Array = new Int32Array(FEW * 2);
  private olderSlots: Int32Array = NONE;
  private next = 0;
  /** Where the entries end; those that were passed over are zeros, or still hold an older flow. */
  private held = 0;

  /** Remembers a flow that is about to give its row back. */
  add({ i32, f64 }: FlowRows, row: number): void {
    const entry = this.advance();
    if (this.next * WORDS > this.ring.length) this.extend();
    if (entry >= this.held) this.held = this.next;
    const { ring } = this;
    const at = entry * WORDS;
    ring[at + AT.keyLow] = i32[row + FLOW.keyLow]!;
    ring[at + AT.keyHigh] = i32[row + FLOW.keyHigh]!;
    ring[at + AT.ports] = i32[row + FLOW.ports]!;
    ring[at + AT.split] = i32[row + FLOW.split]!;
    ring[at + AT.flow] = i32[row + FLOW.number]!;
    ring[at + AT.facts] =
      (i32[row + FLOW.client + END.bits]! & END_BITS.isnKnown ? FACTS.clientIsn : 0) |
      (i32[row + FLOW.server + END.bits]! & END_BITS.isnKnown ? FACTS.serverIsn : 0) |
      ((i32[row + FLOW.state]! | (i32[row + FLOW.state + 1]! << 4)) << FACTS.states);
    ring[at + AT.clientIsn] = i32[row + FLOW.client + END.isn]!;
    ring[at + AT.serverIsn] = i32[row + FLOW.server + END.isn]!;
    ring[at + AT.bits] = i32[row + FLOW.bits]!;
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
    const entry = this.advance();
    if (entry < this.held) this.ring[entry * WORDS + AT.facts]! &= FACTS.late - 1;
  }

  /** The next entry. */
  private advance(): number {
    if (this.next === LIMIT) this.beginRound();
    return this.next++;
  }

  private beginRound(): void {
    if (this.ring.length < LIMIT * WORDS) this.extend();
    const { slots } = this;
    this.slots = this.olderSlots === NONE ? new Int32Array(LIMIT * 2) : this.olderSlots.fill(0);
    this.olderSlots = slots;
    this.next = 0;
  }

  /** The newest entry of the table's key, or -1. */
  find(table: FlowTable): number {
    const found = this.search(this.slots, table);
    return found >= 0 || this.olderSlots === NONE ? found : this.search(this.olderSlots, table);
  }

  private search(slots: Int32Array, table: FlowTable): number {
    const mask = slots.length - 1;
    const { hash } = table;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      if (((slots[slot]! ^ hash) & ~ENTRY) !== 0) continue;
      const entry = (slots[slot]! & ENTRY) - 1;
      if (this.holds(entry, table.keyLow, table.keyHigh, table.ports, table.split, table.v6)) return entry;
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
    return (this.ring[entry * WORDS + AT.facts]! >> (FACTS.states + side * 4)) & 15;
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
    const facts = this.ring[at + AT.facts]!;
    return (
      ((facts & FACTS.clientIsn) !== 0 && this.ring[at + AT.clientIsn] === isn) ||
      ((facts & FACTS.serverIsn) !== 0 && this.ring[at + AT.serverIsn] === isn)
    );
  }

  /** Counts a late segment; two millions at most. */
  count(entry: number): void {
    const at = entry * WORDS + AT.facts;
    if (this.ring[at]! < MOST_LATE) this.ring[at]! += FACTS.late;
  }

  /** Flows with late segments, as far as they are remembered: number and how many, at most `limit` of them. */
  late(limit: number): { flow: number; segments: number }[] {
    const flows: { flow: number; segments: number }[] = [];
    for (let entry = 0; entry < this.held && flows.length < limit; entry++) {
      const segments = Math.floor(this.ring[entry * WORDS + AT.facts]! / FACTS.late);
      if (segments > 0) flows.push({ flow: this.flow(entry), segments });
    }
    return flows.sort((a, b) => a.flow - b.flow);
  }

  private holds(entry: number, low: number, high: number, ports: number, split: number, v6: number): boolean {
    const { ring } = this;
    const at = entry * WORDS;
    return (
      ring[at + AT.ports] === ports &&
      ring[at + AT.keyLow] === low &&
      ring[at + AT.keyHigh] === high &&
      ring[at + AT.split] === split &&
      (ring[at + AT.bits]! & FLOW_BITS.v6) === v6
    );
  }

  private place(entry: number): void {
    const { slots, ring } = this;
    const mask = slots.length - 1;
    const at = entry * WORDS;
    const low = ring[at + AT.keyLow]!;
    const high = ring[at + AT.keyHigh]!;
    const ports = ring[at + AT.ports]!;
    const split = ring[at + AT.split]!;
    const v6 = ring[at + AT.bits]! & FLOW_BITS.v6;
    const hash = hashOfKey(low, high, ports, split, v6);
    let slot = hash & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      if (((slots[slot]! ^ hash) & ~ENTRY) !== 0) continue;
      // An older flow on the same ports: the newer one answers for them.
      if (this.holds((slots[slot]! & ENTRY) - 1, low, high, ports, split, v6)) break;
    }
    slots[slot] = (hash & ~ENTRY) | (entry + 1);
  }

  /** To the full length at once: what is never written takes no memory (bytes/grown.ts). */
  private extend(): void {
    const ring = new Int32Array(LIMIT * WORDS);
    ring.set(this.ring);
    this.ring = ring;
    this.times = new Float64Array(ring.buffer);
    this.slots = new Int32Array(LIMIT * 2);
    for (let entry = 0; entry < this.held; entry++) if (this.ring[entry * WORDS + AT.flow] !== 0) this.place(entry);
  }
}

/** Where an entry's fields lie. */
const AT = {
  keyLow: 0,
  keyHigh: 1,
  ports: 2,
  split: 3,
  flow: 4,
  facts: 5,
  clientIsn: 6,
  serverIsn: 7,
  bits: 8,
  lastFrame: 9,
  /** Of the client, and of the server directly after it. */
  sndNxt: 10,
  tsVal: 12,
  lastTimeF64: 7,
  timeWaitF64: 8,
} as const;
const WORDS = 18;
const NONE = new Int32Array(0);

/** What `AT.facts` holds: whose initial sequence number is known, the states, and above those the late segments. */
const FACTS = { clientIsn: 1, serverIsn: 2, states: 2, late: 1024 } as const;
const MOST_LATE = 0x7fffffff - FACTS.late;

/** How many are kept, and how many without allocating for that. */
const LIMIT = 131072;
const FEW = 1024;
/** The bits of a slot that hold the entry. */
const ENTRY = 2 * LIMIT - 1;
