import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { FlowCase } from '../../src/findings/case.ts';
import { Judge, judgeByRules, OPENING, ORDINARY, RULES } from '../../src/findings/judge.ts';
import { isOnlyOpened, isOrdinary } from '../../src/findings/ordinary.ts';
import { giveRecording, RECORDINGS } from '../samples.ts';

test('a flow that is spared rules is one of which they find nothing, and kinds are those of its findings', () => {
  let ordinary = 0;
  let onlyOpened = 0;
  for (const path of RECORDINGS) {
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
    giveRecording(path, analysis);
  }
  expect(ordinary).toBeGreaterThan(20);
  expect(onlyOpened).toBeGreaterThan(20);
});
