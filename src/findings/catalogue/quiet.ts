import type { Entries } from '../finding.ts';
import { many, ms, the, theOther, times } from '../words.ts';

/** Codes of living and dying quietly. */
export const QUIET: Entries = {
  'keep-alive-used': {
    severity: 'info',
    seen: (v) =>
      `${the(v.by)} sent ${many(v.probes, 'keep-alive')}${v.intervalMs === null ? '' : `, ${ms(v.intervalMs)} apart`}, and ${theOther(v.by)} answered`,
    means: 'The connection is idle and both ends are there.',
    rule: 'Keep-alives, and answers to them.',
    source: 'RFC 9293 3.8.4',
    guard: 'None is needed.',
    next: 'None.',
  },
  'peer-vanished': {
    severity: 'warning',
    seen: (v) =>
      `${the(v.by)} repeated ${v.what} ${times(v.times)} over ${ms(v.overMs)}, and nothing came from ${theOther(v.by)} any more`,
    means: 'Cable pulled, host dead, or a path that swallows packets: no RST, no ICMP error, no FIN.',
    rule: 'Payload or keep-alives go unanswered with growing pauses until their sender stops or the capture ends.',
    source: 'RFC 9293 3.8.3',
    guard:
      'Needs three repeats, and both directions in the capture, with all that is acknowledged last; never more than likely from one connection.',
    next: 'Did the host vanish from its other connections too (address-vanished)?',
  },
  'gave-up-silently': {
    severity: 'warning',
    seen: (v) =>
      `${the(v.by)} stopped repeating without a word; what ${theOther(v.by)} sent ${ms(v.laterMs)} later drew a RST`,
    means: 'It had given the connection up and told nobody.',
    rule: 'Unanswered repeats end, no RST is sent, and a later segment of the other end draws a RST in reply form.',
    source: 'RFC 9293 3.8.3 R2; TCP_USER_TIMEOUT (RFC 5482); ip-sysctl tcp_retries2 (15, at least 924.6 s)',
    guard: 'The repeats must have been unanswered in the capture.',
    next: 'What cut the path meanwhile?',
  },
  'idle-drop': {
    severity: 'warning',
    seen: (v) => `after ${ms(v.quietMs)} of quiet ${v.how}`,
    means: 'Consistent with a device on the path that forgot the connection.',
    rule: 'A healthy connection is quiet for 30 s or more, then payload is unanswered or draws a RST with another TTL.',
    source: 'RFC 5382 REQ-5, RFC 7857',
    guard:
      'Compare quiet times over connections (idle-limit-found). Needs two repeats, and all that is acknowledged last in the capture.',
    next: 'Idle limits of NATs, firewalls and balancers between; keep-alives below them.',
  },
  'server-silent': {
    severity: 'notice',
    seen: (v) =>
      `the server acknowledged the request and sent nothing for ${ms(v.waitedMs)}; then ${the(v.by)} ended the connection`,
    means: 'The server program did not answer in time.',
    rule: 'The request is acknowledged, no payload comes from the server for 30 s, and the client closes or resets.',
    source: 'RFC 9293 3.6',
    guard: 'Not where the capture has holes.',
    next: 'The server program: what was it waiting for?',
  },
  'zero-window-stall': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} kept its window closed for ${ms(v.stalledMs)} while ${theOther(v.by)} probed it`,
    means: 'Its program did not read: the transfer stood still. An alert from 60 s on.',
    rule: 'A window of 0 for more than 1 s while the other end probes it.',
    source: 'RFC 9293 3.8.6.1',
    guard:
      'Only with probes, since they show that there was data to send. Where the capture missed the opening of the window, the last probe counts.',
    next: 'The program at the end with the closed window: why does it not read?',
  },
  'window-shrunk': {
    severity: 'notice',
    seen: (v) => `${the(v.by)} took back window it had offered ${times(v.times)}, up to ${many(v.octets, 'octet')}`,
    means: 'Octets that were allowed may be dropped.',
    rule: 'A pure ACK repeats the number of the one before with a smaller window, and the next segment of its sender does not give it back. An ACK of something new whose window shrinks by more than that is not looked at.',
    source: 'RFC 9293 3.8.6 SHLD-14',
    guard: 'Old ACKs out of order, and the rounding of one unit of scale, are none; not where the scale is unknown.',
    next: 'The receiving stack, or a device that rewrites windows.',
  },
  'path-mtu-blackhole': {
    severity: 'warning',
    seen: (v) =>
      `only segments of ${many(v.size, 'octet')} of ${the(v.by)} were repeated, ${times(v.times)}; smaller ones got through`,
    means: 'Consistent with a path that silently drops packets above its MTU.',
    rule: 'Three or more repeats, all of the largest size and of one segment, never acknowledged at that size, while smaller ones are.',
    source: 'RFC 2923 2.1, RFC 8899',
    guard:
      'Segments put together by offload may be several. Not where those that got through were more than half as large on average. Never more than likely.',
    next: 'ICMP "fragmentation needed" is filtered somewhere: lower the MSS, or let ICMP through.',
  },
  'delayed-ack-stall': {
    severity: 'notice',
    seen: (v) =>
      `${times(v.times)} ${theOther(v.by)} waited some ${ms(v.waitMs)} for the ACK of a small segment before it sent the next`,
    means: "Consistent with Nagle's algorithm and delayed ACKs that wait for each other.",
    rule: 'Three or more waits of 35 to 45 ms or 180 to 220 ms between a small segment and its ACK, with the next one held until then.',
    source: 'RFC 9293 3.7.4 and 3.8.6.3',
    guard:
      'Counted is by how much the ACK is later than the fastest of that direction, so that the path has no part in it; the next segment follows within 2 ms and one and a half round trips, and is small too.',
    next: 'TCP_NODELAY at the sender, or write the request in one piece.',
  },
};
