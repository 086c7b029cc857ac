import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LineOptions, LineWriter } from '../../src/render/line.ts';
import { TcpOptions } from '../../src/render/tcp-options.ts';
import { TcpdumpLine } from '../../src/render/tcpdump.ts';
import { WindumpLine } from '../../src/render/windump.ts';
import { ethernet, hex, IPV4, ipv4, type Octets, TCP, tcp } from '../wire/octets.ts';
import { type Frame, linesOf } from './lines.ts';

const VLAN = 0x8100;
const SYN = 2;
const ACK = 16;

const STYLES: readonly (readonly [string, (options: LineOptions) => LineWriter])[] = [
  ['tcpdump', (options) => new TcpdumpLine(options)],
  ['WinDump', (options) => new WindumpLine(options)],
];

/** Segments between some hosts: few ports, so that they meet again, or many, so that what is kept of them moves. */
const frames = fc.constantFrom(3, 400).chain((ports) =>
  fc.array(
    fc
      .record({
        host: fc.nat(2),
        peer: fc.nat(2),
        sourcePort: fc.nat(ports),
        destinationPort: fc.nat(2),
        flags: fc.oneof(fc.constantFrom(ACK, ACK | 8, SYN, SYN | ACK), fc.nat(255)),
        seq: fc.oneof(fc.nat(20_000), fc.integer()),
        ack: fc.integer(),
        window: fc.nat(0xffff),
        payload: fc.nat(12),
        options: fc.constantFrom('', '0101080a0000000500000007', '0101050a0000000a00000014', '020405b4'),
        // tcpdump prints no line for these, and their numbers count for nothing.
        unprinted: fc.nat(30),
        // With a VLAN tag, nothing of a line is kept; but the numbers are those of the same ends without one.
        tagged: fc.nat(8),
        answers: fc.boolean(),
      })
      .map(({ host, peer, payload, options, unprinted, tagged, answers, ...fields }): Frame => {
        const { sourcePort, destinationPort } = fields;
        const ports = answers ? { sourcePort: destinationPort, destinationPort: sourcePort } : {};
        const segment = tcp({ ...fields, ...ports, options: hex(options), payload: Array<number>(payload).fill(0) });
        const [from, to] = answers ? [peer, host] : [host, peer];
        const ends = { source: [10, 0, 0, from], destination: [10, 0, 0, to] };
        const packet = ipv4(TCP, segment, unprinted === 0 ? { ...ends, totalLength: 0 } : ends);
        const octets = tagged === 0 ? ethernet(VLAN, [0, 5, 8, 0, ...packet]) : ethernet(IPV4, packet);
        return unprinted === 1 ? { octets, originalLength: octets.length - 1 } : { octets };
      }),
    { maxLength: 900, size: 'max' },
  ),
);

test.each(STYLES)('lines in the style of %s are the same whether or not their ends were met lately', (_, style) => {
  fc.assert(
    fc.property(frames, fc.boolean(), (captured, absoluteSequence) => {
      // With names, be there one or not, nothing of the ends is kept.
      const unkept = linesOf(style({ absoluteSequence, names: { name: () => undefined } }), captured);
      const lines = linesOf(style({ absoluteSequence }), captured);
      expect(lines.map(withoutMissing)).toEqual(unkept.map(withoutMissing));
    }),
    { numRuns: 60 },
  );
});

/** What is said of a frame that tcpdump does not print is nobody's concern. */
function withoutMissing(line: string): string {
  return line.replace('truncated-ip - 1 bytes missing! ', '');
}

test('the options of a usual SYN are written as any others', () => {
  const usual = hex('020405b4 0402080a a1b2c3d4 00000000 01030307');
  const changes = fc.array(fc.tuple(fc.nat(19), fc.constantFrom(0, 1, 2, 3, 4, 8, 10, 200, 255)), { maxLength: 2 });
  fc.assert(
    fc.property(changes, fc.nat(20), (changed, cut) => {
      const options = [...usual];
      for (const [at, octet] of changed) options[at] = octet;
      const packet = ethernet(IPV4, ipv4(TCP, tcp({ flags: SYN, options })));
      const octets = cut > 9 ? packet : packet.slice(0, packet.length - cut);
      const [line] = linesOf(new TcpdumpLine(), [{ octets, originalLength: packet.length }]);
      expect(line).toContain(`, options [${optionsOf(options, options.length - (packet.length - octets.length))}`);
    }),
    { numRuns: 500 },
  );
});

/** The options as they are printed one by one; of them, `kept` octets were. */
function optionsOf(options: Octets, kept: number): string {
  const writer = new TcpOptions();
  const octets = Uint8Array.from(options);
  const view = new DataView(octets.buffer);
  const to = new Uint8Array(2048);
  const whole = writer.write(new DataView(to.buffer), 0, octets, view, 0, options.length, kept, 0, SYN);
  return new TextDecoder().decode(to.subarray(0, writer.at)) + (whole ? '], length 0' : '');
}
