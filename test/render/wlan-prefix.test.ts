import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TcpdumpLine } from '../../src/render/tcpdump.ts';
import { WindumpLine } from '../../src/render/windump.ts';
import { hex, IPV4, ipv4, type Octets, TCP, tcp, u16, u32 } from '../wire/octets.ts';
import { type Frame, linesOf } from './lines.ts';

const PRISM = 119;
const RADIOTAP = 127;
const AVS = 163;
const PPI = 192;

const SEGMENT = tcp({ flags: 2, seq: 1000, window: 512 });
const WLAN = hex('0801 0000 020000000001 020000000002 020000000003 0000');
const QOS_WLAN = hex('8801 0000 020000000001 020000000002 020000000003 0000 0000');
const LINE = 'IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, win 512, length 0';
/** The time of a record that says nothing of it. */
const TIME = '22:13:20.123456 ';

/** 802.11, LLC with SNAP, IPv4, TCP. */
const FRAME = wireless(IPV4, ipv4(TCP, SEGMENT));

function wireless(type: number, payload: Octets, header: Octets = WLAN): Octets {
  return [...header, ...hex('aaaa03 000000'), ...u16(type), ...payload];
}

function line(linkType: number, octets: Octets): string {
  return linesOf(new TcpdumpLine(), [{ octets, linkType }])[0]!.slice(TIME.length);
}

// Headers of radiotap, and what tcpdump 4.99.3 prints of them.
describe('the fields of radiotap', () => {
  // biome-ignore format: a table
  test.each([
    ['none', '00000800 00000000', ''],
    ['the time', '00001000 01000000 0807060504030201', '72623859790382856us tsft '],
    ['all flags but those about the frame', '00000900 02000000 4f', 'cfp short preamble wep fragmented bad-fcs '],
    ['a rate', '00000900 04000000 0b', '5.5 Mb/s '],
    ['an MCS in the place of a rate', '00000900 04000000 87', 'MCS 7 '],
    ['a channel of 802.11b', '00000c00 08000000 6c09a000', '2412 MHz 11b '],
    ['a channel of two', '00000c00 08000000 6c09d081', '2412 MHz 11a/5Mhz 11g/5Mhz Turbo '],
    ['half a channel', '00000c00 08000000 3c144041', '5180 MHz 11a/10Mhz '],
    ['a quarter of one', '00000c00 08000000 6c098084', '2412 MHz 11g/5Mhz '],
    ['a channel that hops', '00000c00 08000000 6c098008', '2412 MHz FHSS '],
    ['how it hops, signal, noise', '00000c00 70000000 0304d8a1', 'fhset 3 fhpat 4 -40dBm signal -95dBm noise '],
    ['quality, power, antenna', '00001400 807f0000 2a000300051001280c000100', '42 sq -3 tx power -5dB tx attenuation 16dBm tx power antenna 1 40dB signal 12dB noise '],
    ['a wide channel, which hides the other', '00001400 08000400 6c09a000400102003c142411', '5180 MHz 11a ht/40+ '],
    ['a channel beside an MCS', '00000f00 08000800 6c09c000020007', '2412 MHz 11n MCS 7 '],
    ['all of an MCS', '00000b00 00000800 3f350f', '300.0 Mb/s MCS 15 40 MHz short GI mixed LDPC FEC RX-STBC1 '],
    ['an MCS without a rate', '00000b00 00000800 070020', 'MCS 32 20 MHz long GI '],
    ['an MCS of unequal streams', '00000b00 00000800 07054c', '495.0 Mb/s MCS 76 40 MHz short GI '],
    ['two users of 802.11ac', '00001400 00002000 440004041a23000002000000', 'User 0 MCS 1 BCC FEC User 1 MCS 2 LDPC FEC 80 MHz short GI '],
    ['a bandwidth that nobody knows', '00001400 00002000 4000001a0000000000000000', 'unknown (26) '],
    ['RX flags and A-MPDU, which have no text', '00001400 00401000 000000000000000000000000', ''],
    ['one that it does not know, where it stops', '00000d00 20800800 d800000207', '-40dBm signal [bit 15] '],
    ['a second bitmap for an antenna', '00000f00 200000a0 20080000 d8d601', '-40dBm signal -42dBm signal antenna 1 '],
    ['a second bitmap of further fields', '00000d00 20000080 01000000 d8', '-40dBm signal [bit 32] '],
    ["those of a vendor in the midst of radiotap's", '00001b00 200000c0 060000a0 40000000 d800 001122330200 ffff a1', '-40dBm signal -95dBm noise '],
    ['a header that ends before them', '00000a00 2c000000 0200', '1.0 Mb/s  [|802.11_radio]'],
    ["a header that ends before a vendor's", '00000800 00000040', ' [|802.11_radio]'],
  ])('%s', (_, header, text) => {
    expect(line(RADIOTAP, [...hex(header), ...FRAME])).toBe(`${text}${LINE}`);
  });

  test('are the same in the style of WinDump', () => {
    const octets = [...hex('00000900 04000000 0b'), ...FRAME];
    const [printed] = linesOf(new WindumpLine(), [{ octets, linkType: RADIOTAP }]);
    expect(printed).toBe(`${TIME}5.5 Mb/s IP 10.0.0.1.40000 > 10.0.0.2.80: S 1000:1000(0) win 512`);
  });

  test('of any octets make a line, cut anywhere', () => {
    const header = fc.uint8Array({ maxLength: 60 }).map((fields) => [0, 0, ...u16le(fields.length + 4), ...fields]);
    fc.assert(
      fc.property(header, fc.nat(140), (octets, kept) => {
        const frame: Frame = { octets: [...octets, ...FRAME].slice(0, kept), linkType: RADIOTAP, originalLength: 200 };
        expect(linesOf(new TcpdumpLine(), [frame])[0]).toMatch(/^22:13:20\.123456 /);
      }),
      { numRuns: 3000 },
    );
  });

  test('a header whose bitmaps go beyond it has no text', () => {
    expect(line(RADIOTAP, [...hex('00000800 04000080'), ...FRAME])).toBe(LINE);
  });
});

describe('behind radiotap', () => {
  test('a check sequence is no part of the packet', () => {
    const header = hex('00000900 02000000 10');
    expect(line(RADIOTAP, [...header, ...FRAME, 1, 2, 3, 4])).toBe(LINE);
    expect(line(RADIOTAP, [...header, ...FRAME])).toBe(
      'IP truncated-ip - 4 bytes missing! 10.0.0.1.40000 > 10.0.0.2.80:  [|tcp]',
    );
  });

  test('the header of 802.11 may be padded', () => {
    const padded = wireless(IPV4, ipv4(TCP, SEGMENT), [...QOS_WLAN, 0, 0]);
    expect(line(RADIOTAP, [...hex('00000900 02000000 20'), ...padded])).toBe(LINE);
  });

  test('what stands around the packet is told', () => {
    const inner = ipv4(TCP, SEGMENT);
    const header = hex('00000900 20000000 d8');
    const tunnel = wireless(IPV4, ipv4(4, inner), QOS_WLAN);
    expect(line(RADIOTAP, [...header, ...tunnel])).toBe(`-40dBm signal IP 10.0.0.1 > 10.0.0.2: ${LINE}`);
    const labelled = wireless(0x8847, [...u32(0x00064140), ...inner]);
    expect(line(RADIOTAP, [...header, ...labelled])).toBe(`-40dBm signal MPLS (label 100, tc 0, [S], ttl 64) ${LINE}`);
  });
});

describe('other radio headers have no text', () => {
  test.each<[string, number, Octets]>([
    ['Prism', PRISM, Array<number>(144).fill(7)],
    ['AVS', AVS, [...hex('80211001 00000040'), ...Array<number>(56).fill(7)]],
    ['AVS as Prism', PRISM, [...hex('80211001 00000040'), ...Array<number>(56).fill(7)]],
    ['PPI', PPI, hex('00000c00 69000000 05000000')],
  ])('%s', (_, linkType, header) => {
    expect(line(linkType, [...header, ...FRAME])).toBe(LINE);
  });

  test('PPI may be around radiotap', () => {
    const header = hex('00000800 7f000000 00000900 20000000 d8');
    expect(line(PPI, [...header, ...FRAME])).toBe(`-40dBm signal ${LINE}`);
  });

  test('PPI around PPI is followed for a while only, and then the packet is told alone', () => {
    const header = Array.from({ length: 40 }, () => hex('00000800 c0000000')).flat();
    const radiotap = hex('00000800 7f000000 00000900 20000000 d8');
    expect(line(PPI, [...header, ...radiotap, ...FRAME])).toBe(LINE);
  });
});

function u16le(value: number): Octets {
  return [value & 255, value >> 8];
}
