import { STATE } from './machine.ts';

/** What the tracker noticed at a segment, beside its transitions; renderers put it into words. */
export const NOTE = {
  /** A SYN or SYN+ACK sent again. */
  synRepeated: 0x1,
  synAckRepeated: 0x2,
  /** This segment is the ACK that completes the handshake. */
  handshakeComplete: 0x4,
  /** A FIN that is the first segment to acknowledge the other side's FIN. */
  ackAndFinMerged: 0x8,
  /** A FIN sent before the other side's FIN was seen by its sender. */
  finsCross: 0x10,
  finRepeated: 0x20,
  /** A RST that was not taken: outside the window, or not at the expected sequence number (RFC 5961 3.2). */
  resetOutOfWindow: 0x40,
  resetChallenged: 0x80,
  /** A RST that closed the flow. */
  resetCounts: 0x100,
  /** A SYN of another initial sequence number inside a connection that is still open. */
  synInsideConnection: 0x200,
  /** The flow takes over ports whose last flow is over. */
  portsReused: 0x400,
  /** … and that flow was in TIME_WAIT. */
  reusedInTimeWait: 0x800,
  /** The checksum is wrong and the sender is known to send good ones: the segment changes nothing. */
  checksumBad: 0x1000,
  /** After a RST one side went on: that reset was not what it seemed. */
  aliveAfterReset: 0x2000,
  keepAlive: 0x4000,
  /** Fills a hole: sent late (a retransmission) or overtaken on the way. */
  fillsHole: 0x8000,
  /** Leaves a hole before it. */
  leavesHole: 0x10000,
  /** The last ACK of the close: both FINs are acknowledged. */
  closeComplete: 0x20000,
  fastOpenData: 0x40000,
  /** Its time to live differs from that of its sender's segment before. */
  anotherWay: 0x80000,
  /** Neither end had sent anything for half a minute. */
  afterQuiet: 0x100000,
  /** It takes back window that its sender had offered (`Verdict.takenBack`). */
  windowShrunk: 0x200000,
} as const;

/**
 * What one segment meant: the tracker's answer to `take`, overwritten by the next one.
 * States are numbers of tcp/machine.ts (`STATE.unknown` where the capture has shown nothing yet).
 */
export class Verdict {
  /**
   * Row of the flow, or -1 for a late segment of a flow that was handed on already. Where flows do without rows
   * (tcp/opening/lone-flows.ts): -2 - its place for the SYN+ACK, -1 for any other segment.
   */
  row = -1;
  /** 1-based number of the flow. */
  flow = 0;
  /** Which side sent the segment: 0 client, 1 server; of a late segment -1. */
  side = 0;
  /** 1 when the segment came after its flow was handed on. */
  late = 0;
  clientState: number = STATE.unknown;
  serverState: number = STATE.unknown;
  /** Changes of state that this segment brought, in order: side << 8 | from << 4 | to. */
  readonly transitions: Int32Array = new Int32Array(16);
  transitionCount = 0;
  /** The states that an end came into or left by it, as bits. */
  states = 0;
  /** The frame whose last octet this segment acknowledges exactly, or 0, and nanoseconds since it (NaN without). */
  acksFrame = 0;
  rtt: number = Number.NaN;
  /** The frame that this one repeats, in lastack's judgement, or 0; 1 in `repeats` when it repeats one not known. */
  retransmitsFrame = 0;
  repeats = 0;
  /** The frame of which a mirror port made this copy, or 0. */
  duplicateOf = 0;
  /** Bits of NOTE. */
  notes = 0;
  /** With NOTE.windowShrunk: how many octets of window are taken back. Holds for no other segment. */
  takenBack = 0;
  /** Bits of EVENT (tcp/events.ts). */
  events = 0;

  /** An end goes from one state into another, at this segment or (without `isAtSegment`) at one never captured. */
  change(side: number, from: number, to: number, isAtSegment: boolean): void {
    this.states |= (1 << from) | (1 << to);
    if (isAtSegment && this.transitionCount < this.transitions.length)
      this.transitions[this.transitionCount++] = (side << 8) | (from << 4) | to;
  }

  clear(): void {
    this.late = 0;
    this.transitionCount = 0;
    this.states = 0;
    this.acksFrame = 0;
    this.rtt = Number.NaN;
    this.retransmitsFrame = 0;
    this.repeats = 0;
    this.duplicateOf = 0;
    this.notes = 0;
    this.events = 0;
  }
}
