import { FLOW } from '../flow/rows.ts';
import { KEPT } from '../tcp/reuse.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { NOTE, type Verdict } from '../tcp/verdict.ts';
import type { SegmentDecoder } from '../wire/decode.ts';
import { type SegmentView, WIRE, type WireResult } from '../wire/segment.ts';
import type { ChosenFlows } from './chosen-flows.ts';
import { FrameSet } from './frame-set.ts';

/**
 * Which records belong to the wanted flows: their segments with all fragments, copies and late ones, and the ICMP errors
 * about them. Give it every verdict, then `end`.
 *
 * A record may belong to a flow though nothing tells so when it comes: a fragment before the others, and a SYN inside an
 * open connection, which begins a new flow only when it is answered.
 */
export class FlowFrames {
  readonly frames: FrameSet = new FrameSet();
  private readonly wanted: ChosenFlows;
  private readonly tracker: Tracker;
  private readonly wire: SegmentDecoder;
  /** Fragments of datagrams that were not whole when their first fragment came. */
  private readonly datagrams: Set<readonly number[]> = new Set();
  /** SYNs inside an open connection, by the number of the flow that they may begin; those past KEPT stay where they are. */
  private readonly syns: Map<number, WaitingSyns> = new Map();

  constructor(wanted: ChosenFlows, tracker: Tracker, wire: SegmentDecoder) {
    this.wanted = wanted;
    this.tracker = tracker;
    this.wire = wire;
  }

  /** Takes what the tracker says of a segment, or of something else that has to do with a flow. */
  take(verdict: Verdict, segment: SegmentView, result: WireResult): void {
    const { flow, notes } = verdict;
    this.wanted.see(flow, segment);
    if (result === WIRE.segment && (notes & (NOTE.synInsideConnection | NOTE.portsReused)) !== 0) {
      if ((notes & NOTE.synInsideConnection) !== 0) {
        this.wait(verdict, segment.frame);
        return;
      }
      this.settle(verdict);
    }
    if (!this.wanted.has(flow)) return;
    this.frames.add(segment.frame);
    if (result === WIRE.firstFragment) this.datagrams.add(this.wire.fragments.latest);
    else if (segment.reassembled === 1 && result === WIRE.segment) {
      const { latest } = this.wire.fragments;
      for (const frame of latest) this.frames.add(frame);
      this.datagrams.delete(latest);
    }
  }

  /** All records have come. */
  end(): void {
    for (const frames of this.datagrams) for (const frame of frames) this.frames.add(frame);
    for (const { flow, frames } of this.syns.values()) {
      if (this.wanted.has(flow)) for (const frame of frames) this.frames.add(frame);
    }
  }

  private wait(verdict: Verdict, frame: number): void {
    const { flow, row } = verdict;
    const { reuse } = this.tracker;
    const next = reuse.numberWaiting(row);
    const waiting = this.syns.get(next);
    // One that waited for this number in vain has left it.
    if (waiting !== undefined && reuse.copies(row) === 1) this.leave(next, waiting);
    if (!this.wanted.has(flow) && !this.wanted.has(next)) return;
    const now = this.syns.get(next);
    if (now === undefined) this.syns.set(next, { flow, frames: [frame] });
    else if (now.frames.length < KEPT) now.frames.push(frame);
    else if (this.wanted.has(flow)) this.frames.add(frame);
  }

  /** A flow has begun on ports that were taken: the SYNs that waited for it are its own, if it began with them. */
  private settle({ flow, row }: Verdict): void {
    const waiting = this.syns.get(flow);
    if (waiting === undefined) return;
    if (this.tracker.rows.i32[row + FLOW.firstFrame] !== waiting.frames[0]) {
      this.leave(flow, waiting);
      return;
    }
    this.syns.delete(flow);
    if (this.wanted.has(flow)) for (const frame of waiting.frames) this.frames.add(frame);
  }

  /** The SYNs that waited for this number stay in the flow that they came in. */
  private leave(number: number, { flow, frames }: WaitingSyns): void {
    this.syns.delete(number);
    if (this.wanted.has(flow)) for (const frame of frames) this.frames.add(frame);
  }
}

interface WaitingSyns {
  /** The flow that they came in. */
  readonly flow: number;
  readonly frames: number[];
}
