import { expect, test } from 'vitest';
import { analyzeRecords } from '../exchange.ts';
import { recordsOfRecording } from '../samples.ts';

/** What each recording shows beyond plain facts, at each end: codes of severity above `info`, each once, in order. */
// biome-ignore format: a table is read by its columns
const EXPECTED: Readonly<Record<string, readonly [client: string, server: string]>> = {
  'three-way-close':         ['', ''],
  'four-way-close':          ['', ''],
  'half-close':              ['', ''],
  'simultaneous-close':      ['', ''],
  'simultaneous-open':       ['simultaneous-open', 'simultaneous-open'],
  'ipv6':                    ['', ''],
  'vlan':                    ['', ''],
  'no-payload':              ['', ''],
  'reordering':              ['', ''],
  'loss':                    ['', ''],
  'keepalive':               ['', ''],
  'time-wait-reuse-by-owner': ['', ''],
  'refused':                 ['handshake-refused', 'handshake-refused'],
  'syn-unreachable':         ['syn-unreachable', 'syn-unreachable'],
  'syn-retransmitted':       ['syn-retransmitted', ''],
  'syn-ack-lost':            ['syn-ack-retransmitted syn-retransmitted', 'syn-ack-lost syn-ack-retransmitted syn-retransmitted'],
  'syn-dropped-by-listener': ['syn-dropped-by-listener syn-retransmitted', 'syn-dropped-by-listener syn-retransmitted'],
  'half-open-ack-lost':      ['syn-ack-retransmitted', 'handshake-half-open syn-ack-retransmitted'],
  'handshake-aborted':       ['handshake-aborted-by-client', 'handshake-aborted-by-client'],
  'accept-queue-reset':      ['accept-queue-reset', 'accept-queue-reset'],
  'fast-open-refused':       ['fast-open-refused', 'fast-open-refused'],
  'reset-linger-zero':       ['reset-linger-zero', 'reset-linger-zero'],
  'reset-unread-data':       ['reset-unread-data', 'reset-unread-data'],
  'reset-unaccepted':        ['reset-unaccepted', 'reset-unaccepted'],
  'reset-by-passive-closer': ['reset-by-passive-closer reset-linger-zero', 'reset-by-passive-closer reset-linger-zero'],
  'reset-peer-restarted':    ['reset-peer-restarted', 'reset-peer-restarted'],
  'reset-out-of-window':     ['', 'reset-out-of-window'],
  'reset-challenged':        ['reset-peer-restarted', 'reset-challenged reset-sender-alive'],
  'reset-sender-alive':      ['reset-sender-alive', 'reset-sender-alive'],
  'reset-bad-checksum':      ['', 'checksum-bad'],
  'data-after-close':        ['data-after-close', 'data-after-close'],
  'burst-after-close':       ['data-after-close', 'data-after-close'],
  'fin-before-lost-data':    ['data-after-close', 'data-after-close'],
  'linger2-abort':           ['linger2-abort', 'linger2-abort'],
  'keepalive-unanswered':    ['reset-keepalive-timeout', ''],
  'fin-retransmitted':       ['fin-retransmitted', ''],
  'fin-unanswered':          ['fin-retransmitted fin-unanswered', ''],
  'last-ack-lost':           ['fin-retransmitted last-ack-lost', 'fin-retransmitted'],
  'zero-window':             ['zero-window-stall', 'zero-window-stall'],
  'port-reuse-refused':      ['port-reuse-refused syn-retransmitted', 'port-reuse-refused syn-retransmitted'],
  'time-wait-reuse':         ['port-reuse-in-time-wait', 'port-reuse-in-time-wait'],
  'time-wait-assassinated':  ['time-wait-assassinated', 'time-wait-assassinated'],
  'half-open-discovered':    ['half-open-discovered reset-no-socket', 'half-open-discovered reset-no-socket'],
  'paws-refused':            ['', 'data-injected overlap-conflict paws-refused'],
  // Where the client gave up, only its own interface has shown that it repeated before.
  'gave-up-silently':        ['gave-up-silently tail-loss timeout-recovery', 'reset-peer-restarted'],
  'pulled-cable':            ['peer-vanished tail-loss timeout-recovery', ''],
};

test.each(Object.entries(EXPECTED))('%s', (name, expected) => {
  const found = ['client', 'server'].map((end) => codesIn(`${name}/${end}.pcap`));
  expect(found).toEqual(expected);
});

function codesIn(path: string): string {
  const findings = analyzeRecords(recordsOfRecording(path)).flatMap((flow) => flow.findings);
  return [...new Set(findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code))].sort().join(' ');
}
