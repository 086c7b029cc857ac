import { seqDelta } from '../bytes/seq.ts';
import { END, FLOW } from '../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../wire/segment.ts';
import type { Tracker } from './tracker.ts';

/**
 * The contract's events in the order of their bits, each with the Wireshark field that it equals. They say what Wireshark
 * 4.0 says, right or wrong; lastack's own judgement of repeats is in tcp/sequence.ts.
 */
export const EVENT_NAMES = [
  'retransmission', // tcp.analysis.retransmission
  'fast-retransmission', // tcp.analysis.fast_retransmission
  'spurious-retransmission', // tcp.analysis.spurious_retransmission
  'out-of-order', // tcp.analysis.out_of_order
  'lost-segment', // tcp.analysis.lost_segment
  'duplicate-ack', // tcp.analysis.duplicate_ack
  'ack-unseen-segment', // tcp.analysis.ack_lost_segment
  'keep-alive', // tcp.analysis.keep_alive
  'keep-alive-ack', // tcp.analysis.keep_alive_ack
  'zero-window', // tcp.analysis.zero_window
  'zero-window-probe', // tcp.analysis.zero_window_probe
  'zero-window-probe-ack', // tcp.analysis.zero_window_probe_ack
  'window-full', // tcp.analysis.window_full
  'window-update', // tcp.analysis.window_update
  'port-reused', // tcp.analysis.reused_ports
] as const;

/** Bits of the events. */
export const EVENT = {
  retransmission: 0x1,
  fastRetransmission: 0x2,
  spuriousRetransmission: 0x4,
  outOfOrder: 0x8,
  lostSegment: 0x10,
  duplicateAck: 0x20,
  ackUnseenSegment: 0x40,
  keepAlive: 0x80,
  keepAliveAck: 0x100,
  zeroWindow: 0x200,
  zeroWindowProbe: 0x400,
  zeroWindowProbeAck: 0x800,
  windowFull: 0x1000,
  windowUpdate: 0x2000,
  portReused: 0x4000,
} as const;

/** A fast retransmission follows the last duplicate ACK within 20 ms. */
const FAST = 2e7;
/** Out of order: within 3 ms of the highest sequence number where the handshake's round trip is not known. */
const SOON = 3e6;

/** Window scales as Wireshark keeps them; others are the shift plus `known`. */
const SCALE = { unknown: 0, none: 1, known: 2 } as const;

/**
 * The events of a segment (bits of EVENT), and what the next ones are told by. A sequence number of 0 counts as not
 * known, as in Wireshark.
 */
export function takeEvents(
  tracker: Tracker,
  row: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): number {
  const { i32, f64 } = tracker.rows;
  const { seq, ack, flags, window, roomLength: length } = segment;
  const special = (flags & (SYN | FIN | RST)) !== 0;
  const next = i32[sender + END.eventNext]!;
  const repeatsAck = seq === next && ack === i32[sender + END.eventAck];
  const sameWindow = window === i32[sender + END.eventWindow]! - 1;
  const before = i32[receiver + END.eventLast]!;
  let events = 0;
  let settled = false;
  if (length === 1 && seq === next && i32[receiver + END.eventWindow] === 1) {
    events = EVENT.zeroWindowProbe;
    settled = true;
  } else {
    if (window === 0 && !special) events |= EVENT.zeroWindow;
    if (next !== 0 && seqDelta(next, seq) > 0 && (flags & RST) === 0) events |= EVENT.lostSegment;
    if (length <= 1 && seq === ((next - 1) | 0) && !special) events |= EVENT.keepAlive;
    if (length === 0 && !special && repeatsAck) {
      if (window !== 0 && !sameWindow) events |= EVENT.windowUpdate;
      else if (sameWindow && window !== 0 && (before & EVENT.keepAlive) !== 0) {
        events |= EVENT.keepAliveAck;
        settled = true;
      } else if (sameWindow && window === 0 && (before & EVENT.zeroWindowProbe) !== 0) {
        events |= EVENT.zeroWindowProbeAck;
        settled = true;
      }
    }
    if (length > 0 && !special && fillsWindow(i32, receiver, (seq + length) | 0)) events |= EVENT.windowFull;
    if (!settled && length === 0 && !special && repeatsAck && sameWindow && window !== 0) {
      events |= EVENT.duplicateAck;
      const duplicates = i32[sender + END.eventDuplicates]!;
      i32[sender + END.eventDuplicates] = duplicates === -1 ? 1 : duplicates + 1;
    }
  }
  if (ack !== i32[sender + END.eventAck]) i32[sender + END.eventDuplicates] = 0;
  if ((flags & ACK) !== 0 && acksUnseen(i32, receiver, ack)) events |= EVENT.ackUnseenSegment;
  if ((length > 0 || (flags & (SYN | FIN)) !== 0) && (events & EVENT.keepAlive) === 0)
    events |= repeatOf(i32, f64, row, sender, receiver, segment, next);
  remember(i32, f64, sender, segment, events);
  return events;
}

/** The segment ends exactly at the edge of the other side's window, whose scale is known. */
function fillsWindow(i32: Int32Array, receiver: number, end: number): boolean {
  const scale = i32[receiver + END.eventScale]!;
  if (scale === SCALE.unknown) return false;
  const shift = scale <= SCALE.none || i32[receiver + END.eventSyn] !== 0 ? 0 : scale - SCALE.known;
  const window = i32[receiver + END.eventWindow]!;
  if (window === 0) return false;
  return end === ((i32[receiver + END.eventAck]! + ((window - 1) << shift)) | 0);
}

/** An ACK past the highest octet that was captured without a hole, told once for each hole. */
function acksUnseen(i32: Int32Array, receiver: number, ack: number): boolean {
  const bound = i32[receiver + END.eventBound]!;
  if (bound === 0 || seqDelta(bound, ack) <= 0) return false;
  if (bound >>> 0 > i32[receiver + END.eventNext]! >>> 0) {
    i32[receiver + END.eventBound] = i32[receiver + END.eventNext]!;
    return true;
  }
  const first = i32[receiver + END.eventDuplicates] === 0;
  i32[receiver + END.eventDuplicates] = -1;
  return first;
}

/** Retransmission, fast, spurious, or out of order: the first that fits. */
function repeatOf(
  i32: Int32Array,
  f64: Float64Array,
  row: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
  next: number,
): number {
  const { seq, flags, roomLength: length, time } = segment;
  let behind = next !== 0 && seqDelta(seq, next) > 0;
  if (length > 1 && ((next - 1) | 0) === seq) behind = false;
  const acked = i32[receiver + END.eventAck]!;
  if (length > 0 && acked !== 0 && seqDelta((seq + length) | 0, acked) >= 0)
    return EVENT.retransmission | EVENT.spuriousRetransmission;
  if (!behind) return 0;
  if (
    i32[receiver + END.eventDuplicates]! >= 2 &&
    acked === seq &&
    time - f64[(receiver >> 1) + END.lastTimeF64]! < FAST
  )
    return EVENT.retransmission | EVENT.fastRetransmission;
  const end = (seq + length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0)) | 0;
  const roundTrip =
    i32[row + FLOW.ackFrame] === 0 || i32[row + FLOW.synFrame] === 0
      ? 0
      : f64[(row >> 1) + FLOW.ackTimeF64]! - f64[(row >> 1) + FLOW.lastSynTimeF64]!;
  const soon = roundTrip === 0 ? SOON : roundTrip;
  if (time - f64[(sender >> 1) + END.eventNextTimeF64]! < soon && next !== end) return EVENT.outOfOrder;
  return EVENT.retransmission;
}

function remember(i32: Int32Array, f64: Float64Array, sender: number, segment: SegmentView, events: number): void {
  const { seq, flags, roomLength: length, time } = segment;
  const phantom = (flags & (SYN | FIN)) !== 0 ? 1 : 0;
  const end = (seq + length + phantom) | 0;
  const next = i32[sender + END.eventNext]!;
  const probe = (events & EVENT.zeroWindowProbe) !== 0;
  if (!probe && (next === 0 || seqDelta(next, end) > 0)) {
    i32[sender + END.eventNext] = end;
    f64[(sender >> 1) + END.eventNextTimeF64] = time;
  }
  const bound = i32[sender + END.eventBound]!;
  if (!probe && (bound === 0 || seq === bound)) i32[sender + END.eventBound] = i32[sender + END.eventNext]!;
  i32[sender + END.eventWindow] = segment.window + 1;
  i32[sender + END.eventAck] = segment.ack;
  i32[sender + END.eventLast] = events;
  i32[sender + END.eventSyn] = flags & SYN;
}

/** Window scaling as a SYN or SYN+ACK settles it: used only when both sides offered it (RFC 7323 2.2). */
export function takeEventScale(i32: Int32Array, sender: number, receiver: number, segment: SegmentView): void {
  const own = i32[sender + END.eventScale]!;
  if (segment.windowScale >= 0) i32[sender + END.eventScale] = SCALE.known + Math.min(segment.windowScale, 14);
  else if (own === SCALE.unknown) {
    i32[sender + END.eventScale] = SCALE.none;
    i32[receiver + END.eventScale] = SCALE.none;
    return;
  }
  if ((segment.flags & ACK) !== 0 && i32[receiver + END.eventScale] === SCALE.none)
    i32[sender + END.eventScale] = SCALE.none;
}
