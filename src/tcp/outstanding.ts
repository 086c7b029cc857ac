/**
 * Segments that wait for their acknowledgment, of one direction of one flow, in the order in which they were sent.
 * The oldest is kept in the flow's row (END.oldest…); most flows never have a second.
 */
export class OutstandingRings {
  private readonly rings: Ring[] = [];
  private readonly free: number[] = [];
  private readonly room = new Room();
  /** Segments that were not kept because a direction had more than RING_LIMIT unacknowledged ones, or all together had. */
  overflowed = 0;

  /** The ring of that number (from `take`). */
  at(number: number): Ring {
    return this.rings[number]!;
  }

  take(): number {
    const number = this.free.pop();
    if (number !== undefined) return number;
    this.rings.push(new Ring(this.room));
    return this.rings.length - 1;
  }

  give(number: number): void {
    this.rings[number]!.clear();
    this.free.push(number);
  }
}

/**
 * Past the oldest, in the row. Wireshark keeps ten thousand in all (TCP_MAX_UNACKED_SEGMENTS), and tells no
 * round trip of those that come after.
 */
const RING_LIMIT = 9999;

/** A ring may always have so many, and all rings together so many more: most of a capture of one direction wait for ever. */
const SMALL = 1024;
const ROOM = 1 << 20;

/** What rings may take beyond SMALL, in segments. */
class Room {
  private left = ROOM;

  take(segments: number): boolean {
    if (segments > this.left) return false;
    this.left -= segments;
    return true;
  }

  give(segments: number): void {
    this.left += segments;
  }
}

/** How far a search goes: what is sent again was sent first long ago, so it is among the oldest. */
export const SEARCH_LIMIT = 256;

/** Bits of an entry: it was sent again; it ends no further than one that was sent before it. */
const REPEATED = 1;
const LATE = 2;

/** A first-in-first-out queue of segments in flat arrays, that can also lose entries from its middle. */
export class Ring {
  /** Four words an entry: start, end (past FIN), frame, bits. */
  private words: Int32Array = new Int32Array(4 * 4);
  private times: Float64Array = new Float64Array(4);
  private readonly room: Room;
  private head = 0;
  count = 0;
  /** Segments that came after those of the ring, and had no room. */
  private refused = 0;
  /** The furthest that any entry so far ended; no entry ends before `least`; and how many entries are LATE. */
  private furthest = 0;
  private least = 0;
  private late = 0;

  constructor(room: Room) {
    this.room = room;
  }

  clear(): void {
    this.head = 0;
    this.count = 0;
    this.late = 0;
    this.refused = 0;
    const size = this.times.length;
    if (size <= SMALL) return;
    this.room.give(size - SMALL);
    this.words = new Int32Array(4 * 4);
    this.times = new Float64Array(4);
  }

  /** Whether as many wait as Wireshark keeps. */
  get isFull(): boolean {
    return this.count + this.refused >= RING_LIMIT;
  }

  /** Whether the entries end in the order in which they were sent: as long as none is late. */
  get isInOrder(): boolean {
    return this.late === 0;
  }

  /**
   * Adds the segment sent last; answers false when there is no room for it.
   *
   * @param before where the segment ends that was sent before those of the ring
   */
  push(start: number, end: number, frame: number, time: number, repeated: number, before: number): boolean {
    if (this.isFull) return false;
    if (this.refused !== 0 || (this.count === this.times.length && !this.grow())) {
      this.refused++;
      return false;
    }
    if (this.count === 0) {
      this.furthest = before;
      this.least = end;
    } else if (((this.least - end) | 0) > 0) this.least = end;
    let bits = repeated !== 0 ? REPEATED : 0;
    if (((end - this.furthest) | 0) > 0) this.furthest = end;
    else {
      bits |= LATE;
      this.late++;
    }
    const slot = (this.head + this.count) & (this.times.length - 1);
    this.words[slot * 4] = start;
    this.words[slot * 4 + 1] = end;
    this.words[slot * 4 + 2] = frame;
    this.words[slot * 4 + 3] = bits;
    this.times[slot] = time;
    this.count++;
    return true;
  }

  start(index: number): number {
    return this.words[this.slot(index) * 4]!;
  }

  end(index: number): number {
    return this.words[this.slot(index) * 4 + 1]!;
  }

  frame(index: number): number {
    return this.words[this.slot(index) * 4 + 2]!;
  }

  repeated(index: number): number {
    return this.words[this.slot(index) * 4 + 3]! & REPEATED;
  }

  time(index: number): number {
    return this.times[this.slot(index)]!;
  }

  /** The first entry that ends there, or -1. */
  endingAt(ack: number): number {
    if (((this.least - ack) | 0) > 0) return -1;
    for (let i = 0; i < this.count; i++) if (this.end(i) === ack) return i;
    return -1;
  }

  /** Marks the entry as sent again. */
  markRepeated(index: number): void {
    const at = this.slot(index) * 4 + 3;
    this.words[at] = this.words[at]! | REPEATED;
  }

  shift(): void {
    if ((this.words[this.head * 4 + 3]! & LATE) !== 0) this.late--;
    this.head = (this.head + 1) & (this.times.length - 1);
    this.count--;
    if (this.count === 0) this.refused = 0;
  }

  /** Keeps only entries that end past `ack`, in their order. */
  keepPast(ack: number): void {
    // An ACK that is sent again while something is missing: nothing has changed.
    if (((this.least - ack) | 0) > 0) return;
    let kept = 0;
    let least = 0;
    for (let i = 0; i < this.count; i++) {
      const from = this.slot(i);
      const end = this.words[from * 4 + 1]!;
      if (((end - ack) | 0) <= 0) {
        if ((this.words[from * 4 + 3]! & LATE) !== 0) this.late--;
        continue;
      }
      if (kept === 0 || ((least - end) | 0) > 0) least = end;
      if (kept !== i) {
        const to = this.slot(kept);
        this.words.copyWithin(to * 4, from * 4, from * 4 + 4);
        this.times[to] = this.times[from]!;
      }
      kept++;
    }
    this.count = kept;
    this.least = least;
    if (kept === 0) this.refused = 0;
  }

  private slot(index: number): number {
    return (this.head + index) & (this.times.length - 1);
  }

  private grow(): boolean {
    const size = this.times.length;
    if (size >= SMALL && !this.room.take(size)) return false;
    const words = new Int32Array(size * 8);
    const times = new Float64Array(size * 2);
    for (let i = 0; i < this.count; i++) {
      const slot = this.slot(i);
      for (let word = 0; word < 4; word++) words[i * 4 + word] = this.words[slot * 4 + word]!;
      times[i] = this.times[slot]!;
    }
    this.words = words;
    this.times = times;
    this.head = 0;
    return true;
  }
}
