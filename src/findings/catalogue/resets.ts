import type { Entries } from '../finding.ts';
import { many, ms, the, theOther } from '../words.ts';

/** Codes of resets: whether a RST counts, why it was sent, and what stands beside any cause. */
export const RESETS: Entries = {
  'reset-out-of-window': {
    severity: 'notice',
    seen: (v) => `a RST in the name of ${the(v.by)} lies ${many(v.octets, 'octet')} outside the window`,
    means: 'Its receiver drops it; the connection goes on.',
    rule: 'SEQ is not within the window of the receiver.',
    source: 'RFC 9293 3.5.3, RFC 5961 3.2 case 1',
    guard: 'Not said where the window scale is unknown.',
    next: 'A late RST of an older connection, or somebody guesses numbers.',
  },
  'reset-challenged': {
    severity: 'warning',
    seen: (v) =>
      `a RST in the name of ${the(v.by)} was within the window and not exact${v.answered === true ? '; it was challenged with an ACK' : ''}`,
    means: 'Its receiver answers with an ACK and stays; only a RST with the exact number closes the connection.',
    rule: 'SEQ is within the window and not the next number expected.',
    source: 'RFC 5961 3.2; nf_conntrack does likewise',
    guard:
      'Capture gaps make the exact number uncertain: then it is only possible. A RST ahead of what was captured must have drawn an ACK.',
    next: 'What follows decides: if its sender answers the challenge with a RST it was genuine, if it goes on it was forged.',
  },
  'reset-sender-alive': {
    severity: 'alert',
    seen: (v) =>
      `after the RST in the name of ${the(v.by)}, ${the(v.by)} itself went on${v.how === null ? '' : ` (${v.how})`}`,
    means: `It did not send that RST: somebody else closed the other end. A packet filter on its own host that rejects looks the same.`,
    rule: 'After an exact RST its supposed sender sends new octets or a FIN, a round trip later.',
    source: 'Weaver, Sommer, Paxson, NDSS 2009',
    guard:
      'Segments that were under way do not count: the numbers have to be beyond anything sent before. Something of the connection must have been captured before the RST.',
    next: 'Compare TTL, IP identification and options of the RST with those of the segments around it.',
  },
  'reset-receiver-alive': {
    severity: 'warning',
    seen: (v) => `${theOther(v.by)} went on after an exact RST of ${the(v.by)}`,
    means: 'The RST was lost behind this tap, or its receiver refused it.',
    rule: 'The receiver of an exact RST sends or acknowledges something new, a round trip later.',
    source: 'Clayton, Murdoch, Watson 2006',
    guard: 'One late ACK that was under way is not enough.',
    next: 'Capture at the receiver: did the RST arrive?',
  },
  'reset-after-close': {
    severity: 'info',
    seen: (v) => `${the(v.by)} sent a RST after both FINs were acknowledged`,
    means: 'A late or repeated segment met a socket that was gone; the close itself was complete.',
    rule: 'A RST after both FINs were acknowledged.',
    source: 'RFC 9293 3.5.2 case 1',
    guard: 'In TIME_WAIT it may be time-wait-assassinated.',
    next: 'None.',
  },
  'reset-both-ways': {
    severity: 'warning',
    seen: (v) => `RSTs in the name of both ends within ${ms(v.withinMs)}, neither an answer to the other`,
    means: 'Consistent with a device between them that closed the connection towards both.',
    rule: 'RSTs from both ends within a round trip, neither in answer to a segment of the other.',
    source: 'RFC 3360; Azure load balancer: bidirectional reset at idle time-out',
    guard: 'Two aborts at the same moment look alike: possible, unless a long quiet came before.',
    next: 'A firewall or balancer with an idle timeout; compare TTLs with those of both ends.',
  },
  'reset-keepalive-timeout': {
    severity: 'warning',
    seen: (v) =>
      `${the(v.by)} reset the connection after ${many(v.probes, 'keep-alive')} ${ms(v.intervalMs)} apart without an answer`,
    means: 'The other end, or the path to it, was gone.',
    rule: 'A RST in abort form, preceded by two or more unanswered keep-alives, evenly spaced.',
    source: 'RFC 9293 3.8.4; Linux: after 7200 s, 9 probes 75 s apart',
    guard: 'Not in a capture of one direction, or that misses what is acknowledged last.',
    next: 'Did the other host vanish from all its connections at once?',
  },
  'reset-idle': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} reset the connection after ${ms(v.quietMs)} of quiet`,
    means: 'Consistent with an idle timeout: of a balancer, NAT or firewall between, or of a program.',
    rule: 'A RST after 30 s or more of quiet. Likely where another connection of the server shows the same quiet within 2%.',
    source: 'RFC 5382 REQ-5 (2 h 4 min); documented limits of balancers (60, 120, 240, 350, 600, 900, 3600 s)',
    guard: 'One connection alone is only possible; a program of its own looks the same in abort form.',
    next: 'Compare the quiet time with documented limits of devices on the path; send keep-alives below it.',
  },
  'reset-peer-restarted': {
    severity: 'warning',
    seen: (v) =>
      `${the(v.by)} answered ${v.answered} of ${theOther(v.by)} in an open connection as if it did not know it`,
    means: 'Consistent with a host that restarted or forgot the connection, or a device that answers for it.',
    rule: 'In an established connection payload or a keep-alive is answered by a RST in reply form, and no FIN or RST came from there before.',
    source: 'RFC 9293 3.5.1 (half-open discovery)',
    guard:
      'A close that the capture missed explains it too: possible where the capture has holes or the end was not quiet.',
    next: 'Uptime of that host and program; other connections of it that ended in the same second.',
  },
  'reset-bad-ack': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} reset a segment that acknowledged octets it never sent`,
    means: 'The two ends are not in the same connection: a device rewrites numbers, or the segment was forged.',
    rule: 'A RST in reply form to a segment that acknowledges octets never sent.',
    source: 'RFC 9293 3.10.7.2, 3.10.7.4 fifth check',
    guard: 'Capture gaps look the same: not said where segments are missing.',
    next: 'Who sent the segment that was answered?',
  },
  'reset-syn-in-window': {
    severity: 'notice',
    seen: (v) => `${the(v.by)} answered a SYN inside the connection with a RST`,
    means: 'A stack older than RFC 5961: it aborts where a newer one challenges.',
    rule: 'A RST answers a SYN inside an established connection.',
    source: 'RFC 793; RFC 9293 3.10.7.4 fourth check',
    guard: 'The RST has to follow that SYN and to come from its receiver.',
    next: 'Who sent the SYN?',
  },
  'reset-no-socket': {
    severity: 'notice',
    seen: (v) => `${the(v.by)} answered a segment with a RST: no socket wanted it`,
    means: 'The connection did not exist (any more) at that end.',
    rule: 'A RST in reply form to a segment with ACK, where no other cause fits.',
    source: 'RFC 9293 3.5.2',
    guard: 'The other causes are looked at first.',
    next: 'When and how did that end lose the connection? It may lie before the capture.',
  },
  'reset-unaccepted': {
    severity: 'warning',
    seen: (v) =>
      `the server reset ${many(v.flows, 'connection')} of the port within ${ms(v.withinMs)}, to which it had sent nothing`,
    means: 'Consistent with a listener that closed while connections waited to be accepted.',
    rule: 'The server resets in abort form having sent no payload, and so it does with another connection of the port within 5 ms.',
    source: 'Linux listener close; ip-sysctl tcp_migrate_req',
    guard: 'Needs two connections; one alone is told by what it had received.',
    next: 'Did the service restart then? Drain the listener first, or migrate its requests.',
  },
  'reset-unread-data': {
    severity: 'warning',
    seen: (v) =>
      `${the(v.by)} aborted after it had acknowledged ${many(v.unread, 'octet')} to which it had not answered`,
    means: 'Consistent with close() while octets were unread: they are lost, and so may be what it sent before.',
    rule: 'A RST in abort form, and its sender had acknowledged payload newer than its own last payload.',
    source: 'RFC 9293 3.6.1 SHLD-3; RFC 2525 2.17; Linux TCPAbortOnClose',
    guard:
      'SO_LINGER 0 after an unanswered request looks the same: never more than likely. A client that has had its answer has probably read it (reset-linger-zero). Both directions must have been captured.',
    next: 'On that host: `nstat -az TcpExtTCPAbortOnClose`; does the program close on an error without reading on?',
  },
  'reset-linger-zero': {
    severity: 'notice',
    seen: (v) =>
      `${the(v.by)} aborted${v.unreadAtMost === 0 ? ' with nothing left unread' : v.unreadAtMost === null ? '' : ', having had its answer'}`,
    means:
      'Consistent with SO_LINGER 0, a disconnect, a socket killed from outside, or a listener closed before it accepted.',
    rule: 'A RST in abort form, no FIN of its sender, and it had received nothing since its own last payload, or nothing at all; possible for a client that aborts two round trips or more after the answer to its request.',
    source: 'RFC 9293 3.10.5 ABORT; Linux TCPAbortOnData, TCPAbortOnLinger',
    guard:
      'Never more than likely: a wire shows behaviour, not intent. Both directions must have been captured; only possible where what was unread may have come before the capture.',
    next: 'Does the program abort on purpose (to avoid TIME_WAIT, say)? Octets under way may be lost.',
  },
  'reset-unexplained': {
    severity: 'notice',
    seen: (v) => `a RST of ${the(v.by)} that fits no known cause`,
    means: 'The capture does not tell why.',
    rule: 'None of the other causes fits.',
    source: 'RFC 9293 3.5.2, 3.10.5',
    guard: 'The other causes are looked at first.',
    next: 'Compare its TTL, IP identification, window and options with those of its sender.',
  },
  'reset-with-payload': {
    severity: 'notice',
    seen: (v) => `the RST of ${the(v.by)} carries ${many(v.bytes, 'octet')}`,
    means: 'Some stacks and devices say there why.',
    rule: 'A RST with payload.',
    source: 'RFC 9293 3.5.3 SHLD-2',
    guard: 'None is needed.',
    next: 'Read the payload.',
  },
  'reset-mptcp': {
    severity: 'info',
    seen: (v) => `the RST names a Multipath TCP reason: ${v.reason}`,
    means: 'A subflow was closed; the connection may go on over others.',
    rule: 'MPTCP option (30) subtype 8 in a RST.',
    source: 'RFC 8684 3.6',
    guard: 'None is needed.',
    next: "The connection's other subflows.",
  },
  'mptcp-fastclose': {
    severity: 'info',
    seen: (v) => `${the(v.by)} closed the Multipath TCP connection with all its subflows at once`,
    means: 'The whole connection is aborted.',
    rule: 'MPTCP option (30) subtype 7.',
    source: 'RFC 8684 3.5',
    guard: 'None is needed.',
    next: "The connection's other subflows.",
  },
  'reset-vendor-coded': {
    severity: 'info',
    seen: (v) => `the window of the RST of ${the(v.by)} is ${v.window}, which is NetScaler's code for: ${v.meaning}`,
    means: 'A load balancer of this kind writes its reason there, so it is the device that ended the connection.',
    rule: "The window is one of NetScaler's reset codes, and that address's RSTs so far held two or more of them.",
    source: "Citrix CTX200852, NetScaler's reset codes",
    guard:
      'Not where more than one RST in nine of that address holds another number: then it is a window like any other.',
    next: "Look the code up in the vendor's list, and the time in the device's log.",
  },
  'reset-data-lost': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} aborted while ${many(v.octets, 'octet')} it had sent were not acknowledged`,
    means: 'What was still on its way or queued at the receiver may never be read.',
    rule: 'A RST in abort form whose SEQ is above what the other end has acknowledged.',
    source: 'RFC 9293 3.10.5',
    guard:
      'An ACK may be under way for a round trip: only likely then. What one that comes later acknowledges is not lost.',
    next: 'Did the other end need those octets?',
  },
};
