#!/usr/bin/env python3
"""Writes samples/normal-close.pcapng: the close of a connection as WinDump printed it on a Windows host years ago,
rebuilt packet by packet from those lines, with the handshake before it.

The host's name is in a name resolution block, as Wireshark saves it. The lines themselves are at the end of this file.
"""
import calendar
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from recorder.router import ACK, FIN, SYN, ipv4_tcp  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT, SERVER, NAME = '192.168.1.20', '220.181.37.55', 'cd-zhangmin'
CLIENT_MAC, GATEWAY_MAC = bytes.fromhex('0016d3a41c20'), bytes.fromhex('00195b7e02fe')
CLIENT_ISN, SERVER_ISN = 0x5C3E91A7, 0x9D14F26B
MSS = struct.pack('!BBH', 2, 4, 1460)
SACK = b'\1\1\4\2'
DAY = calendar.timegm((2008, 10, 17, 14, 0, 0))
SECTION, INTERFACE, NAMES, PACKET = 0x0A0D0D0A, 1, 4, 6


def main():
    with open(os.path.join(HERE, 'normal-close.pcapng'), 'wb') as out:
        out.write(block(SECTION, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1) +
                        option(4, b'samples/make-normal-close.py')))
        out.write(block(INTERFACE, struct.pack('<HHI', 1, 0, 65535) + option(9, b'\6')))
        address = bytes(map(int, CLIENT.split('.')))
        out.write(block(NAMES, padded(struct.pack('<HH', 1, 4 + len(NAME) + 1) + address + NAME.encode() + b'\0') +
                        struct.pack('<HH', 0, 0)))
        for time, frame in exchange():
            out.write(block(PACKET, struct.pack('<IIIII', 0, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame)) +
                            padded(frame)))


def exchange():
    """(microseconds since 1970, Ethernet frame)"""
    yield from_client(38_731_408, SYN, 0, ident=0x2C51, options=MSS + SACK)
    yield from_server(38_775_902, SYN | ACK, 0, 1, window=2920, options=MSS)
    yield from_client(38_776_021, ACK, 1, 1, ident=0x2C52)
    yield from_client(38_819_856, FIN | ACK, 1, 1, ident=0x2C53)
    yield from_server(38_863_989, FIN | ACK, 1, 2, ident=0x8F0A, window=2920)
    yield from_client(38_864_412, ACK, 2, 2, ident=0x2C54)


def from_client(microseconds, flags, seq, ack=None, **rest):
    segment = ipv4_tcp(CLIENT, SERVER, 1748, 80, flags, CLIENT_ISN + seq,
                       0 if ack is None else SERVER_ISN + ack, window=65535, ttl=128, **rest)
    return DAY * 1_000_000 + microseconds, GATEWAY_MAC + CLIENT_MAC + b'\x08\0' + segment


def from_server(microseconds, flags, seq, ack, window, **rest):
    segment = ipv4_tcp(SERVER, CLIENT, 80, 1748, flags, SERVER_ISN + seq, CLIENT_ISN + ack, window=window, ttl=52, **rest)
    frame = CLIENT_MAC + GATEWAY_MAC + b'\x08\0' + segment
    return DAY * 1_000_000 + microseconds, frame + bytes(max(0, 60 - len(frame)))  # Ethernet pads what it receives


def block(kind, body):
    length = 12 + len(body)
    return struct.pack('<II', kind, length) + body + struct.pack('<I', length)


def option(code, value):
    return struct.pack('<HH', code, len(value)) + padded(value) + struct.pack('<HH', 0, 0)


def padded(octets):
    return octets + bytes(-len(octets) % 4)


if __name__ == '__main__':
    main()

# 14:00:38.819856 IP cd-zhangmin.1748 > 220.181.37.55.80: F 1:1(0) ack 1 win 65535
# 14:00:38.863989 IP 220.181.37.55.80 > cd-zhangmin.1748: F 1:1(0) ack 2 win 2920
# 14:00:38.864412 IP cd-zhangmin.1748 > 220.181.37.55.80: . ack 2 win 65535
