import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { pcapOf, REFUSED, THREE_WAY } from './captures.ts';
import { lastack, useLastack } from './lastack.ts';

const { folder } = useLastack();
const WEB = join(folder, 'web.pcap');

beforeAll(() => writeFileSync(WEB, pcapOf([THREE_WAY], [REFUSED, { clientPort: 40511, serverPort: 81 }])));

test('only packets that the filter accepts are analysed; all are counted, and keep their numbers', async () => {
  const { out, status } = await lastack([WEB, '-f', 'json', '--filter', 'port 81']);
  expect(status).toBe(0);
  const { capture, flows } = JSON.parse(out);
  expect(capture).toMatchObject({ records: 10, tcpSegments: 2 });
  expect(flows).toMatchObject([{ flow: 1, firstFrame: 9, server: { port: 81 }, handshake: { outcome: 'refused' } }]);
});

test('a filter that leaves one side of conversations is a finding of the capture; one that does not, a fact', async () => {
  const findingsOf = async (filter: string) => {
    const { out } = await lastack([WEB, '-f', 'json', '--filter', filter]);
    return JSON.parse(out).capture.findings as { code: string }[];
  };
  expect(await findingsOf('src port 443')).toContainEqual(
    expect.objectContaining({
      code: 'capture-filtered',
      severity: 'notice',
      flows: [1],
      values: { filter: 'src port 443', leftOut: 7, records: 10, oneWay: 1, bothWays: 0 },
    }),
  );
  expect(await findingsOf('port 81')).toContainEqual(
    expect.objectContaining({ code: 'capture-filtered', severity: 'info', flows: [] }),
  );
  expect((await findingsOf('tcp')).map(({ code }) => code)).not.toContain('capture-filtered');
});

test('filters of which there are several must all accept', async () => {
  const args = [
    'timeline',
    WEB,
    '-f',
    'ndjson',
    '--filter',
    'port 443 or port 81',
    '--filter',
    'tcp[tcpflags] & tcp-syn != 0',
  ];
  const { out } = await lastack(args);
  expect(out.match(/"frame":\d+/g)).toEqual(['"frame":1', '"frame":2', '"frame":9']);
});

test('of several filters each stands for itself, and the one with a mistake is named', async () => {
  const unbalanced = await lastack([WEB, '--filter', 'tcp) or (udp', '--filter', 'tcp']);
  expect([unbalanced.status, unbalanced.error.split('\n')[0]]).toEqual([
    2,
    'lastack: 1st filter:1:4: ")" is out of place',
  ]);
  const meaningless = await lastack([WEB, '--filter', 'tcp', '--filter', '', '--filter', 'inbound']);
  expect(meaningless.status).toBe(2);
  expect(meaningless.error).toContain(
    'lastack: 3rd filter:1:1: captures of Ethernet do not tell inbound\n  inbound\n  ^',
  );
});

test('extract writes what is accepted', async () => {
  const made = join(folder, 'out.pcapng');
  expect((await lastack(['extract', WEB, '--filter', 'src port 443', '-o', made])).status).toBe(0);
  const { capture } = JSON.parse((await lastack([made, '-f', 'json'])).out);
  expect(capture).toMatchObject({ records: 3 });
});

test.each(['analyze', 'timeline', 'extract'])('%s: a mistake is a usage error that points at it', async (command) => {
  const run = await lastack([command, 'no-such.pcap', '--filter', 'tcp port eighty', '-o', '-']);
  expect(run.status).toBe(run.error.includes('eighty') ? 2 : 3);
  const syntax = await lastack([command, WEB, '--filter', 'tcp prt 80', '-o', '-']);
  expect(syntax).toEqual({
    status: 2,
    out: '',
    error: 'lastack: filter:1:5: "prt" is out of place; did you mean port?\n  tcp prt 80\n      ^^^\n',
  });
});

test('what means nothing on the link type is a usage error, too', async () => {
  const { status, error } = await lastack([WEB, '--filter', 'inbound']);
  expect(status).toBe(2);
  expect(error).toContain('captures of Ethernet do not tell inbound');
});

test('an empty filter accepts every packet, also beside another', async () => {
  for (const filters of [
    ['', 'port 81'],
    ['port 81', ' '],
  ]) {
    const { out } = await lastack([WEB, '-f', 'json', ...filters.flatMap((filter) => ['--filter', filter])]);
    expect(JSON.parse(out).capture).toMatchObject({ records: 10, tcpSegments: 2 });
  }
});
