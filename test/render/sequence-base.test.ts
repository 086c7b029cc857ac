import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceBases } from '../../src/render/sequence-base.ts';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import type { SegmentView } from '../../src/wire/segment.ts';
import { decode, ethernet, IPV4, IPV6, ipv4, ipv6, TCP, tcp } from '../wire/octets.ts';

const decoder = new SegmentDecoder({ verifyChecksums: false });

/** A segment between two of a few hosts; `host` and `peer` are their last octets. */
function segment(host: number, peer: number, sourcePort: number, destinationPort: number, six = false): SegmentView {
  const octets = tcp({ sourcePort, destinationPort });
  if (!six)
    return decode(
      decoder,
      ethernet(IPV4, ipv4(TCP, octets, { source: [10, 0, 0, host], destination: [10, 0, 0, peer] })),
    ).segment;
  const packet = [...ipv6(TCP, octets)];
  packet[23] = host;
  packet[39] = peer;
  return decode(decoder, ethernet(IPV6, packet)).segment;
}

test('a table and a plain map of tuples agree, however many tuples there are', () => {
  const look = fc.record({
    host: fc.nat(2),
    peer: fc.nat(2),
    sourcePort: fc.nat(40),
    destinationPort: fc.nat(40),
    six: fc.boolean(),
    syn: fc.nat(9).map((value) => value === 0),
    seq: fc.integer(),
    ack: fc.integer(),
  });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 600, size: 'max' }), (looks) => {
      const bases = new SequenceBases();
      const model = new Map<string, Map<string, number>>();
      for (const { host, peer, sourcePort, destinationPort, six, syn, seq, ack } of looks) {
        const ends = [`${host}:${sourcePort}`, `${peer}:${destinationPort}`] as const;
        const key = `${six}${[...ends].sort().join()}`;
        const view = segment(host, peer, sourcePort, destinationPort, six);
        const relative = bases.look(view, seq, ack, syn);
        if (ends[0] === ends[1]) continue; // a segment to its own sender: both ends are one
        const known = model.get(key);
        expect(relative).toBe(known !== undefined && !syn);
        if (!relative)
          model.set(
            key,
            new Map([
              [ends[0], seq],
              [ends[1], (ack - 1) | 0],
            ]),
          );
        expect(bases.seqBase).toBe(model.get(key)!.get(ends[0]));
        expect(bases.ackBase).toBe(model.get(key)!.get(ends[1]));
      }
    }),
    { numRuns: 60 },
  );
});

test('a tuple is remembered until a full generation of others was met since its last segment', () => {
  const limit = 300;
  const bases = new SequenceBases(limit);
  const kept = segment(1, 2, 40_000, 80);
  const idle = segment(1, 2, 40_001, 80);
  bases.look(kept, 7, 9, false);
  bases.look(idle, 7, 9, false);
  for (let port = 0; port < 10 * limit; port++) {
    bases.look(segment(3, 4, port, 50_000), port, 0, false);
    if (port % 200 === 0) expect(bases.look(kept, 100, 100, false)).toBe(true);
  }
  expect([bases.look(kept, 100, 100, false), bases.seqBase, bases.ackBase]).toEqual([true, 7, 8]);
  expect(bases.look(idle, 100, 100, false)).toBe(false);
});

test('what was found of a tuple holds for as long as the epoch is the same', () => {
  const looks = fc.array(fc.record({ port: fc.nat(900), seq: fc.integer(), ack: fc.integer() }), {
    maxLength: 3000,
    size: 'max',
  });
  fc.assert(
    fc.property(looks, (segments) => {
      const bases = new SequenceBases(300);
      const found = new Map<number, readonly [epoch: number, seqBase: number, ackBase: number]>();
      let kept = 0;
      for (const { port, seq, ack } of segments) {
        const [epoch, ...before] = found.get(port) ?? [0, 0, 0];
        const valid = epoch === bases.epoch;
        bases.look(segment(1, 2, port, 1000), seq, ack, false);
        if (valid) expect([bases.seqBase, bases.ackBase]).toEqual(before);
        if (valid) kept++;
        found.set(port, [bases.epoch, bases.seqBase, bases.ackBase]);
      }
      return kept > 0 || segments.length < 300;
    }),
    { numRuns: 20 },
  );
});
