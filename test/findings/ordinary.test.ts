import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { decoderFor } from '../../src/capture/format.ts';
import { RecordView } from '../../src/capture/record.ts';
import { FlowCase } from '../../src/findings/case.ts';
import { Judge, judgeByRules, OPENING, ORDINARY, RULES } from '../../src/findings/judge.ts';
import { isOnlyOpened, isOrdinary } from '../../src/findings/ordinary.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

test('a flow that is spared rules is one of which they find nothing, and kinds are those of its findings', () => {
  let ordinary = 0;
  let onlyOpened = 0;
  for (const path of readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' })) {
    if (!/\.pcap(ng)?$/.test(path)) continue;
    const octets = new Uint8Array(readFileSync(join(SAMPLES, path)));
    const decoder = decoderFor(octets, path)!;
    const record = new RecordView();
    const analysis: Analysis = new Analysis({
      onFlow: (row) => {
        const flow = new FlowCase(analysis.flowContext([]));
        flow.move(row);
        const { findings } = judgeByRules(flow, RULES);
        const judgement = new Judge(analysis.flowContext([]), new Set()).judge(row);
        expect(judgement.kinds.map(({ code, severity }) => [code, severity])).toEqual(
          judgement.findings.map(({ code, severity }) => [code, severity]),
        );
        if (isOrdinary(flow)) {
          ordinary++;
          expect(findings).toEqual(judgeByRules(flow, ORDINARY).findings);
        } else if (isOnlyOpened(flow)) {
          onlyOpened++;
          expect(findings).toEqual(judgeByRules(flow, OPENING).findings);
        }
      },
    });
    decoder.feed(octets);
    while (decoder.next(record)) analysis.take(record);
    analysis.end();
  }
  expect(ordinary).toBeGreaterThan(20);
  expect(onlyOpened).toBeGreaterThan(20);
});
