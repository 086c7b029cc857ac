import type { Entries } from '../finding.ts';
import { many, ms, the, theOther, times } from '../words.ts';

/** Codes that sum up loss and flow control of a flow. */
export const LOSS: Entries = {
  'loss-heavy': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} sent ${many(v.segments, 'segment')} again, ${v.percent}% of its payload`,
    means: 'Enough to slow the transfer: loss, or a sender that repeats without need.',
    rule: "Repeated payload above 1% of a direction's unique octets, and ten segments or more.",
    source: 'RFC 5681; RFC 9438',
    guard:
      "Copies that a mirror port made are folded first; lastack's own judgement of repeats, which kernels confirm.",
    next: 'Is it the path (other flows too), a policer, or one bad link?',
  },
  'retransmission-needless': {
    severity: 'notice',
    seen: (v) => `${the(v.by)} repeated ${many(v.segments, 'segment')} that had arrived already`,
    means: 'Its timeout is too short for the path, or ACKs were lost or late.',
    rule: 'Three or more repeats of octets that were acknowledged already.',
    source: 'RFC 2883, RFC 5682',
    guard: 'Near the receiver an ACK that was captured may not have arrived yet.',
    next: 'Delay that jumps (bufferbloat, wireless), or loss of ACKs.',
  },
  reordering: {
    severity: 'notice',
    seen: (v) => `${many(v.segments, 'segment')} of ${the(v.by)} came out of order, and none was sent again`,
    means: 'Paths of different delay; may look like loss to older stacks.',
    rule: 'Three or more arrivals out of order in a direction without a repeat.',
    source: 'RFC 8985',
    guard: "lastack's own judgement says that nothing was repeated.",
    next: 'Several links or queues bundled without keeping flows together.',
  },
  'tail-loss': {
    severity: 'notice',
    seen: (v) => `the last segment of a burst of ${the(v.by)} was sent again after ${ms(v.waitedMs)} of silence`,
    means: 'Nothing behind it could tell of the loss, so a timer had to.',
    rule: 'The last segment of a burst is repeated after two round trips or more with nothing in flight behind it.',
    source: 'RFC 8985 7',
    guard: 'Not where the segment had been acknowledged, nor where it holds other octets than the first time.',
    next: 'Tail loss probes (RFC 8985) shorten it; the loss itself is elsewhere.',
  },
  'timeout-recovery': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} stood still until a timeout ${times(v.times)}, up to ${ms(v.longestMs)}`,
    means: 'A retransmission timeout: the connection begins slowly again.',
    rule: 'A repeat after 1 s or more of silence of its sender, or two in a row with growing pauses.',
    source: 'RFC 6298 5.5',
    guard: 'SYNs, FINs, keep-alives and zero-window probes are not counted.',
    next: 'Loss of whole windows, or of repeats themselves.',
  },
  'receiver-limited': {
    severity: 'notice',
    seen: (v) => `${theOther(v.by)} filled the window of ${the(v.by)} ${times(v.times)}`,
    means: "The receiver's window, not the path, sets the speed.",
    rule: 'The window is filled to the last octet ten times or more, and at least once in every twenty segments with payload.',
    source: 'RFC 9293 3.8.6',
    guard: 'Not said where the window scale is unknown.',
    next: 'Receive buffers (tcp_rmem), or the receiving program.',
  },
  'sack-reneged': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} left out ${many(v.octets, 'octet')} that it had acknowledged selectively before`,
    means: 'The receiver ran out of memory; the sender has to repeat what it believed safe.',
    rule: 'Octets once in a SACK block are missing from the blocks of three ACKs in a row while the ACK stays below them.',
    source: 'RFC 2018 8',
    guard:
      'Not where three blocks or more are named, as others may not have fitted; not of a receiver that only ever named one block at a time, unless it names none; ACKs with an older timestamp or number, and blocks beyond all that was sent, are passed over.',
    next: 'Memory pressure on the receiver.',
  },
};
