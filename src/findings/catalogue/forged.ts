import type { Entries } from '../finding.ts';
import { many, ms, the, times } from '../words.ts';

/** Codes of segments that do not come from whom they claim. Two independent signs are needed for an alert. */
export const FORGED: Entries = {
  'reset-forged': {
    severity: 'alert',
    seen: (v) => `the RST in the name of ${the(v.by)} has ${v.signs}`,
    means: 'Two independent signs that somebody else sent it (one makes it a notice, and only possible).',
    rule: 'Two or more of: its sender goes on; its TTL is off by 2 or more; its IP identification is off the run; several RSTs of different SEQ; a SYN+ACK after a RST to the SYN.',
    source: 'Weaver, Sommer, Paxson 2009; Clayton, Murdoch, Watson 2006',
    guard:
      'Kernel replies use the default TTL, balancers answer for servers, ID 0 is no evidence, routes change, and packets of one flow may take several.',
    next: 'How many hops away is its source by TTL? Which device stands there?',
  },
  'reset-train': {
    severity: 'warning',
    seen: (v) =>
      `${many(v.resets, 'RST')} in the name of ${the(v.by)} within ${ms(v.withinMs)}, with different numbers`,
    means: 'A guesser of sequence numbers, or a device that injects resets.',
    rule: 'Two or more RSTs one way within 10 ms with different SEQ, not explained by the segments they answer; or windows that step by a constant.',
    source: 'GFW Report 2025; Clayton, Murdoch, Watson 2006',
    guard: 'Several RSTs in reply form to several segments are normal, also where their ACKs were not captured.',
    next: 'Compare TTL and windows of the RSTs.',
  },
  'syn-ack-after-reset': {
    severity: 'alert',
    seen: (v) => `the server's SYN+ACK came ${ms(v.afterMs)} after a RST had answered the SYN`,
    means: 'The server accepted the connection; somebody else sent the RST.',
    rule: "A RST answered the SYN, and then the server's SYN+ACK to the same SYN arrives, before the SYN was repeated.",
    source: 'Weaver, Sommer, Paxson 2009; Clayton, Murdoch, Watson 2006',
    guard: 'A port that opened in between needs a repeated SYN.',
    next: 'Compare TTL of RST and SYN+ACK.',
  },
  'overlap-conflict': {
    severity: 'alert',
    seen: (v) => `${the(v.by)} sent the same sequence numbers with other octets ${times(v.segments)}`,
    means: 'Injected data, evasion, or a broken stack: what the receiver read depends on its rules.',
    rule: 'A segment whose first octets differ from those of an earlier one at the same sequence numbers. Compared are segments that stand out (repeats, another TTL than the one before, out of order): nothing is kept of those that come as they should, so that the first repeat of one of them is not compared.',
    source: 'RFC 9293 3.10.7.4; RFC 5961 5',
    guard:
      "Both have a good checksum (or leave it to the card) and were wholly captured; a keep-alive's octet is none; within 3 s, and not past 2 GiB, where sequence numbers come again.",
    next: 'Compare both payloads, their TTLs and IP identifications.',
  },
  'data-injected': {
    severity: 'alert',
    seen: (v) => `a segment of ${many(v.octets, 'octet')} in the name of ${the(v.by)} has ${v.signs}`,
    means: 'Consistent with data that somebody else put into the connection.',
    rule: "Two segments contradict each other (overlap-conflict), and one of them, but not the other, is off its sender's TTL by 2 or more, off the run of its IP identifications, or has a timestamp of 1000 ticks before.",
    source: 'RFC 5961 5.2',
    guard:
      'Two independent signs; the segment before both tells what is usual. Silent where both, or neither, are off.',
    next: 'Read both payloads: which one did the receiver take, the one that came first?',
  },
  'challenge-ack-burst': {
    severity: 'warning',
    seen: (v) => `${many(v.acks, 'challenge ACK')} of ${the(v.by)} within a second`,
    means: 'Somebody probes the connection with SYNs or RSTs that do not fit.',
    rule: 'Ten or more ACKs without news in 1 s, each the answer to a SYN or a RST that does not fit the connection.',
    source: 'RFC 5961 7; CVE-2016-5696',
    guard: 'Ordinary duplicate ACKs answer payload. Linux spaces challenges 500 ms apart (tcp_invalid_ratelimit).',
    next: 'Who sends what is challenged?',
  },
  'ack-storm': {
    severity: 'alert',
    seen: (v) => `${many(v.acks, 'pure ACK')} to and fro within ${ms(v.withinMs)}, answering each other`,
    means: 'The ends disagree about sequence numbers: injected data desynchronised them.',
    rule: 'Twenty or more pure ACKs in turn within 1 s, no payload among them, and those of one end beside the sequence number that it is at.',
    source: 'RFC 9293 3.10.7.4; ip-sysctl tcp_invalid_ratelimit',
    guard:
      'Duplicate ACKs go one way only and lie in step; keep-alives and probes of a closed window are far slower than that; ACKs less than 5 µs apart are a capture that mixed its queues.',
    next: 'What came just before the storm?',
  },
  'ack-of-unsent': {
    severity: 'warning',
    seen: (v) => `${the(v.by)} acknowledged ${many(v.octets, 'octet')} that were never sent`,
    means: "An optimistic ACK, an injected segment, or another connection's.",
    rule: 'An ACK above everything the other end ever sent, in a capture without holes.',
    source: 'RFC 9293 3.10.7.4, RFC 5961 5.2',
    guard:
      'A hole in the capture explains it first: only where nothing else is missing, and the other end never gets there.',
    next: 'Does the other end answer with a challenge?',
  },
  'timestamp-missing': {
    severity: 'notice',
    seen: (v) => `${many(v.segments, 'segment')} of ${the(v.by)} without the timestamp that was agreed`,
    means: 'A device rewrites or injects segments, or a stack breaks the rule.',
    rule: 'Timestamps negotiated, and a segment without RST lacks them.',
    source: 'RFC 7323 3.2',
    guard: 'RSTs may go without.',
    next: 'Compare TTL and IP identification of those segments.',
  },
  'ttl-shift': {
    severity: 'info',
    seen: (v) => `the TTL of ${the(v.by)} changed from ${v.from} to ${v.to} and stayed`,
    means: 'The route changed, or another device answers.',
    rule: 'The TTL of one direction changes and stays, with three or more segments before and after.',
    source: 'RFC 9293 3.7.1 (routing may change)',
    guard: 'Alternating TTLs (several paths) are none.',
    next: 'None, unless something else changed at that moment.',
  },
  'checksum-bad': {
    severity: 'warning',
    seen: (v) => `${many(v.segments, 'segment')} of ${the(v.by)} with a wrong TCP checksum`,
    means:
      'Damaged on the way, or forged by somebody who did not care: the receiver drops it, and it changes nothing here.',
    rule: 'A wrong checksum from a host that has sent good ones before.',
    source: 'RFC 9293 3.1',
    guard:
      'A host that has not yet sent a good one is taken to leave checksums to its network card. Possible only where the octets are acknowledged and were not sent again: the capture was changed, or missed the repeat.',
    next: 'Is it resent? Damage hits data at random; forgeries hit RSTs and FINs.',
  },
};
