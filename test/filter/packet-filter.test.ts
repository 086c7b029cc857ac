import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FilterError } from '../../src/filter/filter-error.ts';
import { PacketFilter } from '../../src/filter/packet-filter.ts';
import { holds } from '../capture/arbitrary.ts';
import {
  ethernet,
  hex,
  IPV4,
  IPV6,
  ipv4,
  ipv6,
  type Octets,
  RAW,
  type RecordFields,
  record,
  TCP,
  tcp,
  u16,
  udp,
} from '../wire/octets.ts';

/** Whether the filter accepts a record that holds these octets. */
function accepts(expression: string, octets: Octets, fields: RecordFields = {}): boolean {
  return new PacketFilter(expression).accepts(record(octets, fields));
}

/** What a filter is refused with, and the part of it that is pointed at. */
function refusal(expression: string, linkType = 1): string {
  try {
    new PacketFilter(expression).check(linkType);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    expect(error.code).toBe('usage');
    return `${error.problem}: ${expression.slice(error.at, error.end)}`;
  }
  return '';
}

const SYN = ethernet(IPV4, ipv4(TCP, tcp({ flags: 2 })));
const SYN6 = ethernet(IPV6, ipv6(TCP, tcp({ flags: 2 })));
const DNS = ethernet(IPV4, ipv4(17, udp(53, [1, 2, 3, 4])));
const ARP = ethernet(0x0806, hex('0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002'));

/** A tag around an Ethernet frame's payload. */
function tagged(id: number, frame: Octets, type = 0x8100): Octets {
  return [...frame.slice(0, 12), ...u16(type), ...u16(id), ...frame.slice(12)];
}

describe('hosts, nets and ports', () => {
  test.each([
    ['host 10.0.0.1', true],
    ['src host 10.0.0.1', true],
    ['dst 10.0.0.1', false],
    ['src or dst 10.0.0.2', true],
    ['src and dst host 10.0.0.1', false],
    ['net 10', true],
    ['net 10.0.0.0/30', true],
    ['dst net 10.0.0.0 mask 255.255.255.252', true],
    ['net 192.168', false],
    ['port 80', true],
    ['src port 80', false],
    ['tcp dst port http', true],
    ['udp port 80', false],
    ['tcp portrange 70-90', true],
    ['portrange http-ssh', true],
    ['port not 80', false],
    ['host 10.0.0.9 or 10.0.0.2', true],
    ['port 443 or 80', true],
    ['tcp port (443 or not 80)', false],
    ['ether src 02:00:00:00:00:01', true],
    ['ether dst 0200.0000.0002', true],
    ['arp host 10.0.0.1', false],
  ])('%s of a SYN to port 80: %s', (expression, expected) => {
    expect(accepts(expression, SYN)).toBe(expected);
  });

  test('a host is looked for in ARP as well', () => {
    expect(accepts('host 10.0.0.2', ARP)).toBe(true);
    expect(accepts('ip host 10.0.0.2', ARP)).toBe(false);
  });

  test('IPv6 addresses and nets', () => {
    expect(accepts('src host 2001:db8::1 and dst net 2001:db8::/32', SYN6)).toBe(true);
    expect(accepts('dst host 2001:db8::1', SYN6)).toBe(false);
    expect(accepts('port 80 and tcp[13] = 2', SYN6)).toBe(false); // tcp[…] is for IPv4
  });

  test('a later fragment has no ports', () => {
    const later = ethernet(IPV4, ipv4(TCP, tcp(), { fragment: 0x2001 }));
    expect(accepts('tcp', later)).toBe(true);
    expect(accepts('port 80', later)).toBe(false);
  });

  test('a service that is registered for TCP only is looked for in TCP only', () => {
    expect(accepts('port domain', DNS)).toBe(true);
    expect(accepts('port http', ethernet(IPV4, ipv4(17, udp(80, []))))).toBe(false);
  });
});

describe('octets and arithmetic', () => {
  test.each([
    ['tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', true],
    ['tcp[tcpflags] == tcp-syn', true],
    ['ip[2:2] > 100', false],
    ['ip[2:2] = 40', true],
    ['ip[-14 + 12 + 14 : 4] = 0x0a000001', true],
    ['ether[0] & 1 = 0', true],
    ['ether[12:2] = 0x0800', true],
    ['len = 54', true],
    ['less 53', false],
    ['greater 54', true],
    ['(ip[0] & 0xf) << 2 = 20', true],
    ['tcp[(tcp[12] & 0xf0) >> 2] = 1', false], // past the end: no packet is accepted that ends there
    ['not tcp[(tcp[12] & 0xf0) >> 2] = 1', false],
    ['1 - 2 = 0xffffffff', true],
    ['010 = 8', true],
  ])('%s of a SYN of 54 octets: %s', (expression, expected) => {
    expect(accepts(expression, SYN)).toBe(expected);
  });

  test('len is the length on the wire', () => {
    expect(accepts('len > 1000', SYN, { originalLength: 1514 })).toBe(true);
  });

  test('% and ^ wait for what is right of them, as in libpcap', () => {
    expect(accepts('7 % 2 * 3 = 1', SYN)).toBe(true);
    expect(accepts('(7 % 2) * 3 = 3', SYN)).toBe(true);
  });
});

describe('layers that move those after them', () => {
  test('what follows vlan is behind the tag', () => {
    const frame = tagged(10, SYN);
    expect(accepts('tcp', frame)).toBe(false);
    expect(accepts('vlan and tcp', frame)).toBe(true);
    expect(accepts('vlan 10 and port 80', frame)).toBe(true);
    expect(accepts('vlan 11 and port 80', frame)).toBe(false);
    expect(accepts('tcp or vlan', frame)).toBe(true);
    expect(accepts('vlan 20 and vlan 10 and host 10.0.0.1', tagged(20, frame, 0x88a8))).toBe(true);
    // Even behind `or`, and even when there was no tag.
    expect(accepts('vlan or tcp', SYN)).toBe(false);
  });

  test('MPLS labels, and PPP in PPPoE sessions', () => {
    const label = ethernet(0x8847, [...hex('00064140'), ...ipv4(TCP, tcp())]);
    expect(accepts('mpls 100 and tcp', label)).toBe(true);
    expect(accepts('mpls 101', label)).toBe(false);
    const session = ethernet(0x8864, [...hex('1100 0027 002a 0021'), ...ipv4(TCP, tcp())]);
    expect(accepts('pppoes 0x27 and tcp port 80', session)).toBe(true);
    expect(accepts('pppoes 0x28 and tcp port 80', session)).toBe(false);
  });
});

describe('link types', () => {
  const packet = ipv4(TCP, tcp());

  test.each([
    ['raw IP', packet, { linkType: RAW }],
    ['BSD loopback, little-endian', [2, 0, 0, 0, ...packet], { linkType: 0 }],
    ['BSD loopback, big-endian', [0, 0, 0, 2, ...packet], { linkType: 0, bigEndian: 1 }],
    ['Linux cooked', [...hex('0000 0001 0006 020000000001 0000 0800'), ...packet], { linkType: 113 }],
    ['Linux cooked 2', [...hex('0800 0000 00000001 0001 00 06 0200000000010000'), ...packet], { linkType: 276 }],
    ['PPP', [...hex('ff03 0021'), ...packet], { linkType: 9 }],
    [
      '802.11 with radiotap',
      [
        ...hex('0000 0800 00000000'),
        ...hex('0801 0000'),
        ...Array(20).fill(2),
        ...hex('aaaa03 000000 0800'),
        ...packet,
      ],
      { linkType: 127 },
    ],
  ])('%s', (_, octets, fields) => {
    expect(accepts('tcp port 80 and host 10.0.0.1 and ip[9] = 6', octets, fields)).toBe(true);
    expect(accepts('udp or port 81 or host 10.0.0.3 or ip[9] = 5', octets, fields)).toBe(false);
  });

  test('outbound is what the capturing host sent, where the file tells', () => {
    const cooked = [...hex('0004 0001 0006 020000000001 0000 0800'), ...packet];
    expect(accepts('outbound', cooked, { linkType: 113 })).toBe(true);
    expect(accepts('inbound', cooked, { linkType: 113 })).toBe(false);
    expect(refusal('outbound')).toBe('captures of Ethernet do not tell outbound: outbound');
  });

  test('one filter follows records of several link types', () => {
    const filter = new PacketFilter('tcp port 80');
    expect(filter.accepts(record(SYN))).toBe(true);
    expect(filter.accepts(record(packet, { linkType: RAW }))).toBe(true);
    expect(filter.accepts(record(SYN))).toBe(true);
  });

  test('a link type whose protocols can not be told lets octets and lengths be asked for', () => {
    expect(accepts('ether[0] = 2 and len > 5', SYN, { linkType: 239 })).toBe(true);
    expect(refusal('tcp', 239)).toBe("what link type 239 holds can't be told by a filter: tcp");
  });
});

test('a chain of headers is followed', () => {
  const options = ethernet(IPV6, ipv6(0, [TCP, 0, 0, 0, 0, 0, 0, 0, ...tcp()]));
  expect(accepts('ip6 proto 6', options)).toBe(false);
  expect(accepts('ip6 protochain 6', options)).toBe(true);
  expect(accepts('protochain 17', options)).toBe(false);
});

test('a packet that is cut short is rejected where it ends, whatever stands around the test', () => {
  const cut = record(SYN.slice(0, 30), { originalLength: 54 });
  expect(new PacketFilter('tcp').accepts(cut)).toBe(true);
  expect(new PacketFilter('not host 10.0.0.9').accepts(cut)).toBe(false);
  expect(new PacketFilter('tcp or ether[40] = 1').accepts(cut)).toBe(true);
  expect(new PacketFilter('ether[40] = 1 or tcp').accepts(cut)).toBe(false);
});

test('an empty expression accepts everything', () => {
  expect(accepts(' ', [])).toBe(true);
});

test.each([
  ['tpc port 80', '"tpc" is no word of a filter; did you mean tcp?: tpc'],
  ['1.2.3.4', '"1.2.3.4" needs a word before it: host, net, port …: 1.2.3.4'],
  ['tcp or 80', '"80" has no word before it that says what it is: host, net, port …: 80'],
  ['host 10.0.0.1 and', 'the expression ends: '],
  ['(tcp', 'the expression ends: ")" should be here: '],
  ['tcp)', '")" is out of place: )'],
  ['tcp port 80 80', '"80" is out of place: 80'],
  ['tcp @', '"@" means nothing here: @'],
  ['port 70000', 'a port is at most 65535: 70000'],
  ['udp port http', '"http" is a service of tcp, not of udp: http'],
  ['port nosuch', '"nosuch" is no service that lastack knows: give the port\'s number: nosuch'],
  ['host example.org', 'names of hosts are not looked up: give the address of "example.org": example.org'],
  ['host 10.0.0.256', '"10.0.0.256" is no IPv4 address: 10.0.0.256'],
  ['net 10.1.0.0/8', 'the address has bits outside of the mask: 10.1.0.0'],
  ['host 10.0.0.0/8', 'only a net has a mask: 8'],
  ['ether host 10.0.0.1', '"10.0.0.1" is no link-layer address: 10.0.0.1'],
  [
    'host 02:00:00:00:00:01',
    'an Ethernet address needs ether before it: ether host, ether src, ether dst: 02:00:00:00:00:01',
  ],
  ['gateway snup', 'gateway needs names of hosts, which lastack does not look up: snup'],
  ['ip[2:3] = 1', "3 octets can't be read at once: 1, 2 or 4 can: 3"],
  ['ip[0] / 0 = 1', 'a division by zero: 0'],
  ['ip[0] >> (1 - 2) = 1', 'a shift by more than 31 bits: 1 - 2'],
  ['ether[0] = 08', '08 is octal by its 0 and has a digit that is not: 08'],
  ['ether[0] = 4294967296', '4294967296 is more than 32 bits hold: 4294967296'],
  ['vlan 5000', 'a VLAN is at most 4095: 5000'],
  ['esp[0] = 1', 'no octets can be read of "esp": esp[0]'],
  ['geneve', '"geneve" is not supported: geneve'],
  ['tcp and ip and ip6', 'no packet of Ethernet can be like this: tcp and ip and ip6'],
  ['len', 'the expression ends: '],
  ['ip[0] & 1 = 0 and ip[0] & 1 = 1', 'no packet of Ethernet can be like this: ip[0] & 1 = 0 and ip[0] & 1 = 1'],
  ['not net 0.0.0.0/0 and ip', 'no packet of Ethernet can be like this: not net 0.0.0.0/0 and ip'],
])('%s is refused: %s', (expression, expected) => {
  expect(refusal(expression)).toBe(expected);
});

test.each([
  ['port 80 adn port 443', 'adn', 'and'],
  ['tcp[tcpflag] & tcp-syn != 0', 'tcpflag', 'tcpflags'],
  ['prot 443', 'prot', 'port'],
])('%s: the nearest word is named', (expression, wrong, right) => {
  expect(() => new PacketFilter(expression)).toThrow(new RegExp(`"${wrong}" is .*; did you mean ${right}\\?`));
});

test('a service is named, too', () => {
  expect(refusal('port htttps')).toMatch(/is no service that lastack knows; did you mean https\?/);
});

test("Wireshark's display filters are told", () => {
  expect(() => new PacketFilter('ip.addr == 10.0.0.1')).toThrow("that is Wireshark's display filter");
});

test('the message shows the place', () => {
  expect(() => new PacketFilter('tcp porrt 80')).toThrow(
    /^filter:1:5: "porrt" is out of place; did you mean port\?\n {2}tcp porrt 80\n {6}\^{5}$/,
  );
});

test('expressions may be nested, but not without end', () => {
  expect(accepts(`${'('.repeat(100)}tcp${')'.repeat(100)}`, SYN)).toBe(true);
  expect(refusal(`${'('.repeat(100_000)}tcp`)).toMatch('nested too deeply');
  expect(refusal('not '.repeat(100_000))).toMatch('nested too deeply');
});

describe('whatever the packet', () => {
  const filters = [
    'tcp port 80 or vlan and udp port 53',
    'ip[ip[0]:4] + tcp[tcp[12]:2] * 3 > udp[4:2] or icmp[0] = 8',
    'ether[ether[12:4]] = ether[0:4] % (ether[1] + ether[2])',
    'ip6 protochain 6 or ip protochain 17',
    'mpls 5 and mpls and host 10.0.0.1',
    'pppoes and ip6 and tcp portrange 5-900',
    'not (host 10.0.0.1 or net fe80::/10 or isis or ipx)',
  ];
  const linkTypes = [0, 1, 6, 9, 10, 101, 104, 105, 107, 113, 117, 119, 127, 163, 192, 226, 276];

  test('no octets of any link type make a filter throw', () => {
    for (const text of filters)
      for (const linkType of linkTypes) {
        if (refusal(text, linkType) !== '') continue;
        const filter = new PacketFilter(text);
        holds(
          fc.property(
            fc.uint8Array({ maxLength: 120, size: 'max' }),
            fc.nat(0xffffffff),
            fc.nat(1),
            (octets, originalLength, bigEndian) => {
              expect(typeof filter.accepts(record([...octets], { linkType, originalLength, bigEndian }))).toBe(
                'boolean',
              );
            },
          ),
          { numRuns: 12 },
        );
      }
  });

  test('no text makes the parser fail in another way than by pointing at it', () => {
    const words = fc.constantFrom(
      ...'tcp port 80 ( ) and or not src dst host 10.0.0.1 net / 8 [ ] : 2 = < & + - * ip6 :: vlan len \\tcp proto ether'.split(
        ' ',
      ),
    );
    holds(
      fc.property(
        fc.oneof(
          fc.array(words).map((list) => list.join(' ')),
          fc.string(),
        ),
        (text) => {
          refusal(text);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('not, and, or mean what they say of packets that are whole', () => {
    const parts = fc.constantFrom(
      'tcp',
      'udp',
      'port 80',
      'host 10.0.0.1',
      'ip6',
      'ip[8] > 63',
      'len > 60',
      'ether[5] = 2',
    );
    const packets = fc
      .constantFrom(SYN, SYN6, DNS, ARP, tagged(7, SYN))
      .map((octets) => [...octets, ...Array(40).fill(0)]);
    holds(
      fc.property(parts, parts, packets, (one, other, octets) => {
        const [first, second] = [accepts(one, octets), accepts(other, octets)];
        expect(accepts(`not (${one})`, octets)).toBe(!first);
        expect(accepts(`${one} or ${other}`, octets)).toBe(first || second);
        if (refusal(`${one} and ${other}`) === '') expect(accepts(`${one} && ${other}`, octets)).toBe(first && second);
        else expect(first && second).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
