import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import type { FlowRecord } from '../../src/index.ts';
import { Pcapng } from '../capture/build.ts';
import { decode } from '../capture/decode.ts';
import { pcapOf, REFUSED, THREE_WAY } from './captures.ts';
import { lastack, useLastack } from './lastack.ts';

const { folder } = useLastack();
const WEB = join(folder, 'web.pcap');
const OUT = join(folder, 'out.pcapng');
const web = pcapOf([THREE_WAY], [REFUSED, { clientPort: 40511, serverPort: 81 }]);

beforeAll(() => writeFileSync(WEB, web));

/** The comments of a file: record number and text. */
function commentsOf(path: string): (readonly [number, string])[] {
  return decode([readFileSync(path)]).decoder.comments.map(({ record, text }) => [record, text] as const);
}

async function flowsOf(path: string): Promise<FlowRecord[]> {
  const { out } = await lastack(['-f', 'ndjson', path]);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('writes the packets of a flow, commented, under which it has the same verdict', async () => {
  const run = await lastack(['extract', WEB, '--flow', '2', '-o', OUT]);
  expect(run).toEqual({ status: 0, out: '', error: '' });
  const { records } = decode([readFileSync(OUT)]);
  expect(records).toHaveLength(2);
  const [section, ...comments] = commentsOf(OUT);
  expect(section![1]).toMatch(
    /^Extracted by lastack .*: flow 2, from\n {2}.*web\.pcap, SHA-256 [0-9a-f]{64}\nflow 2: /,
  );
  expect(section![1]).toContain('10.0.0.1:40511 → 10.0.0.2:81, handshake refused, refused by server, frames 9 to 10');
  expect(comments).toEqual([
    [1, 'lastack: frame 9, flow 2: client: SYN_SENT'],
    [2, 'lastack: frame 10, flow 2: reset; client: SYN_SENT → CLOSED'],
  ]);
  const [flow] = await flowsOf(OUT);
  const before = (await flowsOf(WEB)).find((one) => one.flow === 2)!;
  expect(flow!.close.reset).toEqual(before.close.reset);
  expect({ ...flow!.handshake, synFrame: 9 }).toEqual(before.handshake);
});

test('--frames writes those records, --from and --to leave out what lies outside, --no-annotate adds no comments', async () => {
  await lastack(['extract', WEB, '--frames', '1,4-5,9-', '-o', OUT, '--no-annotate']);
  expect(decode([readFileSync(OUT)]).records).toHaveLength(5);
  expect(commentsOf(OUT)).toHaveLength(1);
  await lastack(['extract', WEB, '-o', OUT, '--to', '2023-11-14T22:13:20.011Z']);
  expect(decode([readFileSync(OUT)]).records).toHaveLength(2);
});

test('--finding writes the flows in which something was found, and says so at its evidence', async () => {
  const run = await lastack(['extract', WEB, '--finding', 'handshake-refused', '-o', OUT]);
  expect(run).toEqual({ status: 0, out: '', error: '' });
  expect(decode([readFileSync(OUT)]).records).toHaveLength(2);
  const [section, ...comments] = commentsOf(OUT);
  expect(section![1]).toContain('1 flow with handshake-refused, from');
  expect(comments.filter(([, text]) => text.includes('handshake-refused: '))).toHaveLength(2);
  const wrong = await lastack(['extract', WEB, '--finding', 'handshake-refuse', '-o', OUT]);
  expect(wrong.error).toContain('did you mean handshake-refused?');
});

test('--finding of the capture writes the flows that it is about', async () => {
  const scan = join(folder, 'scan.pcap');
  const ports = Array.from({ length: 30 }, (_, i) => [REFUSED, { clientPort: 50_000, serverPort: 100 + i }] as const);
  writeFileSync(
    scan,
    pcapOf([THREE_WAY], ...ports.map(([script, options]): [typeof script, typeof options] => [script, options])),
  );
  await lastack(['extract', scan, '--finding', 'scan-syn', '-o', OUT]);
  const [section] = commentsOf(OUT);
  expect(section![1]).toMatch(/\nscan-syn: 10\.0\.0\.1 tried \d+ ports of 10\.0\.0\.2 with SYNs/);
  const { records } = decode([readFileSync(OUT)]);
  expect(records.length).toBeGreaterThanOrEqual(60);
});

test('reads standard input, compressed or not, and writes to a pipe', async () => {
  await lastack(['extract', WEB, '--flow', '1', '-o', OUT]);
  const piped = await lastack(['extract', '-', '--flow', '1', '-o', '-'], { input: gzipSync(web) });
  expect(piped.status).toBe(0);
  expect(piped.out).toContain('flow 1: 10.0.0.1:40510 → 10.0.0.2:443');
  expect(piped.out).toContain('lastack: frame 7, flow 1: ACK and FIN merged: three-way close');
});

test('several captures are one, and a directory may hold the output', async () => {
  const parts = join(folder, 'parts');
  mkdirSync(parts);
  writeFileSync(join(parts, 'a.pcap'), pcapOf([THREE_WAY.slice(0, 4)]));
  writeFileSync(join(parts, 'b.pcap'), pcapOf([[]], [REFUSED, { clientPort: 40511 }]));
  const out = join(parts, 'c.pcapng');
  expect((await lastack(['extract', parts, '--flow', '2', '-o', out])).status).toBe(0);
  expect(decode([readFileSync(out)]).records).toHaveLength(2);
  expect(commentsOf(out)[1]![1]).toMatch(/^lastack: frame 5 \(.*b\.pcap, record 1\), flow 2: /);
  expect(await lastack(['extract', parts, '--flow', '1', '-o', out])).toMatchObject({ status: 2 });
});

test.each([
  ['--finding', 'reset-forged', 'nothing was found of reset-forged'],
  ['--where', 'close.pattern == "four-way"', 'no record is what was asked for'],
  ['--filter', 'port 22', 'no record is what was asked for'],
  ['--from', '2038-01-01', 'no record is what was asked for'],
])('that nothing is found is no mistake: a capture without packets is written: %s %s', async (option, value, why) => {
  const run = await lastack(['extract', WEB, option, value, '-o', OUT]);
  expect(run).toEqual({ status: 0, out: '', error: `lastack: ${why}: no packet was written\n` });
  const { decoder, records } = decode([readFileSync(OUT)]);
  expect(records).toEqual([]);
  expect(decoder.failed).toBeNull();
  expect([...decoder.linkTypes]).toEqual([1]);
});

test('what is not there is said, and no file is touched', async () => {
  const none = join(folder, 'none.pcapng');
  expect(await lastack(['extract', WEB, '--flow', '3', '-o', none])).toEqual({
    status: 2,
    out: '',
    error: 'lastack: there is no flow 3: there are 2\n',
  });
  expect(await lastack(['extract', WEB, '--frames', '11-', '-o', none])).toEqual({
    status: 2,
    out: '',
    error: 'lastack: there is no frame 11-: there are 10\n',
  });
  expect(await lastack(['extract', WEB, '--flow', '1', '--frames', '1', '-o', none])).toMatchObject({ status: 2 });
  expect(await lastack(['extract', WEB, '--frames', '4-2', '-o', none])).toMatchObject({ status: 2 });
  expect(await lastack(['extract', WEB, '--flow', '1', '-o', WEB])).toMatchObject({ status: 2 });
  expect(await lastack(['extract', none, '--flow', '1'])).toMatchObject({ status: 3 });
  expect(existsSync(none)).toBe(false);
  expect(readFileSync(WEB)).toEqual(Buffer.from(web));
});

test('what came before the damage is extracted', async () => {
  const cut = join(folder, 'cut.pcap');
  writeFileSync(cut, web.subarray(0, web.length - 7));
  const run = await lastack(['extract', cut, '--flow', '2', '-o', OUT]);
  expect(run.status).toBe(4);
  expect(run.error.trim().split('\n')).toHaveLength(1);
  expect(decode([readFileSync(OUT)]).records).toHaveLength(1);
});

test('records without a packet have their numbers, and count where it is said how many there are', async () => {
  const custom = (file: Pcapng) => file.block(0xbad, (body) => body.u32(1));
  const file = custom(custom(new Pcapng().section().interface()).packet(1_000_000n, Uint8Array.of(1))).done();
  const path = join(folder, 'custom.pcapng');
  writeFileSync(path, file);
  const { capture, inputs } = JSON.parse((await lastack(['-f', 'json', path])).out);
  expect([capture.records, inputs[0].records]).toEqual([3, 3]);
  expect((await lastack(['extract', path, '--frames', '3', '-o', OUT])).error).toContain('no record is what was asked');
  const { status, error } = await lastack(['extract', path, '--frames', '4', '-o', OUT]);
  expect([status, error]).toEqual([2, 'lastack: there is no frame 4: there are 3\n']);
});
