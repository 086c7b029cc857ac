import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LineOptions, TcpdumpLine } from '../../src/render/tcpdump.ts';
// biome-ignore format: one line
import { CLIENT6, ethernet, hex, IPV4, IPV6, ipv4, ipv6, type Octets, SERVER6, TCP, type TcpFields, tcp, u16, u32, udp } from '../wire/octets.ts';
import { type Frame, linesOf } from './lines.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
const URG = 32;

/** Lines without their times. */
function lines(frames: readonly Frame[], options: LineOptions = {}): string[] {
  return linesOf(new TcpdumpLine({ timeStyle: 1, ...options }), frames);
}

function packet(fields: TcpFields): Octets {
  return ethernet(IPV4, ipv4(TCP, tcp({ seq: 1000, ack: 500, window: 100, ...fields })));
}

function reply(fields: TcpFields): Octets {
  const ports = { sourcePort: 80, destinationPort: 40000 };
  const turned = { source: [10, 0, 0, 2], destination: [10, 0, 0, 1] };
  return ethernet(IPV4, ipv4(TCP, tcp({ window: 100, ...ports, ...fields }), turned));
}

/** The options as they are printed for a segment that holds them alone, filled up with NOP. */
function optionsOf(octets: Octets, flags = ACK): string {
  const padded = [...octets, ...Array<number>((4 - (octets.length % 4)) % 4).fill(1)];
  const [line] = lines([packet({ flags, options: padded })]);
  return line!.slice(line!.indexOf('options'));
}

const ENDS = 'IP 10.0.0.1.40000 > 10.0.0.2.80: ';

describe('flags', () => {
  test('each has a letter, in the order of their bits', () => {
    expect(lines([packet({ flags: 0xff })])).toEqual([
      `${ENDS}Flags [FSRP.UEW], seq 1000, ack 500, win 100, urg 0, length 0`,
    ]);
  });

  test('without any there is "none", and accurate ECN has no letter', () => {
    expect(lines([packet({ flags: 0 })])).toEqual([`${ENDS}Flags [none], win 100, length 0`]);
    expect(lines([packet({ flags: 0x100 | ACK })])).toEqual([`${ENDS}Flags [.], ack 500, win 100, length 0`]);
  });

  test('an urgent pointer is told with URG', () => {
    expect(lines([packet({ flags: URG })])).toEqual([`${ENDS}Flags [U], win 100, urg 0, length 0`]);
  });
});

describe('sequence numbers', () => {
  test('are relative to the first segment with ACK of both directions', () => {
    expect(
      lines([
        packet({ flags: SYN, ack: 0 }),
        reply({ flags: SYN | ACK, seq: 0xffffffff, ack: 1001 }),
        packet({ flags: ACK, seq: 1001, ack: 0 }),
        packet({ flags: PSH | ACK, seq: 1001, ack: 0, payload: [1, 2, 3] }),
        reply({ flags: FIN | ACK, seq: 0, ack: 1004 }),
      ]).map((line) => line.slice(line.indexOf('Flags'))),
    ).toEqual([
      'Flags [S], seq 1000, win 100, length 0',
      'Flags [S.], seq 4294967295, ack 1001, win 100, length 0',
      'Flags [.], ack 1, win 100, length 0',
      'Flags [P.], seq 1:4, ack 1, win 100, length 3',
      'Flags [F.], seq 1, ack 4, win 100, length 0',
    ]);
  });

  test('begin anew at a SYN with ACK on the same addresses and ports, whatever the flow', () => {
    const frames = [
      packet({}),
      packet({ seq: 1010 }),
      reply({ flags: SYN | ACK, seq: 7, ack: 9 }),
      packet({ seq: 9, ack: 8 }),
    ];
    expect(lines(frames).map((line) => line.slice(line.indexOf('Flags')))).toEqual([
      'Flags [.], ack 500, win 100, length 0',
      'Flags [.], ack 1, win 100, length 0',
      'Flags [S.], seq 7, ack 9, win 100, length 0',
      'Flags [.], ack 1, win 100, length 0',
    ]);
  });

  test('stay as they are without ACK, and with -S', () => {
    expect(lines([packet({}), packet({ flags: RST, seq: 1001 })])[1]).toBe(
      `${ENDS}Flags [R], seq 1001, win 100, length 0`,
    );
    expect(lines([packet({}), packet({ seq: 1001, payload: [0] })], { absoluteSequence: true })[1]).toBe(
      `${ENDS}Flags [.], seq 1001:1002, ack 500, win 100, length 1`,
    );
  });

  test('a packet that tcpdump has no line for sets no base', () => {
    const offloaded = ethernet(IPV4, ipv4(TCP, tcp({ seq: 1000, ack: 500, window: 100 }), { totalLength: 0 }));
    expect(lines([offloaded, packet({ seq: 2000, payload: [0] })])).toEqual([
      `${ENDS}Flags [.], ack 500, win 100, length 0`,
      `${ENDS}Flags [.], seq 2000:2001, ack 500, win 100, length 1`,
    ]);
  });
});

describe('options', () => {
  // What tcpdump 4.99.3 prints for these octets.
  test.each([
    ['020405b4', 'options [mss 1460], length 0'],
    ['030307', 'options [wscale 7,nop], length 0'],
    ['0402', 'options [sackOK,nop,nop], length 0'],
    ['080affffffff00000001', 'options [TS val 4294967295 ecr 1,nop,nop], length 0'],
    ['00000000', 'options [eol], length 0'],
    ['050900000000000000', 'options [sack invalid sack,nop,nop,nop], length 0'],
    ['060600000007', 'options [echo 7,nop,nop], length 0'],
    ['0b0600000007', 'options [cc 7,nop,nop], length 0'],
    ['0d0600000007', 'options [ 7,nop,nop], length 0'],
    ['14040102', 'options [scps cap 01 id 2], length 0'],
    ['1c048005', 'options [uto 0x8005 983160], length 0'],
    ['1d09010203000000', 'options [[bad opt]'],
    ['1d0601020304', 'options [tcp-ao keyid 1 rnextkeyid 2 mac 0x0304,nop,nop], length 0'],
    ['1d0301', 'options [tcp-ao (invalid),nop], length 0'],
    ['2202', 'options [tfo  cookiereq,nop,nop], length 0'],
    ['220661626364', 'options [tfo  cookie 61626364,nop,nop], length 0'],
    ['2205616263', 'options [tfo  (invalid),nop,nop,nop], length 0'],
    ['fe04f989', 'options [exp-tfo cookiereq], length 0'],
    ['fe08f98961626364', 'options [exp-tfo cookie 61626364], length 0'],
    ['fe041234', 'options [exp-1234], length 0'],
    ['6305616263', 'options [unknown-99 0x616263,nop,nop,nop], length 0'],
    ['6302', 'options [unknown-99,nop,nop], length 0'],
    ['0206 05b4 0000', 'options [mss 1460[len 6],eol], length 0'],
    ['0101 6300', 'options [nop,nop,[bad opt]]'],
    ['080600000001', 'options [TS[bad opt]'],
    [
      '1312 000102030405060708090a0b0c0d0e0f',
      "options [md5 shared secret not supplied with -M, can't check - 000102030405060708090a0b0c0d0e0f,nop,nop], length 0",
    ],
  ])('%s', (digits, text) => {
    expect(optionsOf(hex(digits))).toBe(text);
  });

  test('SACK edges are relative, even in the segment that sets the base', () => {
    const sack = [5, 18, ...u32(500), ...u32(600), ...u32(700), ...u32(800), 1, 1];
    const text = 'options [sack 2 {1:101}{201:301},nop,nop], length 0';
    const [first, second] = lines([packet({ options: sack }), packet({ options: sack })]);
    expect(first!.slice(first!.indexOf('options'))).toBe(text);
    expect(second!.slice(second!.indexOf('options'))).toBe(text);
  });

  test.each([
    ['1e0c 0081 0102030405060708', SYN, 'mptcp 12 capable v0 csum {0x102030405060708}'],
    ['1e04 0101', SYN, 'mptcp 4 capable v1'],
    ['1e0c 1105 0000000a 0000000b', SYN, 'mptcp 12 join backup id 5 token 0xa nonce 0xb'],
    ['1e10 1005 0000000000000001 0000000b', SYN | ACK, 'mptcp 16 join id 5 hmac 0x1 nonce 0xb'],
    ['1e08 2001 00000007', ACK, 'mptcp 8 dss ack 7'],
    [
      '1e18 2017 ffffffffffffffff 80000000 00000002 0003 0000 0004',
      ACK,
      'mptcp 24 dss fin ack 18446744073709551615 seq 2147483648 subseq 2 len 3 csum 0x0',
    ],
    ['1e0a 3002 c0a80001 0050', ACK, 'mptcp 10 add-addr v1 id 2 192.168.0.1:80'],
    ['1e05 4001 02', ACK, 'mptcp 5 rem-addr id 1 2'],
    ['1e04 5103', ACK, 'mptcp 4 prio backup id 3'],
    ['1e0c 6000 0000000000000009', ACK, 'mptcp 12 fail seq 9'],
    ['1e0c 7000 0000000000000009', ACK, 'mptcp 12 fast-close key 0x9'],
    ['1e04 8000', ACK, 'mptcp 4 unknown'],
  ])('multipath: %s', (digits, flags, text) => {
    expect(optionsOf(hex(digits), flags)).toContain(`options [${text}`);
  });

  test('cut by the capture end the line', () => {
    const whole = packet({ options: hex('0101080a0000000100000002') });
    const cut = (kept: number) => lines([{ octets: whole.slice(0, kept), originalLength: whole.length }])[0]!;
    expect(cut(whole.length - 1)).toBe(`${ENDS}Flags [.], ack 500, win 100, options [nop,nop,TS [|tcp]>`);
    expect(cut(whole.length - 10)).toBe(`${ENDS}Flags [.], ack 500, win 100, options [nop,nop, [|tcp]`);
  });

  test('of any octets make a line, cut anywhere, in either version of IP', () => {
    const property = fc.property(
      fc.uint8Array({ maxLength: 40, size: 'max' }),
      fc.nat(0x1ff),
      fc.nat(60),
      fc.boolean(),
      (octets, flags, cut, six) => {
        const options = [...octets.slice(0, octets.length & ~3)];
        const segment = tcp({ flags, options });
        const whole = six ? ethernet(IPV6, ipv6(TCP, segment)) : ethernet(IPV4, ipv4(TCP, segment));
        const kept = Math.max(whole.length - cut, 58);
        const [line] = lines([{ octets: whole.slice(0, kept), originalLength: whole.length }]);
        expect(line).toMatch(/^IP6? .*(, length 0|\[bad opt\]\]?| \[\|(mp)?tcp\]>?)$/);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});

describe('headers that are no headers', () => {
  test('less than the fixed header was kept', () => {
    const whole = packet({});
    expect(lines([{ octets: whole.slice(0, 14 + 20 + 8), originalLength: whole.length }])).toEqual([`${ENDS} [|tcp]`]);
  });

  test('a data offset that is too small, or past the packet', () => {
    expect(lines([packet({ dataOffset: 4, payload: [1, 2] })])).toEqual([
      `${ENDS} tcp 6 [bad hdr length 16 - too short, < 20]`,
    ]);
    expect(lines([packet({ dataOffset: 10 })])).toEqual([`${ENDS}Flags [.] [bad hdr length 40 - too long, > 20]`]);
  });

  test('a length beyond the frame', () => {
    const segment = tcp({ seq: 1000, ack: 500, window: 100 });
    expect(lines([ethernet(IPV4, ipv4(TCP, segment, { totalLength: 50 }))])).toEqual([
      'IP truncated-ip - 10 bytes missing! 10.0.0.1.40000 > 10.0.0.2.80: Flags [.], seq 1000:1010, ack 500, win 100, length 10',
    ]);
    expect(lines([ethernet(IPV6, ipv6(TCP, segment, 30))])).toEqual([
      'IP6 truncated-ip6 - 10 bytes missing!2001:db8::1.40000 > 2001:db8::2.80: Flags [.], seq 1000:1010, ack 500, win 100, length 10',
    ]);
  });

  test('the first fragment has its own length', () => {
    const segment = tcp({ seq: 1000, ack: 500, window: 100, payload: Array<number>(20).fill(7) });
    expect(lines([ethernet(IPV4, ipv4(TCP, segment.slice(0, 32), { fragment: 0x2000 }))])).toEqual([
      `${ENDS}Flags [.], seq 1000:1012, ack 500, win 100, length 12`,
    ]);
  });

  test('a first fragment that comes last has the same line, not that of the whole segment', () => {
    const segment = tcp({ seq: 1000, ack: 500, window: 100, payload: Array<number>(20).fill(7) });
    const first = ethernet(IPV4, ipv4(TCP, segment.slice(0, 32), { fragment: 0x2000 }));
    const last = ethernet(IPV4, ipv4(TCP, segment.slice(32), { fragment: 4 }));
    expect(lines([last, first])[1]).toBe(`${ENDS}Flags [.], seq 1000:1012, ack 500, win 100, length 12`);
    const tiny = ethernet(IPV4, ipv4(TCP, segment.slice(0, 8), { fragment: 0x2000 }));
    const rest = ethernet(IPV4, ipv4(TCP, segment.slice(8), { fragment: 1 }));
    expect(lines([rest, tiny])[1]).toBe(`${ENDS} [|tcp]`);
  });
});

describe('what stands around the segment', () => {
  const SEGMENT = tcp({ flags: SYN, seq: 1000, window: 100 });
  const INNER = ipv4(TCP, SEGMENT);
  const TAIL = 'Flags [S], seq 1000, win 100, length 0';
  const LINE = `${ENDS}${TAIL}`;
  const SIX = 'IP6 2001:db8::1 > 2001:db8::2: ';

  test.each<[string, Frame, string]>([
    ['a VLAN tag', ethernet(0x8100, [...u16(10), ...u16(IPV4), ...INNER]), LINE],
    [
      'MPLS',
      ethernet(0x8847, [...u32(0x00064040), ...u32(0x00c87f3f), ...INNER]),
      `MPLS (label 100, tc 0, ttl 64) (label 3207, tc 7, [S], ttl 63) ${LINE}`,
    ],
    [
      'MPLS in Cisco HDLC',
      { octets: [...u32(0x0f008847), ...u32(0x00012dfe), ...INNER], linkType: 104 },
      `MPLS (label 18, tc 6, [S], ttl 254) ${LINE}`,
    ],
    [
      'MPLS in Cisco HDLC on a serial line',
      { octets: [...u32(0x0f008847), ...u32(0x00012dfe), ...INNER], linkType: 50 },
      `MPLS (label 18, tc 6, [S], ttl 254) ${LINE}`,
    ],
    ['Cisco HDLC', { octets: [...u32(0x8f000800), ...INNER], linkType: 104 }, LINE],
    ['PPPoE', ethernet(0x8864, [0x11, 0, ...u16(7), ...u16(42), ...u16(0x21), ...INNER]), `PPPoE  [ses 0x7] ${LINE}`],
    ['IP in IP', ethernet(IPV4, ipv4(4, INNER)), `IP 10.0.0.1 > 10.0.0.2: ${LINE}`],
    ['IPv4 in IPv6', ethernet(IPV6, ipv6(4, INNER)), `${SIX}${LINE}`],
    [
      'GRE',
      ethernet(IPV4, ipv4(47, [...u16(0x3000), ...u16(IPV4), ...u32(9), ...u32(1), ...INNER])),
      `IP 10.0.0.1 > 10.0.0.2: GREv0, key=0x9, seq 1, length 52: ${LINE}`,
    ],
    [
      'Geneve',
      ethernet(IPV4, ipv4(17, udp(6081, [0, 0x40, ...u16(0x6558), ...u32(0x2a00), ...ethernet(IPV4, INNER)]))),
      `IP 10.0.0.1.50000 > 10.0.0.2.6081: Geneve, Flags [C], vni 0x2a: ${LINE}`,
    ],
    [
      'VXLAN',
      ethernet(IPV4, ipv4(17, udp(4789, [8, 0, 0, 0, ...u32(0x2a00), ...ethernet(IPV4, INNER)]))),
      `IP 10.0.0.1.50000 > 10.0.0.2.4789: VXLAN, flags [I] (0x08), vni 42 ${LINE}`,
    ],
    [
      'hop-by-hop options',
      ethernet(IPV6, ipv6(0, [TCP, 0, 1, 4, 0, 0, 0, 0, ...SEGMENT])),
      `${SIX}HBH 40000 > 80: ${TAIL}`,
    ],
    [
      'a first and only fragment',
      ethernet(IPV6, ipv6(44, [TCP, 0, 0, 0, ...u32(7), ...SEGMENT])),
      `${SIX}frag (0|20) 40000 > 80: ${TAIL}`,
    ],
    [
      'a routing header',
      ethernet(IPV6, ipv6(43, [TCP, 2, 0, 0, ...u32(0), ...CLIENT6, ...SEGMENT])),
      `${SIX}RT6 (len=2, type=0 [Deprecated], segleft=0, [0]2001:db8::1) 40000 > 80: ${TAIL}`,
    ],
    [
      'a routing header that tcpdump stops at',
      ethernet(IPV6, ipv6(43, [TCP, 0, 253, 0, ...u32(0), ...SEGMENT])),
      `${SIX}40000 > 80: ${TAIL}`,
    ],
    [
      'authentication',
      ethernet(IPV4, ipv4(51, [TCP, 2, 0, 0, ...u32(1), ...u32(2), ...u32(3), ...SEGMENT])),
      `IP 10.0.0.1 > 10.0.0.2: AH(spi=0x00000001,seq=0x2,icv=0x00000003): 40000 > 80: ${TAIL}`,
    ],
  ])('%s', (_, frame, line) => {
    expect(lines([frame])).toEqual([line]);
  });

  test('a Linux cooked capture tells interface and direction', () => {
    const frame = {
      octets: [...u16(IPV4), 0, 0, ...u32(3), ...u16(1), 4, 6, ...Array<number>(8).fill(0), ...INNER],
      linkType: 276,
    };
    expect(lines([frame], { interfaceName: (index) => (index === 3 ? 'eth0' : undefined) })).toEqual([
      `eth0  Out ${LINE}`,
    ]);
    expect(lines([frame])).toEqual([`?     Out ${LINE}`]);
  });

  test('IPv6 addresses are as short as can be', () => {
    const from = (address: string) =>
      lines([ethernet(IPV6, [...ipv6(TCP, SEGMENT).slice(0, 8), ...hex(address), ...SERVER6, ...SEGMENT])])[0]!.split(
        '.40000',
      )[0];
    expect(from('00000000000000000000000000000001')).toBe('IP6 ::1');
    expect(from('00010000000000020000000000000003')).toBe('IP6 1:0:0:2::3');
    expect(from('00000000000000000000ffff01020304')).toBe('IP6 ::ffff:1.2.3.4');
    expect(from('00000000000000000000000000050001')).toBe('IP6 ::0.5.0.1');
    expect(from('fe80000000000000020000fffe000001')).toBe('IP6 fe80::200:ff:fe00:1');
  });
});

describe('ICMP errors that quote a segment', () => {
  const QUOTED = ipv4(TCP, tcp({ flags: SYN }));
  const QUOTED6 = ipv6(TCP, tcp({ flags: SYN }));
  const icmp = (type: number, code: number, rest: number) =>
    lines([ethernet(IPV4, ipv4(1, [type, code, 0, 0, ...u32(rest), ...QUOTED]))])[0];
  const icmp6 = (type: number, code: number, rest: number) =>
    lines([ethernet(IPV6, ipv6(58, [type, code, 0, 0, ...u32(rest), ...QUOTED6]))])[0];

  // biome-ignore format: a table is read by its columns
  test.each([
    [3, 1, 0, 'host 10.0.0.2 unreachable'],
    [3, 2, 0, '10.0.0.2 protocol 6 unreachable'],
    [3, 3, 0, '10.0.0.2 tcp port 80 unreachable'],
    [3, 4, 1400, '10.0.0.2 unreachable - need to frag (mtu 1400)'],
    [3, 13, 0, 'host 10.0.0.2 unreachable - admin prohibited filter'],
    [3, 16, 0, '10.0.0.2 unreachable - #16'],
    [4, 0, 0, 'source quench'],
    [5, 1, 0x0a000063, 'redirect 10.0.0.2 to host 10.0.0.99'],
    [11, 0, 0, 'time exceeded in-transit'],
    [12, 0, 0x05000000, 'parameter problem - octet 5'],
  ])('type %i, code %i', (type, code, rest, text) => {
    expect(icmp(type, code, rest)).toBe(`IP 10.0.0.1 > 10.0.0.2: ICMP ${text}, length 48`);
  });

  // biome-ignore format: a table is read by its columns
  test.each([
    [1, 0, 0, 'destination unreachable, unreachable route 2001:db8::2'],
    [1, 2, 0, 'destination unreachable, beyond scope 2001:db8::2, source address 2001:db8::1'],
    [1, 4, 0, 'destination unreachable, unreachable port, 2001:db8::2 tcp port 80'],
    [2, 0, 1280, 'packet too big, mtu 1280'],
    [3, 0, 0, 'time exceeded in-transit for 2001:db8::2'],
    [4, 1, 6, 'parameter problem, next header - octet 6'],
  ])('version 6: type %i, code %i', (type, code, rest, text) => {
    expect(icmp6(type, code, rest)).toBe(`IP6 2001:db8::1 > 2001:db8::2: ICMP6, ${text}, length 68`);
  });
});

describe('names', () => {
  test('stand in the place of addresses, and are made harmless', () => {
    const names = {
      name: (bytes: Uint8Array, at: number, length: number) =>
        length === 4 && bytes[at + 3] === 1 ? 'cd-zhangmin' : 'evil\x1b[2J > a\u202eb\\',
    };
    expect(lines([packet({})], { names })).toEqual([
      'IP cd-zhangmin.40000 > evil\\x1b[2J\\x20>\\x20a\\u202eb\\x5c.80: Flags [.], ack 500, win 100, length 0',
    ]);
  });
});
