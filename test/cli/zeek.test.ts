import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { SAMPLES } from '../samples.ts';
import { pcapOf } from './captures.ts';
import { lastack, useLastack } from './lastack.ts';

const CLOSE = join(SAMPLES, 'normal-close.pcapng');
const REFUSED = join(SAMPLES, 'refused/client.pcap');

const made = useLastack();

/** The rows of a log, by the names in its header. */
function rows(log: string): Record<string, string>[] {
  const lines = log.trimEnd().split('\n');
  const names = lines
    .find((line) => line.startsWith('#fields'))!
    .split('\t')
    .slice(1);
  return lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => Object.fromEntries(line.split('\t').map((cell, i) => [names[i], cell])));
}

test('a conn.log to the letter: header lines, rows with tabs between, and the end', async () => {
  const { out, status } = await lastack(['-f', 'zeek', CLOSE]);
  expect(status).toBe(0);
  expect(out).toBe(
    [
      '#separator \\x09',
      '#set_separator\t,',
      '#empty_field\t(empty)',
      '#unset_field\t-',
      '#path\tconn',
      '#open\t2008-10-17-14-00-38',
      '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents',
      '#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]',
      '1224252038.731408\tCoVHY3aauCwauMTLSf\t192.168.1.20\t1748\t220.181.37.55\t80\ttcp\t-\t0.132581\t0\t0\tSF\t-\t-\t0\tShAFf\t4\t168\t2\t84\t-',
      '#close\t2008-10-17-14-00-38',
      '',
    ].join('\n'),
  );
});

test('the order of rows changes neither head nor rows', async () => {
  const streamed = await lastack(['-f', 'zeek', CLOSE, REFUSED]);
  const sorted = await lastack(['-f', 'zeek', '--sort', 'flow', REFUSED, CLOSE]);
  expect(sorted.out).toBe(streamed.out);
});

test('a capture without TCP, or without the flow asked for, is a log without rows', async () => {
  const { out } = await lastack(['-f', 'zeek', '--flow', '9', CLOSE]);
  expect(out.split('\n')).toHaveLength(10);
  expect(rows(out)).toEqual([]);
});

test('a uid is one of Zeek, the same in every run and in every order, and no two flows share one', async () => {
  const many = join(SAMPLES, 'many-connections/client.pcap');
  const uids = rows((await lastack(['-f', 'zeek', many])).out).map((row) => row.uid!);
  expect(uids.length).toBe(40);
  for (const uid of uids) expect(uid).toMatch(/^C[0-9A-Za-z]{17}$/);
  expect(new Set(uids).size).toBe(uids.length);
  const again = rows((await lastack(['-f', 'zeek', '--sort', 'worst', many])).out).map((row) => row.uid!);
  expect(again.sort()).toEqual(uids.sort());
});

test('octets that the recording cut off are missed, once acknowledged', async () => {
  const row = rows((await lastack(['-f', 'zeek', join(SAMPLES, 'loss/client.pcap')])).out)[0]!;
  expect(row).toMatchObject({ orig_bytes: '40000', missed_bytes: '40000', conn_state: 'SF', history: 'ShADaGTFf' });
});

test.each(['loss', 'loss-without-sack', 'reordering'])('%s: also those that came late are', async (name) => {
  const { out } = await lastack(['-f', 'zeek', join(SAMPLES, name, 'server.pcap')]);
  for (const row of rows(out)) {
    // The recording kept some octets of each segment, and no segment of payload whole.
    expect(row.missed_bytes, row.id_orig_p).toBe(row.orig_bytes);
  }
});

const OPENED = `
  +0     > S  0:0(0)
  +0.001 < S. 0:0(0) ack 1
  +0.001 > .  1:1(0) ack 1
`;

/** Of segments, 26 octets of payload are kept. */
test.each([
  ['in order', '> . 1:101(100) ack 1; > . 101:201(100) ack 1; < . 1:1(0) ack 201', 200, 'ShADaG'],
  [
    'acknowledged in parts',
    '> . 1:101(100) ack 1; > . 101:201(100) ack 1; < . 1:1(0) ack 51; < . 1:1(0) ack 201',
    200,
    'ShADaG',
  ],
  ['the later one first', '> . 101:201(100) ack 1; > . 1:101(100) ack 1; < . 1:1(0) ack 201', 200, 'ShADTaG'],
  [
    'the later one, and then the rest',
    '> . 101:201(100) ack 1; > . 1:101(100) ack 1; > . 201:301(100) ack 1; < . 1:1(0) ack 301',
    300,
    'ShADTaG',
  ],
  [
    'sent again after it was acknowledged',
    '> . 1:101(100) ack 1; < . 1:1(0) ack 101; > . 1:101(100) ack 1; < . 1:1(0) ack 101; > . 101:121(20) ack 1; < . 1:1(0) ack 121',
    100,
    'ShADaGT',
  ],
  [
    'with a whole one between',
    '> . 1:101(100) ack 1; > . 101:121(20) ack 1; > . 121:221(100) ack 1; < . 1:1(0) ack 221',
    200,
    'ShADaG',
  ],
  [
    'and sent again in whole pieces',
    '> . 1:41(40) ack 1; > . 1:21(20) ack 1; > . 21:41(20) ack 1; < . 1:1(0) ack 41',
    0,
    'ShADTa',
  ],
  ['of which one whole piece was there', '> . 1:21(20) ack 1; > . 1:41(40) ack 1; < . 1:1(0) ack 41', 20, 'ShADaG'],
  ['with a hole between', '> . 1:101(100) ack 1; > . 201:301(100) ack 1; < . 1:1(0) ack 301', 300, 'ShADaG'],
  ['with a hole behind', '> . 1:101(100) ack 1; < . 1:1(0) ack 201', 200, 'ShADaG'],
] as const)('octets that the recording cut off: %s', async (_, lines, missed, history) => {
  const script = exchange`${OPENED} ${lines
    .split('; ')
    .map((line) => `+0.01 ${line}`)
    .join('\n')}`;
  const path = join(made.folder, 'cut.pcap');
  writeFileSync(path, pcapOf([script, { snapLength: 80 }]));
  const row = rows((await lastack(['-f', 'zeek', path])).out)[0]!;
  expect([row.missed_bytes, row.history]).toEqual([String(missed), history]);
});

test('times are to the microsecond years after the first record, too', async () => {
  const file = Buffer.from(
    pcapOf([exchange`+0 > S 0:0(0)`, { clientPort: 1024 }], [exchange`+0 > S 0:0(0)\n+0.000333 < S. 0:0(0) ack 1`]),
  );
  file.writeUInt32LE(file.readUInt32LE(24) - 100_000_000, 24);
  const path = join(made.folder, 'years.pcap');
  writeFileSync(path, file);
  const found = rows((await lastack(['-f', 'zeek', path])).out);
  expect(found.map((row) => row.duration)).toContain('0.000333');
});

test('a count of a conn.log is digits, whatever came out of order', async () => {
  for (const sample of ['loss/server.pcap', 'loss-without-sack/server.pcap']) {
    const row = rows((await lastack(['-f', 'zeek', join(SAMPLES, sample)])).out)[0]!;
    expect(row.missed_bytes).toMatch(/^\d+$/);
  }
});
