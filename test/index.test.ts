import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as lastack from '../src/index.ts';

const NORMAL_CLOSE = join(import.meta.dirname, '../samples/normal-close.pcapng');

test('the public names are these', () => {
  expect(Object.keys(lastack).sort()).toEqual([
    'Capture',
    'DamagedCaptureError',
    'FilterError',
    'PacketFilter',
    'UnreadableInputError',
    'UsageError',
    'openCapture',
  ]);
});

test('flows are read as objects', async () => {
  const capture = await lastack.openCapture(NORMAL_CLOSE, { digest: true });
  const flows = [];
  for await (const flow of capture.flows()) flows.push(flow);
  expect(flows).toHaveLength(1);
  expect(flows[0]).toMatchObject({ flow: 1, close: { pattern: 'three-way', timeWait: { side: 'client' } } });
  expect(capture.problems).toEqual([]);
  expect(capture.record().inputs[0]).toMatchObject({
    format: 'pcapng',
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('segments are read as objects', async () => {
  const segments = [];
  for await (const segment of (await lastack.openCapture(NORMAL_CLOSE)).segments()) segments.push(segment);
  const merged = segments.find((segment) => segment.notes.includes('ACK and FIN merged: three-way close'));
  expect(merged).toMatchObject({ from: 'server', states: { client: 'TIME_WAIT', server: 'LAST_ACK' } });
});

test('a capture that can not be read is an error that names it', async () => {
  await expect(lastack.openCapture('no-such.pcap')).rejects.toMatchObject({
    code: 'unreadable-input',
    file: 'no-such.pcap',
  });
});

test('a capture is read once', async () => {
  const capture = await lastack.openCapture(NORMAL_CLOSE);
  for await (const flow of capture.flows()) expect(flow.flow).toBe(1);
  await expect(capture.flows().next()).rejects.toThrow('read once');
});
