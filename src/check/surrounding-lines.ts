import { ByteWriter } from '../bytes/writer.ts';
import { TcpdumpLine } from '../render/tcpdump.ts';
import type { Verdict } from '../tcp/verdict.ts';
import type { SegmentView, WireResult } from '../wire/segment.ts';
import type { BrokenFlow } from './rule.ts';

/** Gives flows that broke a rule the line of the frame where it shows, with the one before and after it in the flow. */
export class SurroundingLines {
  /** What is gathered of each flow, by its number. */
  private readonly watched = new Map<number, Watched[]>();
  private readonly lines: TcpdumpLine;
  private readonly out = new ByteWriter(512);

  /** @param zoneOffset of the times, as `LineOptions` has it */
  constructor(flows: readonly BrokenFlow[], zoneOffset: (seconds: number) => number) {
    this.lines = new TcpdumpLine({ zoneOffset });
    for (const flow of flows) {
      const watched = this.watched.get(flow.flow) ?? [];
      watched.push({ flow, before: null, at: null, after: null });
      this.watched.set(flow.flow, watched);
    }
  }

  take(verdict: Verdict, segment: SegmentView, result: WireResult): void {
    // Relative sequence numbers depend on every line before.
    this.out.length = 0;
    this.lines.write(this.out, segment, result);
    const watched = this.watched.get(verdict.flow);
    if (watched === undefined) return;
    const { frame } = segment;
    for (const one of watched) {
      if (one.after !== null) continue;
      if (one.flow.repeats && one.at === null && verdict.retransmitsFrame > 0) one.flow.frame = frame;
      const line = `${frame}  ${this.out.toString()}`;
      if (frame < one.flow.frame) one.before = line;
      else if (frame === one.flow.frame) one.at = line;
      else if (one.at !== null) one.after = line;
    }
  }

  /** The capture is over: hands over the lines. */
  end(): void {
    for (const { flow, before, at, after } of [...this.watched.values()].flat()) {
      flow.lines = [
        ...(before === null ? [] : [`  ${before}`]),
        ...(at === null ? [] : [`> ${at}`]),
        ...(after === null ? [] : [`  ${after}`]),
      ];
    }
  }
}

interface Watched {
  readonly flow: BrokenFlow;
  before: string | null;
  at: string | null;
  after: string | null;
}
