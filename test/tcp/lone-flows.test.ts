import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captureFindings } from '../../src/across/capture-findings.ts';
import { acrossFindings } from '../../src/across/findings.ts';
import { Analysis, type AnalysisOptions } from '../../src/analyze.ts';
import type { RecordView } from '../../src/capture/record.ts';
import { FlowCase } from '../../src/findings/case.ts';
import { judgeByRules, OPENING, RULES } from '../../src/findings/judge.ts';
import { isOnlyOpened } from '../../src/findings/ordinary.ts';
import { FLOW, ROW_WORDS } from '../../src/flow/rows.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { FLOW_FIELDS } from '../../src/record/flow.ts';
import { recordObject } from '../../src/record/object.ts';
import { SEGMENT_FIELDS, SegmentCursor } from '../../src/record/segment.ts';
import { FlowSummary } from '../../src/record/summary.ts';
import { SegmentView, WIRE } from '../../src/wire/segment.ts';
import { CLIENT6, ipv4, ipv6, type Octets, RAW, record, SERVER6, TCP, tcp, u16, u32 } from '../wire/octets.ts';

/**
 * Flows of a SYN and its SYN+ACK are kept without a row (flow/lone-openings.ts) until something else happens. Nothing may
 * show of that: everything is told as when each flow has a row from the start.
 */

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;

/** What may come next on some ports: flags, and numbers relative to the initial ones. */
interface Step {
  readonly after: number;
  readonly host: number;
  readonly v6: boolean;
  readonly kind: keyof typeof KINDS;
  readonly odd: keyof typeof ODD;
  /** Where they differ from what `packetOf` takes. */
  readonly server?: Octets;
  readonly port?: number;
}

interface Kind {
  readonly fromServer?: boolean;
  readonly flags: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly payload?: number;
}

const KINDS = {
  syn: { flags: SYN },
  anotherSyn: { flags: SYN, seq: 70_000 },
  synWithData: { flags: SYN, payload: 5 },
  synAck: { fromServer: true, flags: SYN | ACK, ack: 1 },
  anotherSynAck: { fromServer: true, flags: SYN | ACK, seq: 9, ack: 1 },
  synAckToAnother: { fromServer: true, flags: SYN | ACK, seq: 40, ack: 70_001 },
  wrongSynAck: { fromServer: true, flags: SYN | ACK, ack: 7 },
  synBack: { fromServer: true, flags: SYN },
  ack: { flags: ACK, seq: 1, ack: 1 },
  data: { flags: ACK, seq: 1, ack: 1, payload: 10 },
  answer: { fromServer: true, flags: ACK, seq: 1, ack: 11, payload: 20 },
  fin: { flags: FIN | ACK, seq: 1, ack: 1 },
  finBack: { fromServer: true, flags: FIN | ACK, seq: 1, ack: 2 },
  reset: { flags: RST, seq: 1 },
  refusal: { fromServer: true, flags: RST | ACK, ack: 1 },
  unreachable: { flags: SYN },
} as const satisfies Record<string, Kind>;

const ODD = {
  no: {},
  options: { options: [2, 4, 5, 180, 4, 2, 8, 10, ...u32(0), ...u32(0), 1, 3, 3, 7] },
  timestamps: { options: [1, 1, 8, 10, ...u32(0), ...u32(0)] },
  smallMss: { options: [2, 4, 0, 100] },
  cookieRequest: { options: [34, 2, 1, 1] },
  badChecksum: { checksum: 0x1234 },
  zeroWindow: { window: 0 },
  congestion: { flags: 0xc0 },
  hops: {},
} as const;

const steps = fc.array(
  fc.record({
    after: fc.constantFrom(0, 0, 2e4, 3e4, 5e7, 2e8, 1.5e9, 5e9, 31e9, 64e9, -2e9),
    host: fc.oneof(fc.nat(5), fc.nat(40)),
    v6: fc.boolean(),
    kind: fc.constantFrom(
      ...(Object.keys(KINDS) as (keyof typeof KINDS)[]),
      ...(['syn', 'syn', 'syn', 'syn', 'syn', 'synAck', 'synAck', 'synAck', 'synAck'] as const),
    ),
    odd: fc.constantFrom(...(Object.keys(ODD) as (keyof typeof ODD)[]), ...(['no', 'no', 'no', 'no', 'no'] as const)),
  }),
  { maxLength: 120, size: 'max' },
);

/** Openings that nothing follows, of few kinds: rows of one kind are copies of each other (tcp/opening/images.ts). */
const openings = fc
  .array(
    fc.record({
      v6: fc.boolean(),
      answered: fc.boolean(),
      odd: fc.constantFrom('no', 'options', 'timestamps', 'zeroWindow', 'badChecksum', 'congestion'),
      answerOdd: fc.constantFrom(undefined, undefined, 'no', 'options', 'timestamps', 'badChecksum', 'congestion'),
      after: fc.constantFrom(0, 1, 3e4, 5e7, 4.1e9, -5e8),
    }),
    { maxLength: 40, size: 'max' },
  )
  .map((list) =>
    list.flatMap(({ answered, answerOdd, ...rest }, i): Step[] => {
      const syn = { ...rest, host: 2 * i, kind: 'syn' } as const;
      const synAck = { ...syn, odd: answerOdd ?? syn.odd, after: Math.abs(rest.after), kind: 'synAck' } as const;
      return answered ? [syn, synAck] : [syn];
    }),
  );

function mostly<T>(usual: T, ...rare: T[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fc.constant(usual), weight: 15 }, { arbitrary: fc.constantFrom(...rare), weight: 1 });
}

/** Openings most of which nobody answers the SYN+ACK of, with a few others among them, and how long the capture goes on. */
const floods = fc
  .tuple(
    fc.array(
      fc.record({
        kind: mostly('both', 'syn', 'ack', 'repeat', 'synAgain', 'synsFirst'),
        v6: mostly(false, true),
        odd: mostly<Step['odd']>('options', 'timestamps', 'smallMss', 'badChecksum', 'congestion'),
        after: mostly(3e4, 0, 1, 5e7, 1.5e9),
        host: mostly(6, 0, 7),
      }),
      { minLength: 20, maxLength: 60, size: 'max' },
    ),
    fc.constantFrom(0, 2e9, 4e9, 5e9, 70e9, 200_000e9),
  )
  .map(([list, wait]) => [
    ...list.flatMap(({ kind, host, ...rest }, i): Step[] => {
      const syn = { ...rest, host: host === 0 ? i % 3 : host + i, kind: 'syn' } as const;
      const synAck = { ...syn, kind: 'synAck' } as const;
      if (kind === 'syn') return [syn];
      if (kind === 'repeat') return [syn, synAck, synAck];
      if (kind === 'synAgain') return [syn, synAck, syn, synAck];
      if (kind === 'synsFirst') return [syn, syn, synAck, synAck];
      return kind === 'ack' ? [syn, synAck, { ...syn, kind: 'ack' }] : [syn, synAck];
    }),
    { after: wait, host: 1, v6: false, kind: 'syn', odd: 'no' } as const,
  ]);

/** Few openings whose segments are sent again by timers, and sooner. */
const retries = fc.array(
  fc.record({
    host: fc.nat(3),
    v6: fc.boolean(),
    kind: fc.constantFrom(...(['syn', 'syn', 'synAck', 'synAck', 'ack', 'synBack', 'anotherSynAck'] as const)),
    odd: mostly<Step['odd']>('no', 'timestamps', 'hops', 'zeroWindow', 'badChecksum'),
    after: fc.constantFrom(3e4, 4e8, 6e8, 1.5e9, 3.9e9, 7e9, 31e9, 64e9),
  }),
  { maxLength: 40, size: 'max' },
);

function recordsOf(list: readonly Step[]): RecordView[] {
  let time = 1e9;
  return list.map((step, index) => {
    time += step.after;
    const octets = packetOf(step, index);
    const view = record(octets, { linkType: RAW, frame: index + 1, seconds: 1_700_000_000 + Math.floor(time / 1e9) });
    view.nanoseconds = time - Math.floor(time / 1e9) * 1e9;
    // Of every few captures one has two files.
    if (list.length % 3 === 0) view.fileFrame = (index >> 1) + 1;
    if (list.length % 3 === 0) view.file = index & 1;
    return view;
  });
}

function packetOf({ host, v6, kind, odd, server, port = 80 }: Step, index: number): Octets {
  const { fromServer = false, flags, seq = 0, ack = 0, payload = 0 }: Kind = KINDS[kind];
  const isn = [0xffff_fff0 + host, 0xffff_ff00];
  const from = fromServer ? 1 : 0;
  const client4: Octets = [10, 0, host & 1, 1 + host];
  const server4: Octets = server ?? [10, 0, 0, host < 3 ? 200 : 0];
  const ends4 = fromServer ? [server4, client4] : [client4, server4];
  const ends6 = [CLIENT6, SERVER6];
  const [source, destination] = v6 ? ends6 : ends4;
  const ports = [30_000 + (host >> 1), port];
  const more = ODD[odd] as { readonly flags?: number; readonly options?: Octets };
  const options = [...(more.options ?? [])];
  if (options.includes(10)) options.splice(options.indexOf(10) + 1, 4, ...u32(5000 + 13 * index));
  const segment = tcp(
    {
      ...more,
      options,
      sourcePort: ports[from]!,
      destinationPort: ports[1 - from]!,
      seq: isn[from]! + seq,
      ack: (flags & ACK) === 0 ? (host === 4 ? 77 : 0) : isn[1 - from]! + ack,
      flags: flags | (more.flags ?? 0),
      payload: Array.from({ length: payload }, () => 0x61),
    },
    source,
    destination,
  );
  if (v6) return ipv6(TCP, segment);
  const ttl = odd === 'hops' ? 63 : 64;
  const packet = ipv4(TCP, segment, { source: source!, destination: destination!, id: index & 3, ttl });
  if (kind !== 'unreachable') return packet;
  return ipv4(1, [3, 1, ...u16(0), ...u32(0), ...packet], { source: [10, 9, 9, 9], destination: source! });
}

/** Everything that is told of the records, flows in the order in which they are handed on. */
function told(records: readonly RecordView[], options: AnalysisOptions): unknown {
  const flows: unknown[] = [];
  const rows: unknown[] = [];
  const analysis: Analysis = new Analysis({
    ...options,
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      analysis.across?.verdicts.take(row, cursor.judgement);
      const { kinds, findings } = cursor.judgement;
      expect(kinds.map(({ code, severity }) => [code, severity])).toEqual(
        findings.map(({ code, severity }) => [code, severity]),
      );
      flows.push(recordObject(FLOW_FIELDS, cursor));
      const flow = new FlowCase(cursor.context);
      flow.move(row);
      if (!isOnlyOpened(flow)) return;
      expect(judgeByRules(flow, RULES)).toEqual(judgeByRules(flow, OPENING));
      rows.push([...analysis.rows.i32.subarray(row, row + ROW_WORDS)].filter((_, word) => word !== FLOW.historyExtra));
    },
  });
  const cursor = new FlowCursor(analysis.flowContext(['a.pcap', 'b.pcap']));
  for (const one of records) analysis.take(one);
  analysis.end();
  const { across, baseSeconds, msl, tracker, start, latest } = analysis;
  const { segments, copies, checksumsBad, checksumsForgiven } = tracker;
  const { lateSegments, flows: begun } = tracker.identity;
  const { peak, peakTime, peakFrame, current } = across!.backlog;
  return {
    flows,
    rows,
    findings: [...captureFindings(across!), ...acrossFindings(across!, { baseSeconds, wait: 2 * msl })],
    counts: { segments, lateSegments, copies, checksumsBad, checksumsForgiven, begun },
    backlog: { peak, peakTime, peakFrame, current },
    late: tracker.tombstones.late(10),
    clock: across!.clock.steps,
    times: [start, latest],
  };
}

function expectSame(list: readonly Step[], loneFrom: number, options: AnalysisOptions): void {
  const expected = told(recordsOf(list), { ...options, loneFrom: Number.POSITIVE_INFINITY });
  expect(told(recordsOf(list), { ...options, loneFrom })).toEqual(expected);
}

test('whether a flow has a row from its first segment on changes nothing', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 2), fc.boolean(), fc.boolean(), (list, loneFrom, idle, keepDuplicates) => {
      expectSame(list, loneFrom, { keepDuplicates, ...(idle ? { idleTimeout: 4 } : {}) });
    }),
    { numRuns: 30 },
  );
});

/** What is told of each segment, by the record's fields but for its line. */
function toldOfSegments(
  records: readonly RecordView[],
  options: AnalysisOptions,
): { segments: unknown[]; counted: number; lone: number; repeats: number } {
  const segments: unknown[] = [];
  let lone = 0;
  let repeats = 0;
  const analysis: Analysis = new Analysis({
    ...options,
    onSegment: (verdict, segment, result) => {
      if (result === WIRE.segment && verdict.row < 0 && verdict.late === 0) {
        lone++;
        repeats += verdict.repeats;
      }
      cursor.move(verdict, segment, result);
      const { transitions, transitionCount, states, notes } = verdict;
      segments.push([
        recordObject(SEGMENT_FIELDS, cursor),
        [...transitions.subarray(0, transitionCount)],
        states,
        notes,
      ]);
    },
  });
  const flow = new FlowCursor(analysis.flowContext(['a.pcap', 'b.pcap']));
  const cursor = new SegmentCursor(flow, analysis.tracker.verdict, new SegmentView(), () => {});
  for (const one of records) analysis.take(one);
  analysis.end();
  return { segments, counted: analysis.tracker.segments, lone, repeats };
}

test('each segment is told of alike, whether its flow has a row or none', () => {
  let lone = 0;
  fc.assert(
    fc.property(
      fc.oneof(steps, openings, floods, retries),
      fc.constantFrom(0, 2),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (list, loneFrom, idle, forRecords, across) => {
        const options = { forRecords, across, ...(idle ? { idleTimeout: 4 } : {}) };
        const told = toldOfSegments(recordsOf(list), { ...options, loneFrom });
        const expected = toldOfSegments(recordsOf(list), { ...options, loneFrom: Number.POSITIVE_INFINITY });
        expect(told.segments).toEqual(expected.segments);
        expect(told.counted).toBe(expected.counted);
        lone += told.lone;
      },
    ),
    { numRuns: 60 },
  );
  expect(lone).toBeGreaterThan(100);
});

test('what timers send again of an opening is told without a row', () => {
  const sent = (host: number, kind: Step['kind'], after: number): Step => ({ host, kind, after, v6: false, odd: 'no' });
  const list = [
    sent(0, 'syn', 0),
    ...[1e9, 2e9, 31e9].map((after) => sent(0, 'syn', after)),
    sent(5, 'syn', 0),
    sent(5, 'synAck', 3e4),
    ...[6e8, 3e9, 64e9].map((after) => sent(5, 'synAck', after)),
  ];
  const told = toldOfSegments(recordsOf(list), { loneFrom: 0 });
  expect(told).toMatchObject({ lone: list.length, repeats: 6 });
  expect(told.segments).toEqual(toldOfSegments(recordsOf(list), { loneFrom: Number.POSITIVE_INFINITY }).segments);
});

test('of a SYN whose number is the last before 0 it is not told that it was sent again, row or none', () => {
  // Host 15 begins with 0xffffffff.
  const syn = (after: number): Step => ({ host: 15, kind: 'syn', after, v6: false, odd: 'no' });
  const list = [syn(0), syn(1e9), syn(2e9)];
  const told = toldOfSegments(recordsOf(list), { loneFrom: 0 });
  expect(told.segments).toEqual(toldOfSegments(recordsOf(list), { loneFrom: Number.POSITIVE_INFINITY }).segments);
  expect(JSON.stringify(told.segments)).not.toContain('"retransmission"');
});

test("a mirror port's copies of segments with wrong checksums say nothing of their host, row or none", () => {
  const flow = { v6: false, odd: 'no', after: 0 } as const;
  const wrong = { ...flow, kind: 'synAck', odd: 'badChecksum' } as const;
  // Each SYN+ACK comes twice, four packets apart, so that both have the same identification.
  const mirrored = Array.from({ length: 10 }, (_, i) => [0, 1, 2, 3].map((j) => 10 + 4 * i + j)).flatMap((hosts) => [
    ...hosts.map((host): Step => ({ ...flow, host, kind: 'syn' })),
    ...[...hosts, ...hosts].map((host): Step => ({ ...wrong, host })),
  ]);
  const list: Step[] = [
    ...mirrored,
    ...[90, 91].map((host): Step => ({ ...flow, host, kind: 'syn' })),
    { ...flow, host: 90, kind: 'synAck' },
    { ...wrong, host: 91 },
  ];
  const { counts } = told(recordsOf(list), { loneFrom: Number.POSITIVE_INFINITY }) as { counts: object };
  expect(counts).toMatchObject({ copies: 40, checksumsForgiven: 40, checksumsBad: 1 });
  expectSame(list, 0, {});
});

test("a row that is a copy of another opening's is what its own segments would have made", () => {
  fc.assert(
    fc.property(openings, fc.boolean(), (list, idle) => {
      expectSame(list, 0, idle ? { idleTimeout: 4 } : {});
    }),
    { numRuns: 30 },
  );
});

/** What a report tells of the records' flows, the first three by name; and of how many flows alone that they were alike. */
function reported(records: readonly RecordView[], loneFrom: number): { told: unknown; alike: number } {
  const summary = new FlowSummary('worst', 3);
  let alike = 0;
  const analysis: Analysis = new Analysis({
    loneFrom,
    forRecords: false,
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      analysis.across?.verdicts.take(row, cursor.judgement);
      summary.add(cursor);
    },
    onAlike: (place) => {
      const { openings } = analysis.tracker.table;
      if (!cursor.judge.isAlike(openings, place) || !summary.addAlike(openings, place)) return false;
      alike++;
      return true;
    },
  });
  const cursor = new FlowCursor(analysis.flowContext(['a.pcap', 'b.pcap']));
  for (const one of records) analysis.take(one);
  analysis.end();
  const { across, baseSeconds, msl, tracker } = analysis;
  const { flows, packets, bytes, retransmissions, outcomes, patterns, initiators, services, first } = summary;
  const shown = JSON.stringify({ findings: summary.findings(), services, first: first.inOrder() });
  return {
    alike,
    told: {
      counts: { flows, packets, bytes, retransmissions, outcomes, patterns, initiators, segments: tracker.segments },
      shown,
      episodes: across!.backlog.episodes,
      heard: across!.vanished.heard.filter((time) => time > Number.NEGATIVE_INFINITY),
      census: [across!.census.flows, across!.census.synsOnly, across!.census.bothWays],
      findings: [...captureFindings(across!), ...acrossFindings(across!, { baseSeconds, wait: 2 * msl })],
    },
  };
}

test('a report is the same when openings that are like the flow before are only counted', () => {
  let alike = 0;
  fc.assert(
    fc.property(fc.oneof(floods, floods, openings, steps), fc.constantFrom(0, 2), (list, loneFrom) => {
      const lone = reported(recordsOf(list), loneFrom);
      expect(lone.told).toEqual(reported(recordsOf(list), Number.POSITIVE_INFINITY).told);
      alike += lone.alike;
    }),
    { numRuns: 60 },
  );
  expect(alike).toBeGreaterThan(50);
});

/** What one flow among many alike may have of its own: `late`, so many segments until its answer comes; `next`, what follows. */
const OWN: Readonly<Record<string, Partial<Step> & { readonly late?: number; readonly next?: Step['kind'] }>> = {
  nothing: {},
  'a slow answer': { late: 30 },
  'another server': { server: [10, 0, 0, 2] },
  'another port of the server': { port: 81 },
  'a client below its server': { server: [10, 0, 9, 9] },
  IPv6: { v6: true },
  'other options': { odd: 'timestamps' },
  'no window': { odd: 'zeroWindow' },
  'another hop': { odd: 'hops' },
  'a row from the start, and another server': { odd: 'congestion', server: [10, 0, 0, 2] },
  'an answer sent again': { next: 'synAck' },
  'an ACK': { next: 'ack' },
  'a reset': { next: 'reset' },
};

test.for(Object.entries(OWN))(
  'a flood is reported by counting most of it, though one flow has %s',
  ([, own], { expect }) => {
    const { late = 0, next, ...rest } = own;
    const usual = { v6: false, odd: 'options', after: 4e7 } as const;
    const opening = (i: number): Step[] => {
      const syn = { ...usual, ...(i === 30 ? rest : {}), host: 6 + i, kind: 'syn' } as const;
      return [syn, { ...syn, kind: 'synAck' }];
    };
    const flood = Array.from({ length: 140 }, (_, i) => opening(i)).flat();
    const [answer] = flood.splice(61, 1);
    flood.splice(61 + late, 0, answer!, ...(next === undefined ? [] : [{ ...answer!, kind: next }]));
    for (const wait of [0, 2.9e9, 4e9, 64e9, 200_000e9]) {
      const list = [...flood, { ...usual, after: wait, host: 0, kind: 'syn' } as const];
      const lone = reported(recordsOf(list), 0);
      expect(lone.told).toEqual(reported(recordsOf(list), Number.POSITIVE_INFINITY).told);
      if (wait === 4e9 || wait === 64e9) expect(lone.alike).toBeGreaterThan(50);
    }
  },
);

test('a flow with a row that lies among openings is none that they are like', () => {
  const usual = { v6: false, odd: 'options', after: 1e6 } as const;
  const opening = (host: number, own: Partial<Step> = {}): Step[] => [
    { ...usual, ...own, host, kind: 'syn' },
    { ...usual, ...own, host, kind: 'synAck' },
  ];
  const openings = (from: number): Step[] => Array.from({ length: 20 }, (_, i) => opening(from + i)).flat();
  // One row is allowed: the first flow has it until it is reset, then the one to another server.
  const list: Step[] = [
    ...opening(6),
    { ...usual, host: 6, kind: 'ack' },
    ...openings(10),
    { ...usual, host: 6, kind: 'reset' },
    ...opening(40, { server: [10, 0, 0, 2] }),
    ...openings(50),
    { ...usual, host: 0, kind: 'syn', after: 4e9 },
  ];
  const lone = reported(recordsOf(list), 1);
  expect(lone.told).toEqual(reported(recordsOf(list), Number.POSITIVE_INFINITY).told);
  expect(lone.alike).toBeGreaterThan(20);
});

test.for([
  ['flows', {}],
  ['segments, too', { onSegment: () => {} }],
] as const)('a flood takes no rows while it lasts, its SYN+ACKs sent again or not, told of its %s', ([, options]) => {
  const flows = 17_000;
  const repeats = 3;
  const numbers: number[] = [];
  const analysis: Analysis = new Analysis({
    wire: { verifyChecksums: false },
    onFlow: (row) => {
      const { i32 } = analysis.rows;
      if (i32[row + FLOW.synAckFrame] !== i32[row + FLOW.synFrame]! + 1) return;
      if (i32[row + FLOW.synAckRetransmissions] === (isRepeated(i32[row + FLOW.number]!) ? repeats : 0))
        numbers.push(i32[row + FLOW.number]!);
    },
    loneFrom: 10,
    ...options,
  });
  const isRepeated = (number: number): boolean => number % 3 === 0;
  let frame = 0;
  const server: Octets = [10, 0, 0, 1];
  const client: Octets = [0, 0, 0, 0];
  const syn = record(ipv4(TCP, tcp({ flags: SYN, ack: 0 }), { destination: server }), { linkType: RAW });
  const synAck = record(ipv4(TCP, tcp({ flags: SYN | ACK }), { source: server, destination: client }), {
    linkType: RAW,
  });
  for (let i = 0; i < flows; i++) {
    // Where addresses, ports and numbers stand in a datagram without options.
    syn.view.setUint32(syn.at + 12, i << 8);
    syn.view.setUint16(syn.at + 20, 1024 + i);
    syn.view.setUint32(syn.at + 24, i * 999);
    synAck.view.setUint32(synAck.at + 16, i << 8);
    synAck.view.setUint16(synAck.at + 20, 80);
    synAck.view.setUint16(synAck.at + 22, 1024 + i);
    synAck.view.setUint32(synAck.at + 28, i * 999 + 1);
    const again = Array.from({ length: isRepeated(i + 1) ? repeats : 0 }, () => synAck);
    [syn, synAck, ...again].forEach((one, turn) => {
      one.frame = one.fileFrame = ++frame;
      one.seconds = 1_700_000_000 + turn;
      analysis.take(one);
    });
  }
  expect([analysis.rows.used, analysis.tracker.table.openings.count]).toEqual([10, flows - 10]);
  analysis.end();
  expect(numbers).toEqual(Array.from({ length: flows }, (_, i) => i + 1));
});

test('a flood that never ends takes no more and more memory: openings that were silent for three minutes are handed on', () => {
  const flows = 270_000;
  let handedOn = 0;
  const analysis: Analysis = new Analysis({ wire: { verifyChecksums: false }, onFlow: () => handedOn++, loneFrom: 10 });
  const syn = record(ipv4(TCP, tcp({ flags: SYN, ack: 0 })), { linkType: RAW });
  const take = (number: number, second: number): void => {
    syn.view.setUint32(syn.at + 12, number << 4);
    syn.frame = syn.fileFrame = number;
    syn.seconds = 1_700_000_000 + second;
    analysis.take(syn);
  };
  const { openings } = analysis.tracker.table;
  for (let i = 1; i <= flows; i++) take(i, i & 127);
  expect([handedOn, openings.count]).toEqual([0, flows - 10]);
  for (let i = 1; i <= 1000; i++) take(flows + i, 200);
  const early = Array.from({ length: flows }, (_, i) => (i + 1) & 127).filter((second, i) => i >= 10 && second < 20);
  expect([handedOn, openings.count]).toEqual([early.length, flows + 990 - early.length]);
  expect(analysis.tracker.identity.flows).toBe(flows + 1000);
  analysis.end();
  expect(handedOn).toBe(flows + 1000);
});

test('handing openings on takes nothing from what is told of the segment at which that happens', () => {
  const steps = Array.from({ length: 255 }, (_, host): Step => {
    return { after: host === 254 ? 9e9 : 0, host, v6: false, kind: 'syn', odd: 'no' };
  });
  const analysis = new Analysis({ loneFrom: 0, idleTimeout: 4 });
  const answer: Step = { after: 1e6, host: 254, v6: false, kind: 'synAck', odd: 'no' };
  for (const one of recordsOf([...steps, answer])) analysis.take(one);
  expect(analysis.tracker.table.openings.count).toBe(1);
  expect(analysis.across!.backlog).toMatchObject({ current: 1, peak: 1, peakFrame: 256 });
});
