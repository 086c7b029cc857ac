import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../src/analyze.ts';
import { ByteWriter } from '../src/bytes/writer.ts';
import { decoderFor } from '../src/capture/format.ts';
import { RecordView } from '../src/capture/record.ts';
import { TcpdumpLine } from '../src/render/tcpdump.ts';

const SAMPLES = new URL('../samples', import.meta.url).pathname;
const GOLDEN = '.tcpdump.txt';

for (const folder of readdirSync(SAMPLES)) {
  for (const name of goldenIn(join(SAMPLES, folder))) {
    const [written, ...golden] = readFileSync(join(SAMPLES, folder, name), 'utf8')
      .trimEnd()
      .split('\n');

    test(`${folder}/${name}: lines equal those of ${written?.slice(2)}`, () => {
      expect(written).toMatch(/^# tcpdump version \d+\.\d+/);
      const lines = linesOf(captureBeside(join(SAMPLES, folder, name)));
      expect(lines).toEqual(golden.map((line, i) => withoutApplication(line, lines[i])));
    });
  }
}

function goldenIn(folder: string): string[] {
  if (!existsSync(join(folder, 'kernel.tsv'))) return [];
  return readdirSync(folder).filter((name) => name.endsWith(GOLDEN));
}

function captureBeside(golden: string): string {
  const classic = golden.replace(GOLDEN, '.pcap');
  return existsSync(classic) ? classic : golden.replace(GOLDEN, '.pcapng');
}

/** lastack's line of every packet of a capture, in UTC. */
function linesOf(path: string): string[] {
  const file = readFileSync(path);
  const decoder = decoderFor(file.subarray(0, 4), path)!;
  const writer = new TcpdumpLine();
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
