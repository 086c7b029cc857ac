import type { SegmentView } from '../wire/segment.ts';
import { FrameSet } from './frame-set.ts';

/** An end that flows may have: an address of 4 or 16 octets, and a port or 0 for any. */
export interface ChosenEnd {
  readonly octets: Uint8Array;
  readonly port: number;
}

/** Flows that are wanted: by number, and those between ends that are wanted. */
export class ChosenFlows {
  private readonly numbers = new FrameSet();
  /** A flow is wanted that has all ends of one of these. */
  private readonly ends: readonly (readonly ChosenEnd[])[];

  constructor(numbers: Iterable<number>, ends: readonly (readonly ChosenEnd[])[] = []) {
    for (const number of numbers) this.numbers.add(number);
    this.ends = ends;
  }

  /** Looks at a segment of a flow, or one that is quoted. Call before `has`. */
  see(flow: number, segment: SegmentView): void {
    if (flow === 0 || this.ends.length === 0 || this.numbers.has(flow)) return;
    for (const ends of this.ends) {
      if (ends.every((end) => isEnd(end, segment))) {
        this.numbers.add(flow);
        return;
      }
    }
  }

  has(flow: number): boolean {
    return this.numbers.has(flow);
  }

  get size(): number {
    return this.numbers.size;
  }
}

function isEnd({ octets, port }: ChosenEnd, segment: SegmentView): boolean {
  if (octets.length !== (segment.ipVersion === 4 ? 4 : 16)) return false;
  return (
    ((port === 0 || port === segment.sourcePort) && isAt(octets, segment, segment.sourceAt)) ||
    ((port === 0 || port === segment.destinationPort) && isAt(octets, segment, segment.destinationAt))
  );
}

function isAt(octets: Uint8Array, { bytes }: SegmentView, at: number): boolean {
  for (let i = 0; i < octets.length; i++) if (bytes[at + i] !== octets[i]) return false;
  return true;
}
