import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { FLOW, FLOW_BITS, FlowRows, LOG, ROW_WORDS } from '../../src/flow/rows.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { FLOW_FIELDS } from '../../src/record/flow.ts';
import { recordObject } from '../../src/record/object.ts';
import { schemaOf } from '../../src/record/schema.ts';
import { JsonRecord } from '../../src/render/record-json.ts';
import { EventCounts } from '../../src/tcp/event-counts.ts';
import { Evidence } from '../../src/tcp/evidence/evidence.ts';
import { History } from '../../src/tcp/history/history.ts';
import { Islands } from '../../src/tcp/islands.ts';
import { OneWays } from '../../src/tcp/one-ways.ts';
import { RoundTrips } from '../../src/tcp/round-trips.ts';
import { Timing } from '../../src/tcp/timing.ts';
import { Verdict } from '../../src/tcp/verdict.ts';
import { formatted, interfacesOf } from './interface.ts';

test('the interface of a flow record is what its table says', async () => {
  const text = interfacesOf('FlowRecord', 'One TCP connection, as captured', FLOW_FIELDS, 'record/flow.ts');
  await expect(formatted(text)).toMatchFileSnapshot('../../src/record/flow-record.ts');
});

test('a record written as JSON is the record as an object, whatever the row holds', () => {
  const json = new JsonRecord(FLOW_FIELDS);
  fc.assert(
    fc.property(rows(), fc.boolean(), (words, several) => {
      const cursor = cursorOn(words, several ? ['a.pcap', 'b "2".pcap'] : ['a.pcap']);
      const out = new ByteWriter(1);
      json.write(cursor, out);
      expect(out.toString()).toBe(JSON.stringify(recordObject(FLOW_FIELDS, cursor)));
    }),
  );
});

test('the schema requires every field but those of several captures', () => {
  const object = recordObject(FLOW_FIELDS, cursorOn(new Int32Array(ROW_WORDS), ['a.pcap']));
  expect((schemaOf(FLOW_FIELDS) as { required: string[] }).required).toEqual(Object.keys(object));
});

// github.com/corelight/community-id-spec, baseline/baseline_deflt.json, and its IPv6 examples.
describe('Community IDs are those that the specification publishes', () => {
  test('IPv4, whichever end is the client', () => {
    const words = new Int32Array(ROW_WORDS);
    words[FLOW.keyLow] = address(66, 35, 250, 204);
    words[FLOW.keyHigh] = address(128, 232, 110, 120);
    words[FLOW.ports] = (80 << 16) | 34855;
    for (const bits of [0, FLOW_BITS.clientIsHigh]) {
      words[FLOW.bits] = bits;
      expect(recordObject(FLOW_FIELDS, cursorOn(words, []))).toMatchObject({
        communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
        client: bits === 0 ? { address: '66.35.250.204', port: 80 } : { address: '128.232.110.120', port: 34855 },
      });
    }
  });
});

function address(...octets: number[]): number {
  return octets.reduce((word, octet) => (word << 8) | octet, 0);
}

/** Counters that a random row may point at or past. */
const COUNTS = new EventCounts();
COUNTS.count(COUNTS.take(), 0b101);
const EVIDENCE = new Evidence(new FlowRows(1), new Verdict());

/** A cursor on a row of these words. */
function cursorOn(words: Int32Array, files: readonly string[]): FlowCursor {
  const table = new FlowRows(1);
  const row = table.make();
  table.i32.set(words, row);
  const cursor = new FlowCursor({
    rows: table,
    evidence: EVIDENCE,
    services: EVIDENCE.services,
    oneWays: new OneWays(),
    clock: { spans: () => false },
    start: () => 0,
    now: () => 0,
    over: () => true,
    eventCounts: COUNTS,
    history: new History(table, new Islands(), true),
    roundTrips: new RoundTrips(),
    timing: new Timing(table, new Verdict(), EVIDENCE.held),
    layerNames: () => ['eth', 'vlan 10', 'ip', 'tcp'],
    files,
    msl: 30,
  });
  cursor.baseSeconds = 1_700_000_000;
  cursor.move(row);
  return cursor;
}

/** Rows of random words, whose doubles are what they hold in life: whole numbers. */
function rows(): fc.Arbitrary<Int32Array> {
  const words = fc.int32Array({ minLength: ROW_WORDS, maxLength: ROW_WORDS });
  return fc.tuple(words, fc.infiniteStream(fc.integer({ min: 0, max: 2 ** 50 }))).map(([row, doubles]) => {
    const f64 = new Float64Array(row.buffer, row.byteOffset, ROW_WORDS / 2);
    const keep = Int32Array.from(row);
    for (let i = 0; i < f64.length; i++) f64[i] = doubles.next().value ?? 0;
    for (const field of [FLOW.keyLow, FLOW.keyHigh, FLOW.ports, FLOW.bits, FLOW.pattern, FLOW.reset])
      row[field] = keep[field]!;
    row[FLOW.logCount] = (keep[FLOW.logCount]! >>> 0) % 13;
    for (let i = 0; i < 12; i++) row[FLOW.log + i * LOG.words] = keep[FLOW.log + i * LOG.words]! & 31;
    return row;
  });
}
