import { describe, expect, test } from 'vitest';
import { WindumpLine } from '../../src/render/windump.ts';
import { ethernet, hex, IPV4, ipv4, type Octets, TCP, type TcpFields, tcp, u32 } from '../wire/octets.ts';
import { linesOf } from './lines.ts';

const FIN = 1;
const SYN = 2;
const PSH = 8;
const ACK = 16;
const URG = 32;
const ECE = 64;
const CWR = 128;

function packet(fields: TcpFields): Octets {
  return ethernet(IPV4, ipv4(TCP, tcp({ seq: 1000, ack: 500, window: 100, ...fields })));
}

/** The lines of packets from one end, after both ends. */
function tails(packets: readonly TcpFields[]): string[] {
  const lines = linesOf(new WindumpLine({ timeStyle: 1 }), packets.map(packet));
  return lines.map((line) => line.replace('IP 10.0.0.1.40000 > 10.0.0.2.80: ', ''));
}

test('a close as WinDump 3.9.5 prints it', () => {
  const client = { source: [10, 1, 1, 5], destination: [10, 2, 2, 80] };
  const server = { source: client.destination, destination: client.source };
  const there = { sourcePort: 1748, destinationPort: 80, window: 65535 };
  const back = { sourcePort: 80, destinationPort: 1748, window: 2920 };
  const at = (nanoseconds: number, octets: Octets) => ({ octets, nanoseconds, seconds: 1_200_060_038 });
  const frames = [
    at(719_000_000, ethernet(IPV4, ipv4(TCP, tcp({ ...back, flags: SYN | ACK, seq: 900, ack: 100 }), server))),
    at(819_856_000, ethernet(IPV4, ipv4(TCP, tcp({ ...there, flags: FIN | ACK, seq: 100, ack: 901 }), client))),
    at(863_989_999, ethernet(IPV4, ipv4(TCP, tcp({ ...back, flags: FIN | ACK, seq: 901, ack: 101 }), server))),
    at(864_412_000, ethernet(IPV4, ipv4(TCP, tcp({ ...there, flags: ACK, seq: 101, ack: 902 }), client))),
  ];
  expect(linesOf(new WindumpLine(), frames)).toEqual([
    '14:00:38.719000 IP 10.2.2.80.80 > 10.1.1.5.1748: S 900:900(0) ack 100 win 2920',
    '14:00:38.819856 IP 10.1.1.5.1748 > 10.2.2.80.80: F 1:1(0) ack 1 win 65535',
    '14:00:38.863989 IP 10.2.2.80.80 > 10.1.1.5.1748: F 1:1(0) ack 2 win 2920',
    '14:00:38.864412 IP 10.1.1.5.1748 > 10.2.2.80.80: . ack 2 win 65535',
  ]);
});

describe('flags', () => {
  test('come in the order S F R P W E, without ACK and URG', () => {
    expect(tails([{ flags: 0xff }])).toEqual(['SFRPWE 1000:1000(0) ack 500 win 100 urg 0']);
    expect(tails([{ flags: ECE | CWR }, { flags: URG }])).toEqual(['WE win 100', '. win 100 urg 0']);
  });

  test('numbers are told for a payload, SYN, FIN or RST', () => {
    expect(
      tails([
        { flags: PSH | ACK, payload: [1, 2] },
        { flags: PSH | ACK, seq: 1002 },
      ]),
    ).toEqual(['P 1000:1002(2) ack 500 win 100', 'P ack 1 win 100']);
  });
});

describe('options', () => {
  test.each([
    ['020405b4 01 030302', '<mss 1460,nop,wscale 2>'],
    ['0402 080a0000000100000002', '<sackOK,timestamp 1 2>'],
    ['6305616263 010101', '<opt-99:616263,nop,nop,nop>'],
    ['1312000102030405060708090a0b0c0d0e0f 0000', '<md5:000102030405060708090a0b0c0d0e0f,eol>'],
    ['01020605 b4000000', '<nop,mss 1460[len 6],eol>'],
    ['08020101', '<timestamp[bad opt]>'],
    ['01010163', '<nop,nop,nop,[|tcp]>'],
  ])('%s', (digits, text) => {
    const [line] = tails([{ options: hex(digits) }]);
    expect(line!.slice(line!.indexOf('<'))).toBe(text);
  });

  test('SACK edges are relative', () => {
    expect(tails([{ options: [1, 1, 5, 10, ...u32(500), ...u32(600)] }])).toEqual([
      '. ack 500 win 100 <nop,nop,sack 1 {1:101}>',
    ]);
  });
});

test('headers that are no headers', () => {
  const whole = packet({});
  const cut = { octets: whole.slice(0, 42), originalLength: whole.length };
  expect(linesOf(new WindumpLine({ timeStyle: 1 }), [cut])).toEqual(['IP 10.0.0.1.40000 > 10.0.0.2.80: [|tcp]']);
  expect(tails([{ dataOffset: 10 }])).toEqual(['. [bad hdr length 40 - too long, > 20]']);
});
