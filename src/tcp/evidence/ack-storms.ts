import { END, FLOW } from '../../flow/rows.ts';
import type { SegmentView } from '../../wire/segment.ts';

/** ACKs to and fro that brought nothing: how many at the most, the frames of the first and the last of them, nanoseconds between. */
export interface AckStorm {
  readonly acks: number;
  readonly firstFrame: number;
  readonly lastFrame: number;
  readonly span: number;
}

interface Run {
  count: number;
  firstFrame: number;
  firstTime: number;
  lastFrame: number;
  /** Segments of its sender and of the other end, and those of both with payload, when the newest was counted. */
  own: number;
  peer: number;
  payloads: number;
}

/**
 * Pure ACKs out of step that answer each other: an end sends one beside the sequence number that the other one waits for
 * (RFC 9293 3.10.7.4: it is answered by an ACK), and that answer draws the next. ACKs out of step are rare.
 */
export class AckStorms {
  /** The newest run of each direction, and the largest that was long enough, by where the sender's words begin. */
  private readonly runs = new Map<number, Run>();
  private readonly storms = new Map<number, AckStorm>();

  /** A pure ACK beside the sequence number that its sender is at. */
  take(i32: Int32Array, row: number, sender: number, { frame, time, ack }: SegmentView): void {
    const receiver = sender === row + FLOW.client ? row + FLOW.server : row + FLOW.client;
    // Older than another one: overtaken, or captured late, and no answer to what came last.
    if (ack !== i32[receiver + END.sndUna]) return;
    const own = i32[sender + END.packets]!;
    const peer = i32[receiver + END.packets]!;
    const payloads = i32[sender + END.payloadSegments]! + i32[receiver + END.payloadSegments]!;
    let run = this.runs.get(sender);
    if (run === undefined) {
      run = { count: 0, firstFrame: 0, firstTime: 0, lastFrame: 0, own: 0, peer: 0, payloads: 0 };
      this.runs.set(sender, run);
    }
    const answers = own === run.own + 1 && peer === run.peer + 1 && payloads === run.payloads;
    if (!answers || time - run.firstTime > WITHIN) {
      run.count = 0;
      run.firstFrame = frame;
      run.firstTime = time;
    }
    run.count++;
    run.lastFrame = frame;
    run.own = own;
    run.peer = peer;
    run.payloads = payloads;
    const known = this.storms.get(sender);
    // Nobody answers within a microsecond: queues of the capture that were mixed look like that.
    if (run.count * 2 < LEAST || time - run.firstTime < run.count * ANSWERED) return;
    if (known !== undefined && known.acks >= run.count * 2) return;
    const { firstFrame, firstTime } = run;
    this.storms.set(sender, { acks: run.count * 2, firstFrame, lastFrame: frame, span: time - firstTime });
  }

  /** The larger storm of the flow's two directions. */
  of(row: number): AckStorm | undefined {
    const client = this.storms.get(row + FLOW.client);
    const server = this.storms.get(row + FLOW.server);
    return (client?.acks ?? 0) >= (server?.acks ?? 0) ? client : server;
  }

  forget(row: number): void {
    if (this.runs.size === 0) return;
    for (const end of [row + FLOW.client, row + FLOW.server]) {
      this.runs.delete(end);
      this.storms.delete(end);
    }
  }
}

/** Nanoseconds in which a storm has so many ACKs at least. Keep-alives and probes of a window come far more slowly. */
const WITHIN = 1e9;
const LEAST = 20;
/** … and what an ACK and its answer take together at least. */
const ANSWERED = 1e4;
