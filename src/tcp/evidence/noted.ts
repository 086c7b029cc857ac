import { seqDelta } from '../../bytes/seq.ts';

/**
 * A segment that findings may need, as it was when it came, and what each end had sent last before it.
 * Frames are 0 and times NaN where there was none; sequence numbers are int32.
 */
export interface Noted {
  /** One of NOTED. */
  readonly kind: number;
  readonly frame: number;
  /** Nanoseconds since the capture's first whole second. */
  readonly time: number;
  /** Who sent it: CLIENT or SERVER. */
  readonly side: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  /** As in the header, not scaled. */
  readonly window: number;
  /** Octets of payload. */
  readonly length: number;
  readonly ttl: number;
  /** -1 in IPv6. */
  readonly ipId: number;
  readonly hasTimestamps: boolean;
  readonly tsVal: number;
  /** Bits of NOTE and EVENT. */
  readonly notes: number;
  readonly events: number;
  /** It was sent before, in lastack's judgement; the frame, where it is known. */
  readonly repeats: boolean;
  readonly retransmitsFrame: number;
  /** States of client and server before and after it. */
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
  /** Its sender's segment before this one, and the other end's last. */
  readonly own: LastSegment;
  readonly peer: LastSegment;
  /** When either end last sent something new (payload, SYN, FIN), this segment apart where it is a RST; NaN if never. */
  readonly activeTime: number;
  /**
   * Of a SYN: octets of a Fast Open cookie, 0 for a request. Of a RST: Multipath TCP's subtype << 8 | transient << 7 |
   * reason. -1 where there is no such option, -2 where it may have been cut off. Of an ICMP error: type << 8 | code. Of a shrunk window: octets taken back.
   */
  readonly extra: number;
  /** The kept segment of the same end whose octets it contradicts: its frame, or 0. */
  readonly contradicts: number;
}

/**
 * What an end had sent last when a segment was noted. Of the noted segment's own sender that is the segment before, but `ack`,
 * `bare`, `events`, the counts, `sndNxt` and `tsVal` are as they were once the noted one was counted.
 */
export interface LastSegment {
  readonly frame: number;
  readonly time: number;
  readonly seq: number;
  /** Its acknowledgment number; of a segment without, the highest that the end had sent; null where there was none. */
  readonly ack: number | null;
  /** It acknowledged nothing itself. */
  readonly bare: boolean;
  readonly ttl: number;
  readonly ipId: number;
  /** Bits of EVENT. */
  readonly events: number;
  /** How many segments it had sent, and how many with payload. */
  readonly packets: number;
  readonly payloads: number;
  /** Past the highest sequence number it had sent. */
  readonly sndNxt: number;
  /** Its newest timestamp. */
  readonly tsVal: number;
}

/** What kind of thing an entry of the evidence is. */
export const NOTED = {
  segment: 0,
  /** An ICMP error that quotes a segment of the flow; the entry describes the quoted segment. */
  icmp: 1,
} as const;

/** What some segment that is kept of a flow has: flags as in the header, and these. Rules ask it before they look. */
export const TRAIT = {
  repeats: 0x400,
  /** An ICMP error quotes it. */
  icmp: 0x1000,
  /** Neither ACK nor RST. */
  bare: 0x2000,
  /** Neither timestamps nor SYN or RST, which may go without. */
  untimed: 0x4000,
  /** A timestamp far below its sender's newest. */
  outdated: 0x8000,
  /** Payload that was not sent before. */
  news: 0x10000,
  /** Octets that contradict another segment. */
  contradicts: 0x20000,
} as const;

/** A second at the least: no clock ticks faster than once a millisecond (RFC 7323 5.4). */
export function isOutdated(tsVal: number, newest: number): boolean {
  return seqDelta(tsVal, newest) > 1000;
}
