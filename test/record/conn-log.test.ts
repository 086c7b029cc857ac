import { describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { CONN_LOG } from '../../src/record/conn-log.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { type ExchangeOptions, exchange, recordsOf, type ScriptSegment } from '../exchange.ts';

/** The one row of a script, by the names of its columns. */
function row(script: readonly ScriptSegment[], choices: ExchangeOptions): Record<string, string> {
  const rows: Record<string, string>[] = [];
  const analysis: Analysis = new Analysis({
    onFlow: (at) => {
      cursor.baseSeconds = analysis.baseSeconds;
      cursor.move(at);
      const cells = CONN_LOG.map(({ name, write }) => {
        const out = new ByteWriter(64);
        write(cursor, out);
        return [name, out.toString()];
      });
      rows.push(Object.fromEntries(cells));
    },
  });
  const cursor = new FlowCursor(analysis.flowContext([]));
  for (const record of recordsOf(script, choices)) analysis.take(record);
  analysis.end();
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

/** Where initial sequence numbers may lie: either is the higher one, as numbers of 32 bits and around the circle. */
const ISNS = [
  [1000, 3_000_000],
  [3_000_000, 1000],
  [1000, 0x9000_0000],
  [0x9000_0000, 1000],
  [0xffff_fff0, 16],
] as const;

describe('orig_bytes and resp_bytes, wherever sequence numbers begin', () => {
  test.each(ISNS)('a simultaneous open, of which Zeek makes two connections: %i, %i', (clientIsn, serverIsn) => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.001 < S  0:0(0)
      +0.010 > S. 0:0(0)   ack 1
      +0.001 < S. 0:0(0)   ack 1
      +0.010 > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0.010 > .  11:11(0) ack 21
    `;
    expect(row(script, { clientIsn, serverIsn })).toMatchObject({
      conn_state: 'S0',
      history: 'S',
      orig_bytes: '10',
      resp_bytes: '20',
    });
  });

  test.each(ISNS)('an end that speaks only after Zeek has given the connection up: %i, %i', (clientIsn, serverIsn) => {
    const script = exchange`
      +0   > P. 1:11(10) ack 1
      +400 < P. 1:21(20) ack 11
    `;
    expect(row(script, { clientIsn, serverIsn })).toMatchObject({ orig_bytes: '10', resp_bytes: '20' });
  });

  test.each(ISNS)('an end that never speaks: %i, %i', (clientIsn, serverIsn) => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 > .  1:1(0)   ack 1
      +0.010 > P. 1:11(10) ack 5001
    `;
    expect(row(script, { clientIsn, serverIsn })).toMatchObject({ orig_bytes: '10', resp_bytes: '0' });
  });
});
