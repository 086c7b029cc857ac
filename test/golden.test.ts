import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../src/analyze.ts';
import { ByteWriter } from '../src/bytes/writer.ts';
import { decoderFor } from '../src/capture/format.ts';
import { RecordView } from '../src/capture/record.ts';
import type { LineOptions, LineWriter } from '../src/render/line.ts';
import { TcpdumpLine } from '../src/render/tcpdump.ts';
import { WindumpLine } from '../src/render/windump.ts';
import { SAMPLES } from './samples.ts';

const GOLDEN = '.tcpdump.txt';

for (const folder of readdirSync(SAMPLES)) {
  for (const name of goldenIn(join(SAMPLES, folder))) {
    const [written, ...golden] = readFileSync(join(SAMPLES, folder, name), 'utf8')
      .trimEnd()
      .split('\n');

    test(`${folder}/${name}: lines equal those of ${written?.slice(2)}`, () => {
      expect(written).toMatch(/^# tcpdump version \d+\.\d+/);
      const lines = linesOf(captureBeside(join(SAMPLES, folder, name)), () => new TcpdumpLine());
      expect(lines).toEqual(golden.map((line, i) => withoutApplication(line, lines[i])));
    });
  }
}

test('the close with which the project began reads as WinDump printed it, with the name that the capture holds', () => {
  const lines = linesOf(join(SAMPLES, 'normal-close.pcapng'), (options) => new WindumpLine(options));
  expect(lines.slice(-3)).toEqual([
    '14:00:38.819856 IP cd-zhangmin.1748 > 220.181.37.55.80: F 1:1(0) ack 1 win 65535',
    '14:00:38.863989 IP 220.181.37.55.80 > cd-zhangmin.1748: F 1:1(0) ack 2 win 2920',
    '14:00:38.864412 IP cd-zhangmin.1748 > 220.181.37.55.80: . ack 2 win 65535',
  ]);
});

function goldenIn(folder: string): string[] {
  if (!existsSync(join(folder, 'kernel.tsv'))) return [];
  return readdirSync(folder).filter((name) => name.endsWith(GOLDEN));
}

function captureBeside(golden: string): string {
  const classic = golden.replace(GOLDEN, '.pcap');
  return existsSync(classic) ? classic : golden.replace(GOLDEN, '.pcapng');
}

/** lastack's line of every packet of a capture, in UTC. */
function linesOf(path: string, style: (options: LineOptions) => LineWriter): string[] {
  const file = readFileSync(path);
  const decoder = decoderFor(file.subarray(0, 4), path)!;
  const writer = style({ names: { name: (bytes, at, length) => decoder.names.nameOf(bytes, at, length) } });
  const out = new ByteWriter(512);
  const lines: string[] = [];
  const analysis = new Analysis({
    onSegment: (_, segment, result) => {
      out.length = 0;
      writer.write(out, segment, result);
      lines.push(out.toString());
    },
  });
  const record = new RecordView();
  decoder.feed(file);
  while (decoder.next(record)) analysis.take(record);
  return lines;
}

/** tcpdump's line up to `length N`: what it says of HTTP after that is not lastack's to say. */
function withoutApplication(line: string, ours: string | undefined): string {
  return ours !== undefined && line.startsWith(`${ours}: HTTP`) ? ours : line;
}
