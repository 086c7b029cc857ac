"""The router between the hosts, in user space: what the wire does to a packet is a rule of the scenario's.

It forwards Ethernet frames between two interfaces as a router does (other MAC addresses, a hop fewer) after a delay,
and drops, holds back, doubles or invents those that a rule names. The kernel here has no netem to do it.
"""
import heapq
import os
import select
import socket
import struct
import threading
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET, PACKET_AUXDATA = 263, 8
VLAN_VALID = 0x10
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Packet:
    """A TCP segment on its way. `sender` is the host it came from: 'client' or 'server'."""

    def __init__(self, frame, sender):
        self.frame, self.sender, self.tcp = frame, sender, None
        self.ip = 18 if frame[12:14] == b'\x81\x00' else 14
        version = frame[self.ip] >> 4
        if version == 4 and frame[self.ip + 9] == 6:
            self.tcp = self.ip + (frame[self.ip] & 15) * 4
            end = self.ip + int.from_bytes(frame[self.ip + 2:self.ip + 4], 'big')
        elif version == 6 and frame[self.ip + 6] == 6:
            self.tcp = self.ip + 40
            end = self.tcp + int.from_bytes(frame[self.ip + 4:self.ip + 6], 'big')
        self.flags = self.length = self.sport = self.dport = self.seq = self.ack = 0
        if self.tcp:
            self.sport, self.dport, self.seq, self.ack, offset, self.flags = struct.unpack_from('!HHIIBB', frame, self.tcp)
            self.length = end - self.tcp - (offset >> 4) * 4
        self.syn, self.fin, self.rst = (bool(self.flags & bit) for bit in (SYN, FIN, RST))
        self.pure_ack = self.flags & (FIN | SYN | RST | ACK) == ACK and self.length == 0


class Router:
    """Forwards until closed. `delay` is one way, in seconds."""

    def __init__(self, namespace, hosts, delay=0.005):
        self.delay, self.hosts = delay, {host.name: host for host in hosts}
        self.rules, self.queue, self.count = [], [], 0
        self.last = {}
        self.links = {}
        for name in self.hosts:
            with namespace.entered():
                link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            link.bind((name, ETH_P_ALL))
            link.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            self.links[name] = link
        self.wake_read, self.wake_write = os.pipe()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()

    # What scenarios say

    def drop(self, matches, times=None):
        """Loses the next `times` packets (all, without it) for which `matches(packet)` holds."""
        return self.rule(matches, times, ())

    def hold(self, matches, seconds, times=None):
        """Keeps matching packets this much longer than others: later ones overtake them."""
        return self.rule(matches, times, (seconds,))

    def copy(self, matches, seconds, times=None):
        """Delivers matching packets twice, the second time this much later."""
        return self.rule(matches, times, (0, seconds))

    def cut(self):
        """Pulls the cable: nothing passes until `mend(cut)`."""
        return self.drop(lambda packet: True)

    def mend(self, rule):
        with self.lock:
            self.rules.remove(rule)

    def inject(self, as_from, segment):
        """Puts an IP packet on the other host's wire as if `as_from` had sent it."""
        target = self.other(as_from)
        with self.lock:
            self.push(0, target, ethernet(self.hosts[target], 0x86DD if segment[0] >> 4 == 6 else 0x800) + segment)
        os.write(self.wake_write, b'.')

    def rule(self, matches, times, copies):
        made = [matches, times, copies]
        with self.lock:
            self.rules.append(made)
        return made

    # What it does

    def other(self, name):
        return next(each for each in self.hosts if each != name)

    def push(self, seconds, target, frame):
        self.count += 1
        heapq.heappush(self.queue, (time.monotonic() + seconds, self.count, target, frame))

    def forward(self):
        while True:
            with self.lock:
                wait = max(0, self.queue[0][0] - time.monotonic()) if self.queue else None
            readable, _, _ = select.select([*self.links.values(), self.wake_read], [], [], wait)
            if self.wake_read in readable and b'q' in os.read(self.wake_read, 64):
                return
            for name, link in self.links.items():
                if link in readable:
                    self.take(name, link)
            with self.lock:
                while self.queue and self.queue[0][0] <= time.monotonic():
                    _, _, target, frame = heapq.heappop(self.queue)
                    self.links[target].send(frame)

    def take(self, name, link):
        frame, ancillary, _, address = link.recvmsg(65536, 256)
        if address[2] == PACKET_OUTGOING or address[1] not in (0x800, 0x86DD, 0x8100):
            return
        for _, _, data in ancillary:
            status, _, _, _, _, tci = struct.unpack_from('IIIHHH', data)
            if status & VLAN_VALID:
                frame = frame[:12] + struct.pack('!HH', 0x8100, tci) + frame[12:]
        packet = Packet(frame, name)
        target = self.other(name)
        if packet.tcp:
            self.last[name] = packet
        hop = packet.frame[packet.ip + 6:packet.ip + 8]
        if packet.frame[packet.ip] >> 4 == 6 and not packet.tcp and hop[0] in (0, 58) and frame[packet.ip + 24] == 0xFF:
            return  # multicast of the link itself (MLD, neighbour discovery)
        with self.lock:
            for seconds in self.judge(packet):
                self.push(self.delay + seconds, target, routed(packet, self.hosts[target]))

    def judge(self, packet):
        """For each copy that arrives, how much longer than others it takes. The first rule that matches decides."""
        for rule in self.rules:
            matches, times, copies = rule
            if times != 0 and packet.tcp and matches(packet):
                if times:
                    rule[1] -= 1
                return copies
        return (0,)

    def close(self):
        os.write(self.wake_write, b'q')
        self.thread.join()
        for link in self.links.values():
            link.close()
        os.close(self.wake_read)
        os.close(self.wake_write)


def ethernet(host, kind):
    return bytes.fromhex((host.mac + host.router_mac).replace(':', '')) + struct.pack('!H', kind)


def routed(packet, host):
    """The frame as the router sends it on: its own MAC address, a hop fewer."""
    frame = bytearray(packet.frame)
    frame[0:12] = ethernet(host, 0)[:12]
    at = packet.ip
    if frame[at] >> 4 == 4:
        frame[at + 8] -= 1
        frame[at + 10:at + 12] = b'\0\0'
        frame[at + 10:at + 12] = struct.pack('!H', internet_checksum(frame[at:at + (frame[at] & 15) * 4]))
    else:
        frame[at + 7] -= 1
    return bytes(frame)


def internet_checksum(octets):
    """RFC 1071."""
    if len(octets) % 2:
        octets += b'\0'
    total = sum(struct.unpack('!%dH' % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4_tcp(source, destination, sport, dport, flags, seq, ack=0, window=64240, options=b'', payload=b'', ttl=64,
             ident=0):
    """An IPv4 packet with a TCP segment, both checksums right."""
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    header = struct.pack('!HHIIBBHHH', sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                         (20 + len(options)) // 4 << 4, flags, window, 0, 0)
    segment = header + options + payload
    check = internet_checksum(addresses + struct.pack('!BBH', 0, 6, len(segment)) + segment)
    segment = segment[:16] + struct.pack('!H', check) + segment[18:]
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(segment), ident, 0x4000, ttl, 6, 0) + addresses
    return ip[:10] + struct.pack('!H', internet_checksum(ip)) + ip[12:] + segment
