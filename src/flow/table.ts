import { LoneOpenings } from './lone-openings.ts';
import { CLIENT, FLOW, FLOW_BITS, FlowRows, SERVER, type Side } from './rows.ts';

/**
 * The flow table: from the four addresses and ports of a segment to the row of its flow.
 *
 * Open addressing over pairs (32-bit hash tag, row); a look-up that hits reads one pair and one row. The two ends of a
 * flow are kept in a fixed order (by address, then port, as unsigned numbers), so both directions find the same row.
 */
export class FlowTable {
  readonly rows: FlowRows = new FlowRows();
  /** Flows that have no row yet. */
  readonly openings: LoneOpenings = new LoneOpenings();
  /** Pairs: tag, row + 1 or the complement of an opening's place; 0 is an empty slot. */
  private slots: Int32Array = new Int32Array(1 << 13);
  private mask = (1 << 12) - 1;
  private count = 0;

  /** The key that `keyOf` made last, in the fixed order. */
  keyLow = 0;
  keyHigh = 0;
  ports = 0;
  split = 0;
  v6 = 0;
  hash = 0;
  /** 1 when the segment's sender is the higher endpoint. */
  senderIsHigh = 0;
  /** IPv6: eight words, lower endpoint's address first. */
  readonly wide: Int32Array = new Int32Array(8);

  /** Makes the key of a segment between two endpoints; offsets index `view`. */
  keyOf4(source: number, destination: number, sourcePort: number, destinationPort: number, split: number): void {
    const high = source === destination ? sourcePort > destinationPort : source >>> 0 > destination >>> 0;
    if (high) {
      this.keyLow = destination;
      this.keyHigh = source;
      this.ports = (destinationPort << 16) | sourcePort;
      this.senderIsHigh = 1;
    } else {
      this.keyLow = source;
      this.keyHigh = destination;
      this.ports = (sourcePort << 16) | destinationPort;
      this.senderIsHigh = 0;
    }
    this.split = split;
    this.v6 = 0;
    this.hash = hashOfKey(this.keyLow, this.keyHigh, this.ports, split, 0);
  }

  keyOf6(
    view: DataView,
    sourceAt: number,
    destinationAt: number,
    sourcePort: number,
    destinationPort: number,
    split: number,
  ): void {
    let order = 0;
    for (let i = 0; i < 16 && order === 0; i += 4)
      order = view.getUint32(sourceAt + i) - view.getUint32(destinationAt + i);
    const high = order > 0 || (order === 0 && sourcePort > destinationPort);
    const lowAt = high ? destinationAt : sourceAt;
    const highAt = high ? sourceAt : destinationAt;
    const wide = this.wide;
    for (let i = 0; i < 4; i++) {
      wide[i] = view.getInt32(lowAt + i * 4);
      wide[i + 4] = view.getInt32(highAt + i * 4);
    }
    this.keyLow = mix(wide[0]!, wide[1]!, wide[2]!, wide[3]!);
    this.keyHigh = mix(wide[4]!, wide[5]!, wide[6]!, wide[7]!);
    this.ports = high ? (destinationPort << 16) | sourcePort : (sourcePort << 16) | destinationPort;
    this.senderIsHigh = high ? 1 : 0;
    this.split = split;
    this.v6 = FLOW_BITS.v6;
    this.hash = hashOfKey(this.keyLow, this.keyHigh, this.ports, split, this.v6);
  }

  /** Whether both ends of the key are one. */
  isSelf(): boolean {
    if (this.ports >>> 16 !== (this.ports & 0xffff) || this.keyLow !== this.keyHigh) return false;
    for (let i = 0; i < 4; i++) if (this.v6 !== 0 && this.wide[i] !== this.wide[i + 4]) return false;
    return true;
  }

  /** Which side of the row's flow the sender of the segment that made the key is. */
  sideOf(row: number): Side {
    const bits = this.rows.i32[row + FLOW.bits]!;
    if ((bits & FLOW_BITS.selfConnect) !== 0) return CLIENT;
    return (this.senderIsHigh !== 0) === ((bits & FLOW_BITS.clientIsHigh) !== 0) ? CLIENT : SERVER;
  }

  /** The row of the key; -1 where there is none, and -2 - place for an opening without a row. */
  find(): number {
    const { slots, mask, hash } = this;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot * 2 + 1]! - 1;
      if (row === -1) return -1;
      if (slots[slot * 2] !== hash) continue;
      if (row < 0 ? this.openings.holds(-2 - row, this) : this.holds(row)) return row;
    }
  }

  /** Whether `row` is the row of the key. */
  holds(row: number): boolean {
    const i32 = this.rows.i32;
    return (
      i32[row + FLOW.ports] === this.ports &&
      i32[row + FLOW.keyLow] === this.keyLow &&
      i32[row + FLOW.keyHigh] === this.keyHigh &&
      i32[row + FLOW.split] === this.split &&
      (i32[row + FLOW.bits]! & FLOW_BITS.v6) === this.v6 &&
      (this.v6 === 0 || this.holdsWide(row))
    );
  }

  private holdsWide(row: number): boolean {
    const i32 = this.rows.i32;
    for (let i = 0; i < 8; i++) if (i32[row + FLOW.addressLow + i] !== this.wide[i]) return false;
    return true;
  }

  /** A new row for the key, which has none. */
  insert(): number {
    const row = this.rows.make();
    this.fill(row);
    this.enter(row + 1);
    return row;
  }

  /** The opening at the place is the flow of the key from now on. */
  insertOpening(place: number): void {
    this.enter(-1 - place);
  }

  /**
   * A row for the opening at a place, whose key was made: `openings.moveTo` is to follow.
   *
   * @param last nobody looks for it, or for any other, again
   * @param image what the row begins as, but for its key; zeros without
   * @param alike a row that begins as that, if it is free
   */
  moveOpening(place: number, last: boolean, image: Int32Array | undefined, alike: number): number {
    const row = this.rows.make(place, image, alike);
    this.fill(row);
    if (!last) this.slots[this.slotOf(this.hash, -1 - place) * 2 + 1] = row + 1;
    return row;
  }

  /** Makes the key of the opening at a place, as its client's segments do. */
  keyOfOpening(place: number): void {
    this.openings.readKey(place, this);
    this.hash = hashOfKey(this.keyLow, this.keyHigh, this.ports, this.split, this.v6);
  }

  private fill(row: number): void {
    const i32 = this.rows.i32;
    i32[row + FLOW.keyLow] = this.keyLow;
    i32[row + FLOW.keyHigh] = this.keyHigh;
    i32[row + FLOW.ports] = this.ports;
    i32[row + FLOW.split] = this.split;
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! | this.v6;
    i32[row + FLOW.hash] = this.hash;
    if (this.v6 !== 0) for (let i = 0; i < 8; i++) i32[row + FLOW.addressLow + i] = this.wide[i]!;
  }

  private enter(value: number): void {
    if ((this.count + 1) * 4 > (this.mask + 1) * 3) this.grow();
    this.place(this.hash, value);
    this.count++;
  }

  private slotOf(hash: number, value: number): number {
    const { slots, mask } = this;
    let slot = hash & mask;
    while (slots[slot * 2 + 1] !== value) slot = (slot + 1) & mask;
    return slot;
  }

  /** Takes a row out and gives it and its place back. Its key can be inserted anew. */
  remove(row: number): void {
    const { slots, mask } = this;
    let slot = this.slotOf(this.rows.i32[row + FLOW.hash]!, row + 1);
    // Close the gap: whatever follows and was pushed past this slot moves back (no tombstones in the table).
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
    this.count--;
    const place = this.rows.place(row);
    this.openings.forget(place);
    this.rows.places.give(place);
    this.rows.release(row);
  }

  private place(hash: number, value: number): void {
    const slot = this.slotOf(hash, 0);
    this.slots[slot * 2] = hash;
    this.slots[slot * 2 + 1] = value;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    this.mask = this.mask * 2 + 1;
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.place(old[i]!, old[i + 1]!);
  }
}

/** Keeps an IPv6 flow's hash apart from that of an IPv4 flow. */
const V6_SEED = 0x36;

/** The hash of a key; `v6` is FLOW_BITS.v6 or 0. */
export function hashOfKey(low: number, high: number, ports: number, split: number, v6: number): number {
  return mix(low, high, ports, v6 === 0 ? split : split ^ V6_SEED);
}

/** Two rounds of multiply and xorshift over four words: even a flood of neighbouring addresses spreads. */
function mix(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f), 0x2545f491);
  return hash ^ (hash >>> 13);
}
