import { seqDelta } from '../bytes/seq.ts';

/**
 * Blocks of a direction's sequence space, by the direction: those that were captured past a hole (by END's place in the
 * rows), or those that were cut short (tcp/history/extras.ts). Holes are rare: what is kept for them may cost a little.
 */
export class Islands {
  private readonly blocks: Map<number, number[]> = new Map();
  /** Blocks that were joined with their neighbour, hole and all, because a direction had too many. */
  overflowed = 0;

  /** Forgets a direction. */
  clear(direction: number): void {
    this.blocks.delete(direction);
  }

  /**
   * Adds `start` to `end`; answers how many of its octets were there already.
   * Blocks are kept as start, end, start, end …, in ascending order, never touching.
   */
  add(direction: number, start: number, end: number): number {
    const blocks = this.blocks.get(direction);
    if (blocks === undefined) {
      this.blocks.set(direction, [start, end]);
      return 0;
    }
    let first = 0;
    while (first < blocks.length && seqDelta(start, blocks[first + 1]!) < 0) first += 2;
    let last = first;
    let from = start;
    let to = end;
    let known = 0;
    for (; last < blocks.length && seqDelta(blocks[last]!, end) >= 0; last += 2) {
      const low = seqDelta(start, blocks[last]!) > 0 ? blocks[last]! : start;
      const high = seqDelta(end, blocks[last + 1]!) < 0 ? blocks[last + 1]! : end;
      known += Math.max(0, seqDelta(low, high));
      if (seqDelta(blocks[last]!, from) > 0) from = blocks[last]!;
      if (seqDelta(to, blocks[last + 1]!) > 0) to = blocks[last + 1]!;
    }
    blocks.splice(first, last - first, from, to);
    if (blocks.length > BLOCKS_LIMIT * 2) {
      blocks.splice(1, 2);
      this.overflowed++;
    }
    return known;
  }

  /** Takes the blocks that `seen` has reached and answers how far the octets are now there without a hole. */
  reach(direction: number, seen: number): number {
    const blocks = this.blocks.get(direction);
    if (blocks === undefined) return seen;
    let reached = seen;
    let gone = 0;
    while (gone < blocks.length && seqDelta(blocks[gone]!, reached) >= 0) {
      if (seqDelta(reached, blocks[gone + 1]!) > 0) reached = blocks[gone + 1]!;
      gone += 2;
    }
    if (gone === blocks.length) this.blocks.delete(direction);
    else if (gone > 0) blocks.splice(0, gone);
    return reached;
  }

  /** How many octets of `start` to `end` are in the direction's blocks. */
  known(direction: number, start: number, end: number): number {
    const blocks = this.blocks.get(direction);
    let known = 0;
    for (let i = 0; blocks !== undefined && i < blocks.length; i += 2) {
      const low = seqDelta(start, blocks[i]!) > 0 ? blocks[i]! : start;
      const high = seqDelta(end, blocks[i + 1]!) < 0 ? blocks[i + 1]! : end;
      known += Math.max(0, seqDelta(low, high));
    }
    return known;
  }

  /** Takes `start` to `end` out of the direction's blocks. */
  remove(direction: number, start: number, end: number): void {
    const blocks = this.blocks.get(direction);
    if (blocks === undefined) return;
    const left: number[] = [];
    for (let i = 0; i < blocks.length; i += 2) {
      const from = blocks[i]!;
      const to = blocks[i + 1]!;
      if (seqDelta(end, from) >= 0 || seqDelta(to, start) >= 0) left.push(from, to);
      else {
        if (seqDelta(from, start) > 0) left.push(from, start);
        if (seqDelta(end, to) > 0) left.push(end, to);
      }
    }
    if (left.length === 0) this.blocks.delete(direction);
    else this.blocks.set(direction, left);
  }

  /** Takes what lies before `bound` out of the direction's blocks and answers it: start, end, start, end …, ascending. */
  takeBefore(direction: number, bound: number): number[] {
    const taken: number[] = [];
    const blocks = this.blocks.get(direction);
    for (let i = 0; blocks !== undefined && i < blocks.length && seqDelta(blocks[i]!, bound) > 0; i += 2) {
      taken.push(blocks[i]!, seqDelta(bound, blocks[i + 1]!) > 0 ? bound : blocks[i + 1]!);
    }
    if (taken.length > 0) this.remove(direction, taken[0]!, bound);
    return taken;
  }

  /** Whether the direction has blocks. */
  has(direction: number): boolean {
    return this.blocks.has(direction);
  }

  /** The holes between `start` and `end`: start, end, start, end …, ascending. */
  holes(direction: number, start: number, end: number): number[] {
    const blocks = this.blocks.get(direction);
    const holes: number[] = [];
    let reached = start;
    for (let i = 0; blocks !== undefined && i < blocks.length && seqDelta(blocks[i]!, end) > 0; i += 2) {
      if (seqDelta(reached, blocks[i]!) > 0) holes.push(reached, blocks[i]!);
      if (seqDelta(reached, blocks[i + 1]!) > 0) reached = blocks[i + 1]!;
    }
    if (seqDelta(reached, end) > 0) holes.push(reached, end);
    return holes;
  }
}

const BLOCKS_LIMIT = 512;
