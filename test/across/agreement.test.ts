import { describe, expect, test } from 'vitest';
import { captureFindings } from '../../src/across/capture-findings.ts';
import { Analysis } from '../../src/analyze.ts';
import type { RecordView } from '../../src/capture/record.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { FLOW } from '../../src/flow/rows.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { exchange, recordsOf, type ScriptSegment } from '../exchange.ts';
import { giveRecording, RECORDINGS } from '../samples.ts';
import { Scene } from './scene.ts';

const SERVER = '10.0.0.80:443';

/** What the capture's findings of a code count, and what counting the flows' own of that code gives. */
interface Counts {
  readonly flows: number;
  readonly octets: number;
  readonly named: readonly number[];
}

/** Gives an analysis its records, and ends it. */
type Feed = (analysis: Analysis) => void;

function counts(code: string, feed: Feed): { readonly told: Counts; readonly counted: Counts } {
  const found: { readonly flow: number; readonly finding: Finding }[] = [];
  const analysis: Analysis = new Analysis({
    onFlow: (row) => {
      cursor.move(row);
      for (const finding of cursor.judgement.findings)
        if (finding.code === code) found.push({ flow: cursor.word(FLOW.number), finding });
    },
  });
  const cursor = new FlowCursor(analysis.flowContext([]));
  feed(analysis);
  const [finding] = captureFindings(analysis.across!).filter((one) => one.code === code);
  const flows = [...new Set(found.map(({ flow }) => flow))].sort((a, b) => a - b);
  const octets = found.reduce((sum, one) => sum + Number(one.finding.values.octets ?? 0), 0);
  return {
    told: {
      flows: Number(finding?.values.flows ?? 0),
      octets: Number(finding?.values.octets ?? 0),
      named: finding?.flows ?? [],
    },
    counted: { flows: flows.length, octets, named: flows.slice(0, 10) },
  };
}

function expectAgreement(feed: Feed): void {
  for (const code of ['capture-one-way', 'capture-gap']) {
    const { told, counted } = counts(code, feed);
    expect({ code, ...told }).toEqual({ code, ...counted });
  }
}

function feedRecords(records: readonly RecordView[]): Feed {
  return (analysis) => {
    records.forEach((record, i) => {
      record.frame = record.fileFrame = i + 1;
      analysis.take(record);
    });
    analysis.end();
  };
}

test.each(RECORDINGS)('what is said of the capture is what its flows say: %s', (name) => {
  expectAgreement((analysis) => giveRecording(name, analysis));
});

/** A connection with something of everything. */
const WHOLE = exchange`
  +0     > S  0:0(0)
  +0.010 < S. 0:0(0)       ack 1
  +0.010 > .  1:1(0)       ack 1
  +0.010 > P. 1:101(100)   ack 1
  +0.010 < P. 1:201(200)   ack 101
  +0.010 < P. 201:401(200) ack 101
  +0.010 > .  101:101(0)   ack 401
  +0.010 > P. 101:201(100) ack 401
  +0.010 > P. 201:301(100) ack 401
  +0.010 < .  401:401(0)   ack 301
  +1     > P. 201:301(100) ack 401
  +0.010 < P. 401:501(100) ack 301
  +0.010 > F. 301:301(0)   ack 501
  +0.010 < F. 501:501(0)   ack 302
  +0.010 > .  302:302(0)   ack 502
`;

describe('what is said of the capture is what its flows say', () => {
  test('whichever segment is missing', () => {
    for (let i = 0; i < WHOLE.length; i++)
      for (let j = i; j < WHOLE.length; j++)
        expectAgreement(feedRecords(recordsOf(WHOLE.filter((_, at) => at !== i && at !== j))));
  });

  test('whichever part of a connection was captured, in one direction or both', () => {
    const ways: ((segment: ScriptSegment) => boolean)[] = [
      () => true,
      ({ fromClient }) => fromClient,
      ({ fromClient }) => !fromClient,
    ];
    for (const way of ways)
      for (let from = 0; from < WHOLE.length; from++)
        for (let to = from + 1; to <= WHOLE.length; to++)
          expectAgreement(feedRecords(recordsOf(WHOLE.slice(from, to).filter(way))));
  });

  test('an acknowledgment of what was never sent, and a wrong checksum', () => {
    for (const late of ['< . 401:401(0) ack 90001', '> P. 101:201(100) ack 401 badsum', '< . 401:401(0) ack 250']) {
      for (let at = 7; at <= WHOLE.length; at++) {
        const script = [...WHOLE.slice(0, at), ...exchange`+0.001 ${late}`, ...WHOLE.slice(at)];
        expectAgreement(feedRecords(recordsOf(script)));
      }
    }
  });

  test('several flows: of one direction, half-open, refused, of both directions', () => {
    const scene = new Scene()
      .each(12, (all, i) =>
        all
          .segment(i, `10.0.0.1:${4000 + i}`, SERVER, 'S', 1)
          .segment(i + 0.1, `10.0.0.1:${4000 + i}`, SERVER, '.', 2, 100)
          .segment(i + 0.1, `10.0.0.1:${4000 + i}`, SERVER, 'P.', 2, 100, 50),
      )
      .each(6, (all, i) => all.segment(i, SERVER, '10.0.0.2:5000', 'S.', 7, 8))
      .each(6, (all, i) => all.segment(i, '10.0.0.3:5000', SERVER, '.', 7, 8, 1))
      .each(3, (all, i) => all.closed(i, `10.0.0.4:${4000 + i}`, SERVER))
      .halfOpen(4, '10.0.0.5:4000', SERVER)
      .refused(5, '10.0.0.6:4000', SERVER)
      .segment(6, '10.0.0.7:4000', SERVER, 'S', 1);
    expectAgreement(feedRecords(scene.records()));
  });
});
