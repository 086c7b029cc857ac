import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { FlowCase } from '../../src/findings/case.ts';
import { isOld } from '../../src/findings/rules/reuse.ts';
import { EVENT } from '../../src/tcp/events.ts';
import { NOTED, type Noted, TRAIT } from '../../src/tcp/evidence/noted.ts';
import { NOTE } from '../../src/tcp/verdict.ts';
import { ACK, FIN, RST, SYN } from '../../src/wire/segment.ts';
import { giveRecording, RECORDINGS } from '../samples.ts';

/** Of a list this long the oldest may have gone. */
const FULL = 64;

/** What rules ask before they look, as they would see it in a list of what is kept. */
const ASKED: readonly (readonly [number, (noted: Noted) => boolean])[] = [
  [SYN, (noted) => (noted.flags & SYN) !== 0],
  [FIN, (noted) => (noted.flags & FIN) !== 0],
  [RST, (noted) => (noted.flags & RST) !== 0],
  [TRAIT.repeats, (noted) => noted.repeats],
  [TRAIT.icmp, (noted) => noted.kind === NOTED.icmp],
  [TRAIT.bare, (noted) => (noted.flags & (ACK | RST)) === 0],
  [TRAIT.untimed, (noted) => !noted.hasTimestamps && (noted.flags & (SYN | RST)) === 0],
  [TRAIT.news, (noted) => noted.length > 0 && !noted.repeats],
  [TRAIT.contradicts, (noted) => noted.contradicts !== 0],
  [TRAIT.outdated, isOld],
];

test('what is told of the kept segments in all is what a list of them shows', () => {
  const seen = new Set<number>();
  for (const path of RECORDINGS) {
    const analysis: Analysis = new Analysis({
      onFlow: (row) => {
        const flow = new FlowCase(analysis.flowContext([]));
        flow.move(row);
        const { noted } = flow;
        if (noted.length >= FULL) return;
        const segments = noted.filter(({ kind }) => kind === NOTED.segment);
        for (const [trait, has] of ASKED) {
          if (noted.some(has)) seen.add(trait);
          // A quoted segment counts as one, though its timestamps are not known.
          if (segments.some(has)) expect([path, trait, flow.keeps(trait)]).toEqual([path, trait, true]);
          else if (!noted.some(has) && segments.length === noted.length)
            expect([path, trait, flow.keeps(trait)]).toEqual([path, trait, false]);
        }
        for (const note of Object.values(NOTE))
          expect(flow.noticed(note)).toBe(noted.some((one) => (one.notes & note) !== 0));
        for (const event of Object.values(EVENT))
          expect(flow.happened(event)).toBe(noted.some((one) => (one.events & event) !== 0));
        expect(flow.firstKept).toBe(noted[0]?.frame ?? 0);
      },
    });
    giveRecording(path, analysis);
  }
  expect([...seen].sort((a, b) => a - b)).toEqual(ASKED.map(([trait]) => trait).sort((a, b) => a - b));
});
