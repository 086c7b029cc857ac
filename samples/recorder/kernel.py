"""What the kernel says it did: its TCP tracepoints, read from a trace instance of our own."""
import contextlib
import ipaddress
import os
import re
import struct
import subprocess
import time

TRACEFS = '/sys/kernel/tracing'
EVENTS = ('sock/inet_sock_set_state', 'tcp/tcp_retransmit_skb', 'tcp/tcp_retransmit_synack', 'tcp/tcp_send_reset',
          'tcp/tcp_receive_reset')
STATES = ('', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT',
          'LAST_ACK', 'LISTEN', 'CLOSING', 'NEW_SYN_RECV')
TCP = 6
AF_INET, AF_INET6 = 2, 10


def row(seconds, side, event, own, peer, old='-', new='-', extra=''):
    """One line of kernel.tsv; `own` and `peer` are (address, port)."""
    return '\t'.join(['%.9f' % seconds, side, event, own[0], str(own[1]), peer[0], str(peer[1]), old, new, extra])


class Tracer:
    """Collects the events of sockets whose own address is in `sides`: {address: side}."""

    def __init__(self):
        if not os.path.exists(TRACEFS + '/instances'):
            subprocess.run(['mount', '-t', 'tracefs', 'tracefs', TRACEFS], check=True)
        remove_orphans()
        self.at = '%s/instances/lastack-%d' % (TRACEFS, os.getpid())
        os.mkdir(self.at)
        self.formats = {}
        with open(TRACEFS + '/events/header_page') as text:
            self.data_at = int(re.search(r'data;\s+offset:(\d+)', text.read())[1])
        self.write('trace_clock', 'mono')
        self.write('buffer_size_kb', 2048)
        for event in EVENTS:
            with open('%s/events/%s/format' % (TRACEFS, event)) as text:
                form = Format(event.split('/')[1], text.read())
            self.formats[form.number] = form

    def write(self, name, value):
        with open(self.at + '/' + name, 'w') as knob:
            knob.write(str(value))

    def start(self):
        self.write('trace', '')
        for event in EVENTS:
            self.write('events/%s/enable' % event, 1)

    def stop(self, sides):
        """(seconds, line) of every event since `start`, in order of time."""
        self.write('tracing_on', 0)
        offset = wall_offset()
        found = []
        for cpu in sorted(each for each in os.listdir(self.at + '/per_cpu') if each.startswith('cpu')):
            found += self.read('%s/per_cpu/%s/trace_pipe_raw' % (self.at, cpu))
        for event in EVENTS:
            self.write('events/%s/enable' % event, 0)
        self.write('trace', '')
        self.write('tracing_on', 1)
        lines = []
        for nanoseconds, data in sorted(found, key=lambda each: each[0]):
            form = self.formats.get(struct.unpack_from('H', data)[0])
            line = form and form.line(nanoseconds / 1e9 + offset, data, sides)
            if line:
                lines.append((nanoseconds / 1e9 + offset, line))
        return lines

    def read(self, path):
        """(monotonic nanoseconds, event) of one processor's ring buffer."""
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            while True:
                page = os.read(fd, os.sysconf('SC_PAGESIZE'))
                if not page:
                    return
                yield from events_of(page, self.data_at)
        except BlockingIOError:
            return
        finally:
            os.close(fd)

    def close(self):
        with contextlib.suppress(OSError):
            self.write('tracing_on', 0)
            for event in EVENTS:
                self.write('events/%s/enable' % event, 0)
        with contextlib.suppress(OSError):
            os.rmdir(self.at)


def remove_orphans():
    """Trace instances of recorders that were killed."""
    for name in os.listdir(TRACEFS + '/instances'):
        owner = re.fullmatch(r'lastack-(\d+)', name)
        if owner and not os.path.exists('/proc/' + owner[1]):
            os.rmdir('%s/instances/%s' % (TRACEFS, name))


def wall_offset():
    """Seconds from the monotonic clock to the captures' one."""
    readings = [(time.monotonic_ns(), time.time_ns(), time.monotonic_ns()) for _ in range(20)]
    before, wall, after = min(readings, key=lambda each: each[2] - each[0])
    return (wall - (before + after) // 2) / 1e9


def events_of(page, data_at):
    """The events of a ring buffer's page (include/linux/ring_buffer.h: type, length and time in a 32-bit word)."""
    now, commit = struct.unpack_from('QQ', page)
    at, end = data_at, data_at + (commit & 0xFFFFF)
    while at < end:
        word = struct.unpack_from('I', page, at)[0]
        kind, delta = word & 31, word >> 5
        at += 4
        if kind == 29:  # padding
            if not delta:
                return
            at += struct.unpack_from('I', page, at)[0]
        elif kind == 30:  # a delta of more than 27 bits
            now += delta + (struct.unpack_from('I', page, at)[0] << 27)
            at += 4
        elif kind == 31:  # an absolute time of 59 bits
            now = now >> 59 << 59 | delta + (struct.unpack_from('I', page, at)[0] << 27)
            at += 4
        else:
            now += delta
            length = kind * 4 if kind else struct.unpack_from('I', page, at)[0]
            yield now, page[at + (0 if kind else 4):at + length]
            at += length


class Format:
    """Where an event's fields lie, as the kernel describes them, and how it becomes a line."""

    def __init__(self, name, text):
        self.name = name
        self.number = int(re.search(r'^ID: (\d+)', text, re.M)[1])
        self.fields = {}
        for declared, offset, size, signed in re.findall(r'field:([^;]+);\s*offset:(\d+);\s*size:(\d+);\s*signed:(\d)', text):
            self.fields[re.search(r'(\w+)(\[\d+\])?$', declared)[1]] = int(offset), int(size), signed == '1'
        self.reasons = {}
        if 'reason' in self.fields:
            names = re.search(r'__print_symbolic\(REC->reason, (.*)\)', text)[1]
            self.reasons = {int(number): word for number, word in re.findall(r'\{ (\d+), "(\w+)" \}', names)}

    def number_at(self, data, name):
        offset, size, signed = self.fields[name]
        return int.from_bytes(data[offset:offset + size], 'little', signed=signed)

    def octets_at(self, data, name):
        offset, size, _ = self.fields[name]
        return data[offset:offset + size]

    def line(self, seconds, data, sides):
        if 'protocol' in self.fields and self.number_at(data, 'protocol') != TCP:
            return None
        own, peer = self.ends(data)
        side = sides.get(own[0])
        if not side:
            return None
        extra = 'sk=%x' % (self.number_at(data, 'skaddr') & 0xFFFFFFFF)
        old = new = '-'
        if self.name == 'inet_sock_set_state':
            old, new = (STATES[self.number_at(data, field)] for field in ('oldstate', 'newstate'))
        elif self.name == 'tcp_retransmit_skb':
            old = STATES[self.number_at(data, 'state')]
            extra += ';err=%d' % (self.number_at(data, 'err') if 'err' in self.fields else 0)
        elif self.name == 'tcp_send_reset':
            old = STATES[self.number_at(data, 'state')] or 'UNKNOWN'
            extra += ';reason=' + self.reasons.get(self.number_at(data, 'reason'), 'UNKNOWN')
        return row(seconds, side, self.name, own, peer, old, new, extra)

    def ends(self, data):
        if self.fields['saddr'][1] == 28:  # struct sockaddr_in or sockaddr_in6
            return sockaddr(self.octets_at(data, 'saddr')), sockaddr(self.octets_at(data, 'daddr'))
        version = '_v6' if self.number_at(data, 'family') == AF_INET6 else ''
        return tuple((str(ipaddress.ip_address(self.octets_at(data, address + version))), self.number_at(data, port))
                     for address, port in (('saddr', 'sport'), ('daddr', 'dport')))


def sockaddr(octets):
    family, port = struct.unpack('H', octets[:2])[0], struct.unpack('!H', octets[2:4])[0]
    if family == AF_INET6:
        return str(ipaddress.ip_address(octets[8:24])), port
    return str(ipaddress.ip_address(octets[4:8])), port
