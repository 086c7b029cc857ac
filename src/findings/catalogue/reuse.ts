import type { Entries } from '../finding.ts';
import { many, ms, the, theOther, times } from '../words.ts';

/** Codes of TIME_WAIT and of ports that are used again. */
export const REUSE: Entries = {
  'port-reuse-in-time-wait': {
    severity: 'warning',
    seen: (v) =>
      `the ports were used again ${ms(v.sinceMs)} into the TIME_WAIT of flow ${v.flow}, and the server accepted`,
    means:
      'It worked, since the new numbers are above the old ones; a late segment of the old connection could now hurt.',
    rule: 'While the server is in TIME_WAIT a SYN with a higher sequence number or timestamp than the old connection is accepted.',
    source: 'RFC 9293 3.6.1 MAY-2, RFC 6191 2, RFC 1122 4.2.2.13',
    guard:
      'TIME_WAIT must have been captured; where neither is higher, what ended it was not. Linux holds it for 60 s whatever --msl says.',
    next: 'Is the client short of ports? See ip_local_port_range, and connection pools.',
  },
  'port-reuse-refused': {
    severity: 'warning',
    seen: (v) =>
      `the ports were still in TIME_WAIT: ${many(v.rounds, 'SYN was', 'SYNs were')} answered by the old connection's last ACK and reset${v.delayMs === null ? '' : `, ${ms(v.delayMs)} lost`}`,
    means: "The new connection's number was not above the old one's, so the server refused it until TIME_WAIT ended.",
    rule: "A SYN whose ISN and timestamp are not newer than the old connection's; the server repeats its old last ACK, and the client answers with a RST of that number.",
    source: 'RFC 9293 3.6.1, RFC 6191 2; Noah Davids, "The perils of port number reuse"',
    guard: 'The ACK must be that of the old connection.',
    next: 'Use timestamps (RFC 6191), more ports, or longer-lived connections.',
  },
  'time-wait-reused-by-owner': {
    severity: 'info',
    seen: (v) => `the client, itself in TIME_WAIT for ${ms(v.sinceMs)}, opened a new connection from the same port`,
    means: 'Safe with timestamps: consistent with tcp_tw_reuse.',
    rule: 'The end in TIME_WAIT sends the new SYN, at least 1 s later, with timestamps.',
    source: 'ip-sysctl tcp_tw_reuse; RFC 6191',
    guard: 'TIME_WAIT must have been captured.',
    next: 'None, unless ports are scarce.',
  },
  'time-wait-assassinated': {
    severity: 'warning',
    seen: (v) => `an old segment in the TIME_WAIT of ${the(v.by)} drew an ACK, that ACK a RST, and TIME_WAIT was over`,
    means: 'The protection against old segments ended early.',
    rule: 'In TIME_WAIT a segment is answered with an ACK, the closed peer answers that with a RST of the same number.',
    source: 'RFC 1337; Linux tcp_rfc1337 0 lets it happen',
    guard: 'The RST must have the number of that ACK. It is certain when later segments draw a RST instead of an ACK.',
    next: 'Set tcp_rfc1337 where old segments are to be expected.',
  },
  'half-open-discovered': {
    severity: 'warning',
    seen: (v) =>
      `${the(v.by)} sent a SYN inside a connection that ${theOther(v.by)} still held; a challenge ACK drew a RST`,
    means:
      'One end had forgotten the connection (restarted, or a NAT gave its port to another host); the next SYN succeeds.',
    rule: 'A SYN on a connection that the other end holds ESTABLISHED is answered by an ACK, which is answered by a RST of its number.',
    source: 'RFC 9293 3.5.1 figures 9 to 11, RFC 5961 4.2',
    guard:
      'The RST must have the number of the challenge. Not where the end that sent the SYN had sent a FIN in a connection that is older than the capture, nor where its FIN may be what the capture missed: the other end may be in TIME_WAIT.',
    next: 'Did that host restart?',
  },
  'paws-refused': {
    severity: 'warning',
    seen: (v) =>
      v.what === 'SYN'
        ? `${many(v.times, 'SYN')} of ${the(v.by)} went unanswered, with a timestamp below the last one of flow ${v.flow} on these ports`
        : `payload of ${the(v.by)} with a timestamp ${many(v.behindBy, 'tick')} below its newest drew no more than the ACK of before ${times(v.times)}`,
    means:
      'Taken for an old duplicate: several hosts behind one NAT address, a clock that jumped, or a forged segment.',
    rule: "Payload in order whose timestamp is 1000 ticks or more below its end's newest draws a bare repeat of the last ACK and is sent again; or a SYN on ports whose last connection the server holds in TIME_WAIT is that far below it, and unanswered. Payload that comes as it should in all but its timestamp is looked at from its first repeat on.",
    source: 'RFC 7323 5.3',
    guard:
      'Reordered segments are behind by less, and are taken; ticks are 1 ms at the least (RFC 7323 5.4). Never more than possible.',
    next: 'Hosts behind one NAT address; tcp_timestamps.',
  },
  'ephemeral-ports-exhausted': {
    severity: 'warning',
    seen: (v) => `${v.client} used ${many(v.ports, 'port')} towards ${v.server} within ${ms(v.withinMs)}`,
    means: 'The client runs out of ports: new connections wait for TIME_WAIT to end.',
    rule: 'One client address to one server port: 90% of the port range seen used within 60 s, or three port-reuse-refused.',
    source: 'RFC 6056 2.1 to 2.3',
    guard: 'Many hosts behind one address look alike.',
    next: 'Pool connections, widen ip_local_port_range, or use more addresses.',
  },
};
