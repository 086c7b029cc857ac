import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { NOTE_VALUE, NoteWords, SegmentNotes } from '../../src/record/notes.ts';
import { SegmentCursor } from '../../src/record/segment.ts';
import { Annotations } from '../../src/render/annotation.ts';
import { textStyle } from '../../src/render/style.ts';
import { TcpdumpLine } from '../../src/render/tcpdump.ts';
import { STATES } from '../../src/tcp/machine.ts';
import { Verdict } from '../../src/tcp/verdict.ts';
import { SegmentView, WIRE } from '../../src/wire/segment.ts';
import { giveRecording, RECORDINGS } from '../samples.ts';

const COLUMN = 136;

/** What stands behind a line of that length, put together the plain way. */
function behind(at: SegmentCursor, length: number, column: number, coloured: boolean): string {
  const { flow, clientState, serverState, rtt } = at.verdict;
  if (flow === 0 && at.notes.count === 0) return '';
  const style = textStyle(coloured);
  const number = (flow === 0 ? '' : `#${flow}`).padEnd(5);
  const name = (state: number) => (STATES[state] ?? '-').padEnd(11);
  const states = at.result === WIRE.segment ? `${name(clientState)} ${name(serverState)}` : ' '.repeat(24);
  const columns = style.dim(`${number} ${states} ${(Number.isNaN(rtt) ? '' : roundTrip(rtt)).padEnd(12)}`);
  const notes = at.notes.texts().map((note) => {
    if (/^(reset|wrong checksum)/.test(note)) return style.bad(note);
    if (/again|missing|retransmission|not taken|alive after|cut short|inside a connection/.test(note))
      return style.warn(note);
    return /^(handshake complete|ACK and FIN merged|both FINs)/.test(note) ? style.good(note) : style.accent(note);
  });
  return `${' '.repeat(Math.max(column - length, 1))} ${columns} ${notes.join('; ')}`.trimEnd();
}

function roundTrip(nanoseconds: number): string {
  const milliseconds = nanoseconds / 1e6;
  if (milliseconds >= 1000) return `rtt ${(milliseconds / 1000).toFixed(2)} s`;
  return `rtt ${milliseconds.toFixed(milliseconds >= 100 ? 0 : milliseconds >= 1 ? 1 : 3)} ms`;
}

test.each([false, true])(
  'the columns of every sample read as if put together from strings; coloured: %s',
  (coloured) => {
    let noted = 0;
    for (const path of RECORDINGS) {
      const annotations = new Annotations(textStyle(coloured), Number.POSITIVE_INFINITY, COLUMN);
      const lines = new TcpdumpLine();
      const out = new ByteWriter(16);
      let column = COLUMN;
      const analysis: Analysis = new Analysis({
        onSegment: (verdict, segment, result) => {
          cursor.move(verdict, segment, result);
          out.length = 0;
          cursor.line(out);
          const line = out.toString();
          if (line.length > column) column = Math.min(Math.ceil((line.length + 1) / 8) * 8, 152);
          annotations.write(out, cursor, line.length);
          expect(out.toString()).toBe(`${line}${behind(cursor, line.length, column, coloured)}\n`);
          if (cursor.notes.count > 0) noted++;
        },
      });
      const cursor = new SegmentCursor(
        new FlowCursor(analysis.flowContext([path])),
        analysis.tracker.verdict,
        new SegmentView(),
        (to, segment, result) => lines.write(to, segment, result),
      );
      giveRecording(path, analysis);
    }
    expect(noted).toBeGreaterThan(1000);
  },
);

describe('numbers', () => {
  /** The annotation of a segment with these notes, behind an empty line. */
  function written(verdict: Partial<Verdict>, notes: SegmentNotes): string {
    const at = { verdict: Object.assign(new Verdict(), { flow: 1 }, verdict), notes, result: WIRE.segment };
    const out = new ByteWriter(1);
    new Annotations(textStyle(false), Number.POSITIVE_INFINITY, 0).write(out, at as unknown as SegmentCursor, 0);
    return out.toString();
  }

  const nanoseconds = fc.oneof(
    fc.nat(2e9),
    fc.nat(1e12),
    fc.nat(2e6).map((half) => half * 500),
    fc.nat(4000).map((half) => half * 50_000),
    fc.constantFrom(-1, -1_500_000, 999_499, 999_500, 999_501, 99_949_999, 99_950_000, 99_950_001),
  );

  test('a round trip has as many decimals as it needs', () => {
    fc.assert(
      fc.property(nanoseconds, (rtt) => {
        expect(written({ rtt }, new SegmentNotes()).trimEnd()).toMatch(new RegExp(` ${roundTrip(rtt)}$`));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['milliseconds', nanoseconds],
    ['clock', fc.nat(86_400_000_000 - 1)],
    ['number', fc.nat(0x7fff_ffff)],
  ] as const)('the octets of a note are its text: %s', (kind, value) => {
    const words = new NoteWords('before → ', NOTE_VALUE[kind], ' after');
    fc.assert(
      fc.property(value, (number) => {
        const notes = new SegmentNotes();
        notes.words.push(words);
        notes.values.push(number);
        notes.count = 1;
        expect(written({}, notes).trimEnd()).toMatch(new RegExp(` ${notes.text(0)}$`));
      }),
      { numRuns: 1000 },
    );
  });
});
